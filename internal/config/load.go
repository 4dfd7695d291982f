package config

import (
	"reflect"

	"go.yaml.in/yaml/v4"

	"curfew/internal/people"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// Source is where a process has its configuration from, and what it needs of it.
type Source struct {
	File  string
	Kinds Kinds
	// Serves says which targets the process serves; nil for all. It needs the credentials of no other. Where those of one
	// that it serves are not there, the target gets a Fault, and the others can be served all the same.
	Serves func(target, taskQueue string) bool
	// Directories is true for a process that asks directories who belongs to a group; it needs their credentials. Who
	// serves all targets asks them too.
	Directories bool
	// Adjust changes what a process knows better than the file; it may be nil.
	Adjust func(*Config)
}

// Load reads and checks the file. The error is always Errors: everything that is wrong, not only the first. Aliases,
// anchors, tags and merge keys are refused.
func (s Source) Load() (*Config, error) {
	read, err := newReading(s).result()
	if err == nil && s.Adjust != nil {
		s.Adjust(read)
	}
	return read, err
}

// Load reads and checks a file for a process that serves all targets.
func Load(file string, kinds Kinds) (*Config, error) { return Source{File: file, Kinds: kinds}.Load() }

// LoadRules does so for those who look at the templates and their rules only: no secret is read.
func LoadRules(file string, kinds Kinds) (*Config, error) {
	r := newReading(Source{File: file, Kinds: kinds, Serves: Nothing})
	// The reference stands for the secret: it is not empty, and not the same for two.
	r.Secrets = func(reference string, _ path) Secret { return SecretOf(reference) }
	return r.result()
}

// Nothing is for processes that call no target.
func Nothing(_, _ string) bool { return false }

// path leads to a value in the file.
type path = strictyaml.Path

// reading is one pass over one file.
type reading struct {
	*strictyaml.Reader
	kinds  Kinds
	serves func(target, taskQueue string) bool // nil for all, none of whose credentials may be missing
	// directories is true when this process asks them who belongs to a group.
	directories bool
	later       []func(*Config) // what can be decoded when all else is
	spelled     map[string]written
}

// written is where an entitlement stands that gives the same as others, and how it is written.
type written struct {
	at   path
	spec string
}

func newReading(source Source) *reading {
	r := &reading{
		Reader:      strictyaml.NewReader(source.File),
		kinds:       source.Kinds,
		serves:      source.Serves,
		directories: source.Directories || source.Serves == nil,
		spelled:     map[string]written{},
	}
	r.Special, r.Said = r.special, r.said
	return r
}

func (r *reading) result() (*Config, error) {
	config := &Config{}
	if root, ok := r.Read(); ok {
		r.Decode(root, reflect.ValueOf(config).Elem(), nil)
		for _, decode := range r.later {
			decode(config)
		}
		r.check(config)
		config.Dismiss()
	}
	if len(r.Mistakes) > 0 {
		return nil, r.Mistakes.Sorted()
	}
	return config, nil
}

// special reads the types that need to know the kinds of systems, or the defaults.
func (r *reading) special(node *yaml.Node, into any, at path) bool {
	switch value := into.(type) {
	case *Target:
		r.target(node, value, at)
	case *people.GroupSystem:
		r.groupSystem(node, value, at)
	case *Tickets:
		r.tickets(node, value, at)
	case *Incidents:
		*value = r.systems(node, r.kinds.Incidents, at)
	case *System:
		r.channel(node, value, at)
	case *Entitlement:
		r.entitlement(node, value, at)
	case *map[string]Template:
		// Templates inherit: they are decoded when the defaults are.
		r.later = append(r.later, func(c *Config) { r.inherit(node, c, at) })
	default:
		return false
	}
	return true
}

// Secret is a secret that the configuration refers to.
type Secret = strictyaml.Secret

// SecretOf is a secret that is at hand already, as in tests and the demo.
func SecretOf(value string) Secret { return strictyaml.SecretOf(value) }

// Reveal returns secrets, for the one place that uses them.
func Reveal(secrets []Secret) []string { return strictyaml.Reveal(secrets) }

// Mistake is one thing that is wrong in a configuration file, and what to do about it.
type Mistake = strictyaml.Mistake

// Errors is everything that is wrong in a configuration file.
type Errors = strictyaml.Errors

// wrong reports a mistake: what is wrong at a place, and what to do about it.
func (r *reading) wrong(at path, fault, fix string) {
	r.Wrong(at, contract.Invalid("%s", fault).Advise(fix))
}
