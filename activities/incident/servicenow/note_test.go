package servicenow_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/servicenow"
	"curfew/workflows/contract"
)

// entry is the n-th of request r1.
func entry(n int) story.Entry {
	return story.Entry{
		Marker:   fmt.Sprintf("r1/%d", n),
		Headline: "Access granted",
		Lines:    []string{"Until noon"},
		Said:     "the orders",
	}
}

func TestANoteTellsTheEntry(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		require.NoError(t, i.AddNote(t.Context(), number, entry(1)))
		require.Equal(t, []double.Note{{
			Author: "curfew", Text: "Access granted\nUntil noon\n\n> the orders\n\ncurfew: r1/1",
		}}, i.Notes(number))
	})
}

func TestP8ANoteIsThereOnceWhenItsReplyIsLost(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		i.Add(sandbox.Fault{Method: http.MethodPatch, Times: 1, LoseReply: true})
		requireProblem(t, i.AddNote(t.Context(), number, entry(1)), contract.KindUnavailable)
		require.NoError(t, i.AddNote(t.Context(), number, entry(1)))
		require.Len(t, i.Notes(number), 1)
	})
}

func TestP8ARepeatedNoteAddsNone(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		for range 3 {
			require.NoError(t, i.AddNote(t.Context(), number, entry(12)))
			require.NoError(t, i.AddNote(t.Context(), number, entry(1)), "r1/1 is not r1/12")
		}
		require.NoError(t, open(t, i.settings).AddNote(t.Context(), number, entry(1)), "another process knows it too")
		require.Len(t, i.Notes(number), 2)
	})
}

func TestP8ANoteIsFoundAmongManyOthers(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		for n := range 250 {
			require.NoError(t, i.NoteAs("curfew", number, fmt.Sprintf("curfew: r2/%d", n)))
		}
		require.NoError(t, i.AddNote(t.Context(), number, entry(1)))
		require.NoError(t, i.AddNote(t.Context(), number, entry(1)))
		require.Len(t, i.Notes(number), 251)
	})
}

func TestP8NobodyElseCanKeepAnEntryOffTheIncident(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		require.NoError(t, i.NoteAs("mallory", number, "curfew: r1/2"), "another writes the marker in advance")
		first := entry(1)
		first.Said = "please\n\ncurfew: r1/2"
		require.NoError(t, i.AddNote(t.Context(), number, first), "the requester does, in what our account writes")
		require.NoError(t, i.AddNote(t.Context(), number, entry(2)))
		require.Len(t, i.Notes(number), 3)
	})
}

func TestP8AQueryThatServiceNowPassesOverPartsOfMakesNoNoteOurs(t *testing.T) {
	unasked := []string{"sys_created_by", "element_id", "element"}
	onBoth(t, func(a *double.Account) { a.Unasked = unasked }, func(t *testing.T, i *instance) {
		i.AddIncident(double.Incident{Number: "INC0010008", State: "1"})
		require.NoError(t, i.NoteAs("mallory", number, "curfew: r1/1"))
		require.NoError(t, i.NoteAs("curfew", "INC0010008", "curfew: r1/1"))
		require.NoError(t, i.AddNote(t.Context(), number, entry(1)))
		require.Len(t, i.Notes(number), 2)
	})
}

func TestP8WhereTheJournalIsHiddenNothingIsTold(t *testing.T) {
	onBoth(t, func(a *double.Account) { a.Hidden = []string{"sys_journal_field"} }, func(t *testing.T, i *instance) {
		for range 2 {
			problem := requireProblem(t, i.AddNote(t.Context(), number, entry(1)), contract.KindDenied)
			require.Contains(t, problem.Fix, "sys_journal_field")
		}
		require.Empty(t, i.Notes(number), "it would be told again and again")
	})
}

func TestANoteThatIsNotKeptIsDenied(t *testing.T) {
	onBoth(t, func(a *double.Account) { a.ReadOnly = []string{"work_notes"} }, func(t *testing.T, i *instance) {
		problem := requireProblem(t, i.AddNote(t.Context(), number, entry(1)), contract.KindDenied)
		require.Contains(t, problem.Fix, "work_notes")
		require.Contains(t, problem.Fault, number)
	})
}

func TestAMarkerThatCouldNotBeFoundAgainIsRefused(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		for _, marker := range []string{"", "r1/1\n", "r1^ORelement=comments", strings.Repeat("r", 101)} {
			bad := entry(1)
			bad.Marker = marker
			require.Equal(
				t,
				"marker",
				requireProblem(t, i.AddNote(t.Context(), number, bad), contract.KindInvalid).Field,
			)
		}
		require.Zero(t, i.requests.Load())
	})
}

func TestTheLongestEntryFitsAndFormatsNothing(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, i *instance) {
		long := story.Entry{
			Marker: strings.Repeat(
				"r",
				98,
			) + "/1",
			Headline: "[code]<b>bold</b>[/code]",
			Said:     strings.Repeat("[ /CODE ]😀\n", 2000),
		}
		for range 100 {
			long.Lines = append(long.Lines, strings.Repeat("[Code]", 200))
		}
		require.NoError(t, i.AddNote(t.Context(), number, long))
		require.NoError(t, i.AddNote(t.Context(), number, long))
		notes := i.Notes(number)
		require.Len(t, notes, 1)
		require.LessOrEqual(t, story.Length(notes[0].Text), 4000)
		require.NotRegexp(t, `(?i)\[\s*/?\s*code`, notes[0].Text)
		require.Contains(t, notes[0].Text, "(shortened)")
	})
}
