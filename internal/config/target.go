package config

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strconv"

	"go.yaml.in/yaml/v4"

	"curfew/workflows/contract"
)

// target reads the kind, the task queue, and everything else into the settings of that kind.
func (r *reading) target(node *yaml.Node, into *Target, at path) {
	rest := r.apart(r.apart(node, "kind", &into.Kind, at), "taskQueue", &into.TaskQueue, at)
	if into.TaskQueue != "" && !validID.MatchString(into.TaskQueue) {
		r.wrong(
			at.key("taskQueue"),
			contract.Invalid("is no name").Advise("use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit"),
		)
	}
	kind, known := r.kinds.Targets[into.Kind]
	if into.Kind == "" || !known {
		r.unusable(
			at.key("kind"),
			contract.Invalid("%s", unknownKind(into.Kind)).
				Advise(suggest(into.Kind, slices.Collect(maps.Keys(r.kinds.Targets)))),
		)
		return
	}
	into.Settings = kind.Settings()
	serves := r.serves == nil || r.serves(at[len(at)-1], into.TaskQueue)
	before := len(r.mistakes)
	into.Fault = r.credentials(serves, func() { r.decode(rest, reflect.ValueOf(into.Settings).Elem(), at) })
	if !serves || into.Fault != nil {
		into.Settings = nil
		return
	}
	r.validate(into.Settings, before, at)
}

// validate has settings check themselves, when they could be read: there were so many mistakes before.
func (r *reading) validate(settings any, before int, at path) {
	if checked, ok := settings.(interface{ Validate() error }); ok && len(r.mistakes) == before {
		if err := checked.Validate(); err != nil {
			r.refused(at, err)
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
	before := r.secrets
	r.secrets = func(reference string, at path) Secret {
		if !serves {
			return Secret{}
		}
		secret, err := resolve(reference, r.folder)
		if err != nil && fault == nil {
			fault = fmt.Errorf("%s: %w", at, err)
		}
		return secret
	}
	defer func() { r.secrets = before }()
	decode()
	return fault
}

func unknownKind(name string) string {
	if name == "" {
		return "is missing"
	}
	return "there is no kind of target " + strconv.Quote(shorten(name))
}

// entitlement reads the target and readBack, and keeps everything else as JSON for the target's kind to check.
func (r *reading) entitlement(node *yaml.Node, into *Entitlement, at path) {
	rest := r.apart(r.apart(node, "target", &into.Target, at), "readBack", &into.ReadBack, at)
	if into.ReadBack != "" {
		r.oneOf(at.key("readBack"), into.ReadBack, string(contract.ReadBackNone))
	}
	spec, err := json.Marshal(r.plain(rest, at))
	if err != nil {
		r.unusable(at, contract.Invalid("can't be written as JSON: %v", err).Advise("write ordinary numbers"))
		return
	}
	into.Spec = spec
}

// apart reads one text of a mapping, and returns the mapping without it.
func (r *reading) apart(node *yaml.Node, name string, into *string, at path) *yaml.Node {
	rest := &yaml.Node{Kind: yaml.MappingNode, Line: node.Line, Column: node.Column}
	for _, entry := range r.entries(node, at) {
		if entry.key.Value == name {
			r.decode(entry.value, reflect.ValueOf(into).Elem(), at.key(name))
			continue
		}
		rest.Content = append(rest.Content, entry.key, entry.value)
	}
	return rest
}

// plain turns a part of the file into what json.Marshal writes.
func (r *reading) plain(node *yaml.Node, at path) any {
	switch node.Kind {
	case yaml.MappingNode:
		values := map[string]any{}
		for _, entry := range r.entries(node, at) {
			values[entry.key.Value] = r.plain(entry.value, at.key(entry.key.Value))
		}
		return values
	case yaml.SequenceNode:
		values := make([]any, len(node.Content))
		for i, item := range node.Content {
			values[i] = r.plain(item, at.item(i))
		}
		return values
	default:
		return r.scalar(node, at)
	}
}

func (r *reading) scalar(node *yaml.Node, at path) any {
	switch node.ShortTag() {
	case nullTag:
		r.unusable(at, contract.Invalid("has no value").Advise("write a value, or take the line out"))
		return nil
	case intTag, floatTag, boolTag:
		var value any
		if err := node.Load(&value); err != nil {
			r.unusable(at, contract.Invalid("is no number").Advise("quote it if it is text"))
		}
		return value
	default:
		return node.Value
	}
}
