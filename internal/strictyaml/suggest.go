package strictyaml

import (
	"fmt"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

const (
	longestName  = 64 // of what is compared; longer text is no slip of the fingers
	longestQuote = 80 // of what a message repeats
	mostNames    = 12 // that a message lists
)

// Suggest is the remedy for a name that is none of those known: the one that was probably meant, or the choice.
func Suggest(name string, known []string) string {
	if meant, found := Nearest(name, known); found {
		return fmt.Sprintf("did you mean %s?", meant)
	}
	if len(known) == 0 {
		return ""
	}
	listed := slices.Sorted(slices.Values(known))
	if len(listed) > mostNames {
		listed = append(listed[:mostNames], "…")
	}
	return "known here: " + strings.Join(listed, ", ")
}

// Nearest finds the known name that is few keystrokes away from a mistyped one, if there is one; longer names may
// differ by more.
func Nearest(name string, known []string) (string, bool) {
	if len(name) > longestName {
		return "", false
	}
	meant, least := "", 2+len(name)/4
	for _, candidate := range slices.Sorted(slices.Values(known)) {
		if len(candidate) > longestName {
			continue
		}
		if steps := keystrokes(folded(name), folded(candidate)); steps < min(least, len(candidate)) {
			meant, least = candidate, steps
		}
	}
	return meant, meant != ""
}

// folded makes agent_pool_ids and agentPoolIds the same.
func folded(name string) string {
	return strings.ToLower(strings.NewReplacer("_", "", "-", "").Replace(name))
}

// keystrokes is how many bytes to insert, delete, replace or swap with the next to turn one word into another.
func keystrokes(from, to string) int {
	steps := make([][]int, len(from)+1)
	for i := range steps {
		steps[i] = make([]int, len(to)+1)
		for j := range steps[i] {
			steps[i][j] = stepsTo(steps, from, to, i, j)
		}
	}
	return steps[len(from)][len(to)]
}

// stepsTo is one cell of the table of distances between the first i bytes and the first j.
func stepsTo(steps [][]int, from, to string, i, j int) int {
	if i == 0 || j == 0 {
		return i + j
	}
	replaced := steps[i-1][j-1]
	if from[i-1] != to[j-1] {
		replaced++
	}
	least := min(replaced, steps[i-1][j]+1, steps[i][j-1]+1)
	if i > 1 && j > 1 && from[i-1] == to[j-2] && from[i-2] == to[j-1] {
		least = min(least, steps[i-2][j-2]+1)
	}
	return least
}

// Shorten bounds what a message repeats of the file.
func Shorten(text string) string { return contract.Shorten(text, longestQuote) }
