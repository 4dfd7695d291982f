package config

import (
	"fmt"
	"maps"
	"reflect"
	"slices"

	"go.yaml.in/yaml/v4"

	"curfew/internal/people"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// target reads the kind, the task queue, and everything else into the settings of that kind.
func (r *reading) target(node *yaml.Node, into *Target, at path) {
	rest := r.Apart(r.Apart(node, "kind", &into.Kind, at), "taskQueue", &into.TaskQueue, at)
	if into.TaskQueue != "" {
		r.Name(into.TaskQueue, at.Key("taskQueue"))
	}
	kind, known := r.kinds.Targets[into.Kind]
	if into.Kind == "" || !known {
		r.Unusable(
			at.Key("kind"),
			contract.Invalid("%s", unknownKind("target", into.Kind)).
				Advise(strictyaml.Suggest(into.Kind, slices.Collect(maps.Keys(r.kinds.Targets)))),
		)
		return
	}
	into.Settings = kind.Settings()
	serves := r.serves == nil || r.serves(at[len(at)-1], into.TaskQueue)
	before := len(r.Mistakes)
	into.Fault = r.credentials(serves, func() { r.Decode(rest, reflect.ValueOf(into.Settings).Elem(), at) })
	if !serves || into.Fault != nil {
		into.Settings = nil
		return
	}
	r.validate(into.Settings, before, at)
}

// validate completes settings, and has them check themselves when they could be read: there were so many mistakes before.
func (r *reading) validate(settings any, before int, at path) {
	r.Complete(reflect.ValueOf(settings).Elem(), at)
	if checked, ok := settings.(interface{ Validate() error }); ok && len(r.Mistakes) == before {
		if err := checked.Validate(); err != nil {
			r.Refused(at, err)
		}
	}
}

// credentials decodes the settings of a target. In a process that serves just some targets, the secrets of others are
// left alone, and those of its own may be missing: that is returned.
func (r *reading) credentials(serves bool, decode func()) (fault error) {
	if r.serves == nil {
		decode()
		return nil
	}
	before := r.Secrets
	r.Secrets = func(reference string, at path) Secret {
		if !serves {
			return Secret{}
		}
		secret, err := strictyaml.Resolve(reference, r.Folder)
		if err != nil && fault == nil {
			fault = fmt.Errorf("%s: %w", at, err)
		}
		return secret
	}
	defer func() { r.Secrets = before }()
	decode()
	return fault
}

func unknownKind(of, name string) string {
	if name == "" {
		return "is missing"
	}
	return fmt.Sprintf("there is no kind of %s %q", of, strictyaml.Shorten(name))
}

// entitlement reads the target and readBack, and keeps everything else as JSON for the target's kind to check.
func (r *reading) entitlement(node *yaml.Node, into *Entitlement, at path) {
	rest := r.Apart(r.Apart(node, "target", &into.Target, at), "readBack", &into.ReadBack, at)
	into.Spec = r.JSON(rest, at)
}

// groupSystem reads the kind and everything else into the settings of that kind, where this process asks directories.
func (r *reading) groupSystem(node *yaml.Node, into *people.GroupSystem, at path) {
	rest := r.Apart(r.Apart(node, "kind", &into.Kind, at), "accounts", &into.Accounts, at)
	kind, known := r.kinds.Targets[into.Kind]
	if !known || !kind.KnowsHolders {
		var able []string
		for name, kind := range r.kinds.Targets {
			if kind.KnowsHolders {
				able = append(able, name)
			}
		}
		r.Unusable(
			at.Key("kind"),
			contract.Invalid("%s", unknownKind("directory", into.Kind)).Advise(strictyaml.Suggest(into.Kind, able)),
		)
		return
	}
	into.Settings = kind.Settings()
	before := len(r.Mistakes)
	if !r.directories {
		_ = r.credentials(false, func() { r.Decode(rest, reflect.ValueOf(into.Settings).Elem(), at) }) // none is read
		into.Settings = nil
		return
	}
	r.Decode(rest, reflect.ValueOf(into.Settings).Elem(), at)
	r.validate(into.Settings, before, at)
}
