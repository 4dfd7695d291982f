package strictyaml

import (
	"cmp"
	"iter"
	"maps"
	"regexp"
	"slices"

	"curfew/workflows/contract"
)

// id is what can be a part of a workflow's id and of an address.
var id = regexp.MustCompile(`^[a-z0-9][a-z0-9._-]{0,62}$`)

const idForm = "use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit"

// IsID is true for what can be the id of something in a configuration: of a person, a target, a template.
func IsID(text string) bool { return id.MatchString(text) }

// IDs checks the ids of one section.
func (r *Reader) IDs(ids iter.Seq[string], at Path) {
	for _, id := range slices.Sorted(ids) {
		if !IsID(id) {
			r.Wrong(at.Key(id), contract.Invalid("is no id").Advise(idForm))
		}
	}
}

// Name checks what something is called that is no key of a section.
func (r *Reader) Name(name string, at Path) {
	if !IsID(name) {
		r.Wrong(at, contract.Invalid("is no name").Advise(idForm))
	}
}

// Section is a section whose keys other places of the file refer to.
type Section struct {
	one   string // what one of them is
	key   string
	fix   string // when no name of the section is like the one that was written, and it lists none
	has   func(name string) bool
	names func() []string
}

// SectionOf is the section that has a key in the file; one says what each of its entries is, and fix what to do when it has
// none.
func SectionOf[Entry any](one, key string, entries map[string]Entry, fix string) Section {
	return Section{
		one: one, key: key, fix: fix,
		has:   func(name string) bool { _, found := entries[name]; return found },
		names: func() []string { return slices.Collect(maps.Keys(entries)) },
	}
}

// Refer refuses a name that a section does not have. It says nothing where the section could not be read.
func (r *Reader) Refer(name string, at Path, to Section) bool {
	found := to.has(name)
	if !found && !r.Lost(Path{to.key}) {
		r.Wrong(at, contract.Invalid("there is no %s %q", to.one, Shorten(name)).
			Advise(cmp.Or(Suggest(name, to.names()), to.fix)))
	}
	return found
}

// ReferEach refuses names that a section does not have, and those that are on the list already.
func (r *Reader) ReferEach(names []string, at Path, to Section) {
	for i, name := range names {
		if r.Refer(name, at.Item(i), to) && slices.Index(names, name) < i {
			r.Wrong(at.Item(i), contract.Invalid("%s is there already", Shorten(name)).Advise("take it out"))
		}
	}
}
