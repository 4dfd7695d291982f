package starter

import (
	"slices"
	"strings"
)

// nearest returns up to three of the names that look most like a mistyped one, best first.
func nearest(typed string, names []string) []string {
	const most = 3
	typed = strings.ToLower(shortened(typed))
	distances := make(map[string]int, len(names))
	for _, name := range names {
		distances[name] = distance(typed, strings.ToLower(name))
	}
	near := slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return distances[name] > max(2, len(name)/3) && !(len(typed) > 2 && strings.Contains(strings.ToLower(name), typed))
	})
	slices.SortStableFunc(near, func(a, b string) int { return distances[a] - distances[b] })
	return near[:min(most, len(near))]
}

// distance is how many letters must be added, dropped or changed to make one word of the other (Levenshtein).
func distance(from, to string) int {
	row := make([]int, len(to)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(from) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(to) {
			change := diagonal
			if from[i] != to[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(to)]
}

// shortened keeps an answer short when somebody sends a book as a name.
func shortened(name string) string {
	const most = 64
	if len(name) <= most {
		return name
	}
	return strings.ToValidUTF8(name[:most], "") + "…"
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
