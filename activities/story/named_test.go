package story_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

func TestPeopleAreNamedWhereOnlyTheirIdsWereKnown(t *testing.T) {
	t.Parallel()
	names := map[string]string{"p-bob": "Bob", "carol": "Carol Jones", "may": "May", "the": "Theo"}
	name := func(person string) string { return names[person] }
	for text, want := range map[string]string{
		"":                                   "",
		"Not asked: p-bob, carol. By 10:00.": "Not asked: Bob (p-bob), Carol Jones (carol). By 10:00.",
		"p-bob, carol":                       "Bob (p-bob), Carol Jones (carol)",
		"approved by p-bob, dave":            "approved by Bob (p-bob), dave",
		"1 of 2 approvals; p-bob may review": "1 of 2 approvals; Bob (p-bob) may review",
		"have one of carol review it":        "have one of Carol Jones (carol) review it",
		"carol@example.org":                  "carol@example.org",
		"the first\nthe second":              "Theo (the) first\nTheo (the) second", // whoever is called so is asking for it
		"role carol is missing on the db":    "role carol is missing on the db",
	} {
		require.Equal(t, want, story.Named(text, name))
	}
	require.NotContains(t, story.Named("by carol", func(string) string { return "Eve\nby bob" }), "\n")
}

func TestAnEntryNamesThePeopleOfItsLines(t *testing.T) {
	t.Parallel()
	event := contract.Event{
		Kind:   contract.EventBreakGlassUsed,
		Actor:  "alice",
		Detail: "Not asked: bob. A second person has to review it.",
	}
	entry := story.Of(
		event,
		contract.Status{Names: map[string]string{"bob": "Bob B."}},
		func(string) string { return "" },
	)
	require.Contains(t, entry.Lines, "Not asked: Bob B. (bob). A second person has to review it.")
}
