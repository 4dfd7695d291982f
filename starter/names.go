package starter

import (
	"slices"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// shortened keeps an answer short when somebody sends a book as a name.
func shortened(name string) string { return contract.Shorten(name, 64) }

// Names are what people are called, by their ids; whoever has no name is left out.
func (s *Snapshot) Names(people ...string) map[string]string {
	return s.config.Names(people...)
}

// person is somebody in words: the name, with the id beside it.
func (s *Snapshot) person(id string) string { return story.Person(s.Names(id), id) }

// namedGrant is a grant's status as people read it.
func (s *Snapshot) namedGrant(status contract.GrantStatus) contract.GrantStatus {
	status.Names = s.Names(status.Access.Person)
	return status
}

// distinct keeps the first of each name.
func distinct(names []string) []string {
	var kept []string
	for _, name := range names {
		if !slices.Contains(kept, name) {
			kept = append(kept, name)
		}
	}
	return kept
}

// others are the people of a list who are none of the named ones, each once. It is never nil.
func others(people []string, but ...string) []string {
	kept := []string{}
	for _, person := range distinct(people) {
		if !slices.Contains(but, person) {
			kept = append(kept, person)
		}
	}
	return kept
}
