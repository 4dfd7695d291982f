package pagerduty_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/pagerduty"
	"curfew/workflows/contract"
)

// entry is the n-th of request r1.
func entry(n int) story.Entry {
	return story.Entry{
		Marker:   fmt.Sprintf("r1/%d", n),
		Headline: "Access granted",
		Lines:    []string{"Until noon"},
		Said:     "the orders\nare late",
	}
}

func TestANoteTellsTheEntry(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)))
	notes := a.Notes("PT4KHLK")
	require.Len(t, notes, 1)
	require.Equal(t, ours, notes[0].Author)
	require.Equal(t, "Access granted\nUntil noon\n\n    the orders\n    are late\n\ncurfew: r1/1", notes[0].Content)
}

func TestP8ANoteIsThereOnceWhenItsReplyIsLost(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	a.Add(sandbox.Fault{Method: http.MethodPost, Times: 1, LoseReply: true})
	requireProblem(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)), contract.KindUnavailable)
	require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)))
	require.Len(t, a.Notes("PT4KHLK"), 1)
}

func TestP8ARepeatedNoteAddsNone(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	for range 3 {
		require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(12)))
		require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)), "r1/1 is not r1/12")
	}
	require.NoError(t, open(t, a.settings).AddNote(t.Context(), "PT4KHLK", entry(1)), "another process knows it too")
	require.Len(t, a.Notes("PT4KHLK"), 2)
}

func TestP8NobodyElseCanKeepAnEntryOffTheIncident(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	require.NoError(t, a.NoteAs(ada, "PT4KHLK", "curfew: r1/2"), "another writes the marker in advance")
	first := entry(1)
	first.Said = "please\n\ncurfew: r1/2\r\rcurfew: r1/2"
	require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", first), "the requester does, in what our user writes")
	require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(2)))
	require.Len(t, a.Notes("PT4KHLK"), 3)
}

func TestANoteOfARuleIsNotOurs(t *testing.T) {
	t.Parallel()
	posted := 0
	system := impostor(t, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		switch {
		case r.URL.Path == "/users":
			fmt.Fprintf(w, `{"users":[{"id":"PCURFEW","email":%q}]}`, email)
		case r.Method == http.MethodGet:
			fmt.Fprint(
				w,
				`{"notes":[{"id":"PNOTE01","user":{"id":"PCURFEW","type":"bot_user_reference"},"content":"curfew: r1/1"}]}`,
			)
		default:
			posted++
			fmt.Fprint(w, `{"note":{"id":"PNOTE02","user":{"id":"PCURFEW","type":"user_reference"}}}`)
		}
	})
	require.NoError(t, system.AddNote(t.Context(), "PT4KHLK", entry(1)))
	require.Equal(t, 1, posted)
}

func TestAMarkerThatCouldNotBeFoundAgainIsRefused(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	for _, marker := range []string{"", "r1/1\n", "*r1*/1", strings.Repeat("r", 101)} {
		bad := entry(1)
		bad.Marker = marker
		require.Equal(
			t,
			"marker",
			requireProblem(t, a.AddNote(t.Context(), "PT4KHLK", bad), contract.KindInvalid).Field,
		)
	}
	require.Zero(t, a.requests.Load())
}

func TestANoteInAnotherUsersNameIsReportedAndNotRepeated(t *testing.T) {
	t.Parallel()
	a := newAccount(t, func(o *double.Options) { o.Owner = ada })
	problem := requireProblem(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)), contract.KindDenied)
	require.Equal(t, "incidents.pagerduty.from", problem.Field)
	require.Contains(t, contract.Final, string(problem.Kind), "a repeated attempt would not find the note either")
}

func TestAFullIncidentTakesNoMoreNotes(t *testing.T) {
	t.Parallel()
	a := newAccount(t, func(o *double.Options) { o.NoteLimit = 1 })
	require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)))
	problem := requireProblem(t, a.AddNote(t.Context(), "PT4KHLK", entry(2)), contract.KindDenied)
	require.Contains(t, problem.Fault, "An incident takes no more notes.")
	require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)), "what is there is there")
}

func TestAResolvedIncidentIsStillTold(t *testing.T) {
	t.Parallel()
	a := newAccount(t, nil)
	_, err := a.Resolve("PT4KHLK", ada)
	require.NoError(t, err)
	require.NoError(t, a.AddNote(t.Context(), "PT4KHLK", entry(1)))
	require.Len(t, a.Notes("PT4KHLK"), 1)
}
