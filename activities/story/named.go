package story

import (
	"regexp"
	"slices"
	"strings"
)

// token is what may be a person's id in Curfew's own words.
var token = regexp.MustCompile(`[^\s,;:()]+`)

// leads are what stands before people in Curfew's own words: in lists, and as those who did something. Elsewhere a word
// that is somebody's id as well is not taken for that person.
var leads = []string{"by ", ", ", "; ", ": ", "of ", "only ", "person ", "UTC "}

// Named puts people's names beside their ids in what Curfew said where it knew only ids. The name of nobody is empty,
// or the id.
func Named(text string, name func(person string) string) string {
	var named strings.Builder
	rest := 0
	for _, at := range token.FindAllStringIndex(text, -1) {
		before := text[:at[0]]
		if before != "" && !strings.HasSuffix(before, "\n") &&
			!slices.ContainsFunc(leads, func(lead string) bool { return strings.HasSuffix(before, lead) }) {
			continue
		}
		id := strings.TrimRight(text[at[0]:at[1]], ".")
		called := OneLine(name(id), longestName)
		if called == "" || called == id {
			continue
		}
		named.WriteString(text[rest:at[0]] + Person(map[string]string{id: called}, id))
		rest = at[0] + len(id)
	}
	return named.String() + text[rest:]
}
