package starter

import (
	"slices"

	"curfew/workflows/contract"
)

// shortened keeps an answer short when somebody sends a book as a name.
func shortened(name string) string { return contract.Shorten(name, 64) }

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
