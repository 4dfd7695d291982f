package story_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/activities/story/storytest"
	"curfew/workflows/contract"
)

// tables are all sentences there are, with what says them.
var tables = map[string]struct {
	sentences []story.Sentence
	say       func(story.Case) string
}{
	"events":    {story.Events, story.Headline},
	"standings": {story.Standings, story.Standing},
	"unsaid":    {story.Unsaid, story.Standing},
	"states":    {story.States, story.State},
	"holds":     {story.Holds, func(c story.Case) string { return story.Hold(c, c.Status.Holds[0]) }},
	"steps":     {story.Steps, story.NextStep},
}

func TestEachSentenceIsSaidOfWhatHasItsFactsAndOfNothingElse(t *testing.T) {
	t.Parallel()
	for name, table := range tables {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			said := map[string]string{}
			for _, sentence := range table.sentences {
				require.NotEmpty(
					t,
					sentence.Needs,
					"%q is said of everything: list the facts that it needs",
					sentence.Text,
				)
				c := storytest.CaseOf(t, sentence)
				require.Equal(t, sentence.Say(c), table.say(c), "another sentence comes first")
				require.NotContains(t, table.say(c), "{", "a value is unknown")
				for _, fact := range sentence.Needs {
					if sentence.Text == "" {
						continue
					}
					require.NotEqual(
						t,
						sentence.Say(c),
						table.say(storytest.Without(t, c, fact)),
						"%q is said without: %s",
						sentence.Text,
						fact.Name,
					)
				}
				for _, value := range sentence.Values() {
					require.NotEqual(
						t,
						sentence.Say(c),
						table.say(storytest.WithOther(t, c, value)),
						"%q with another %s",
						sentence.Text,
						value,
					)
				}
				said[sentence.Text] = name
			}
		})
	}
}

func TestNoSentenceSaysAFactThatItDoesNotList(t *testing.T) {
	t.Parallel()
	for name, table := range tables {
		for _, sentence := range table.sentences {
			require.Empty(t, storytest.Unlisted(sentence), "%s: %q", name, sentence.Text)
		}
	}
}

func TestEachKindOfEventAndEachOutcomeHasASentence(t *testing.T) {
	t.Parallel()
	for _, kind := range contract.EventKinds() {
		headline := story.Headline(story.Case{Event: contract.Event{Kind: kind, Actor: "bob"}})
		require.NotEqual(t, string(kind), headline)
		require.NotEmpty(t, headline)
	}
	for _, outcome := range contract.Outcomes() {
		c := story.Case{Status: contract.Status{State: contract.StateEnded, Outcome: outcome}}
		require.NotEmpty(t, story.Standing(c), outcome)
		require.NotEqual(t, "ended", story.State(c), outcome)
	}
}

func TestBreakGlassAccessIsNeverSaidToBeApproved(t *testing.T) {
	t.Parallel()
	for _, kind := range contract.EventKinds() {
		headline := story.Headline(story.Case{
			Event:  contract.Event{Kind: kind, Actor: "ann"},
			Status: contract.Status{Requester: "ann", BreakGlass: true, Names: map[string]string{"ann": "Ann Lee"}},
		})
		if kind != contract.EventScheduled { // it opens at once
			require.NotContains(t, headline, "pproved by", kind)
		}
	}
}
