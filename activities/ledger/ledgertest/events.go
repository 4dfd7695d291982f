package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var events = []behaviour{
	{"come back as they were, in UTC", comeBack},
	{"keep whatever people type", keepText},
	{"can be appended again", appendAgain},
	{"are never replaced by others of the same id", refuseOthers},
	{"come back in order, however they came in", comeBackInOrder},
	{"leave the newest status", keepNewestStatus},
	{"are not found before they are there", notFound},
	{"are refused when they make no sense", refuseNonsense},
	{"are seen through every store", seenThroughEveryStore},
	{"arrive from many at once", appendAtOnce},
}

func comeBack(t *testing.T, store Store) {
	told := event(requestID(1), 1)
	shown := told
	shown.Headline = "Access granted" // the server's, which no store keeps
	requireWhole(t, shown)
	requireWhole(t, wholeStatus(time.Time.UTC))
	told.At = elsewhere(told.At)
	require.NoError(t, store.Append(t.Context(), []contract.Event{told}, wholeStatus(elsewhere)))

	kept, story, err := store.Request(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Equal(t, wholeStatus(time.Time.UTC), kept)
	require.Equal(t, []contract.Event{event(requestID(1), 1)}, story)
}

func keepText(t *testing.T, store Store) {
	texts := []string{
		`'; DROP TABLE events; --`, `"quoted" \ back`, "<b>&amp;</b>", "two\nlines\r\n", "\x00 and \x1b[31m",
		"日本語 🔐 \u202eright to left", " spaces around ", "%s %d ?1 $1 :name",
	}
	var told []contract.Event
	for i, text := range texts {
		one := event(requestID(1), i+1)
		one.Said, one.Detail, one.Actor = text, text, text
		told = append(told, one)
	}
	newest := status(requestID(1), len(told))
	newest.Reason = texts[0]
	require.NoError(t, store.Append(t.Context(), told, newest))

	kept, story, err := store.Request(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Equal(t, newest, kept)
	require.Equal(t, told, story)
}

func appendAgain(t *testing.T, store Store) {
	first, second := event(requestID(1), 1), event(requestID(1), 2)
	require.NoError(t, store.Append(t.Context(), []contract.Event{first}, status(requestID(1), 1)))
	for range 2 {
		require.NoError(t, store.Append(t.Context(), []contract.Event{first, second, second}, status(requestID(1), 2)))
	}
	first.At = elsewhere(first.At)
	require.NoError(
		t,
		store.Append(t.Context(), []contract.Event{first}, status(requestID(1), 2)),
		"the instant is the same",
	)

	_, story, err := store.Request(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Equal(t, []contract.Event{event(requestID(1), 1), second}, story)
}

func refuseOthers(t *testing.T, store Store) {
	first := event(requestID(1), 1)
	before := status(requestID(1), 1)
	require.NoError(t, store.Append(t.Context(), []contract.Event{first}, before))

	for name, change := range map[string]func(*contract.Event){
		"kind":   func(e *contract.Event) { e.Kind = contract.EventApproved },
		"time":   func(e *contract.Event) { e.At = e.At.Add(time.Nanosecond) },
		"actor":  func(e *contract.Event) { e.Actor = "p-mallory" },
		"said":   func(e *contract.Event) { e.Said = "" },
		"detail": func(e *contract.Event) { e.Detail += "!" },
	} {
		other := first
		change(&other)
		err := store.Append(t.Context(), []contract.Event{event(requestID(1), 2), other}, status(requestID(1), 2))
		requireKind(t, contract.KindConflict, err)

		kept, story, err := store.Request(t.Context(), requestID(1))
		require.NoError(t, err)
		require.Equal(t, []contract.Event{first}, story, "with another %s", name)
		require.Equal(t, before, kept, "with another %s", name)
	}
}

func comeBackInOrder(t *testing.T, store Store) {
	var want []contract.Event
	for seq := 1; seq <= 12; seq++ {
		want = append(want, event(requestID(1), seq))
	}
	for _, seq := range []int{11, 2, 12, 1, 9, 10, 5, 3, 4, 8, 6, 7} {
		require.NoError(t, store.Append(t.Context(), want[seq-1:seq], status(requestID(1), seq)))
	}
	require.NoError(t, store.Append(t.Context(), []contract.Event{event(requestID(2), 1)}, status(requestID(2), 1)))

	_, story, err := store.Request(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Equal(t, want, story)
}

func keepNewestStatus(t *testing.T, store Store) {
	third, overtaken, again := status(requestID(1), 3), status(requestID(1), 2), status(requestID(1), 3)
	third.State, overtaken.State, again.State = contract.StateActive, contract.StateGranting, contract.StateRevoking
	overtaken.Reviewers = []string{"p-zoe"}

	for _, step := range []struct{ told, want contract.Status }{
		{third, third}, {overtaken, third}, {again, again},
	} {
		require.NoError(t, store.Append(t.Context(), nil, step.told))
		kept, story, err := store.Request(t.Context(), requestID(1))
		require.NoError(t, err)
		require.Equal(t, step.want, kept)
		require.Empty(t, story)

		listed, err := store.Requests(t.Context(), ledger.Filter{Reviewer: "p-zoe"})
		require.NoError(t, err)
		require.Empty(t, listed, "the list goes by the newest status too")
	}
}

func notFound(t *testing.T, store Store) {
	_, _, err := store.Request(t.Context(), requestID(1))
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func refuseNonsense(t *testing.T, store Store) {
	for name, nonsense := range map[string]struct {
		events []contract.Event
		status contract.Status
	}{
		"no request":           {nil, status("", 1)},
		"two requests":         {[]contract.Event{event(requestID(1), 1), event(requestID(2), 1)}, status(requestID(1), 1)},
		"a number too low":     {[]contract.Event{event(requestID(1), 0)}, status(requestID(1), 1)},
		"a number far too low": {[]contract.Event{event(requestID(1), -1)}, status(requestID(1), 1)},
	} {
		t.Log(name)
		requireKind(t, contract.KindInvalid, store.Append(t.Context(), nonsense.events, nonsense.status))
	}
	listed, err := store.Requests(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	require.Empty(t, listed)
}

func seenThroughEveryStore(t *testing.T, store Store) {
	other := store.Again(t)
	require.NoError(t, store.Append(t.Context(), []contract.Event{event(requestID(1), 1)}, status(requestID(1), 1)))
	require.NoError(t, other.Append(t.Context(), []contract.Event{event(requestID(1), 2)}, status(requestID(1), 2)))
	for _, view := range []Store{store, other} {
		kept, story, err := view.Request(t.Context(), requestID(1))
		require.NoError(t, err)
		require.Equal(t, status(requestID(1), 2), kept)
		require.Equal(t, []contract.Event{event(requestID(1), 1), event(requestID(1), 2)}, story)
	}
}

func appendAtOnce(t *testing.T, store Store) {
	const writers, each = 16, 10
	views := []Store{store, store.Again(t)}
	var all errgroup.Group
	for writer := range writers {
		all.Go(func() error {
			for seq := 1; seq <= each; seq++ {
				id := requestID(writer)
				if err := views[writer%2].Append(
					t.Context(),
					[]contract.Event{event(id, seq)},
					status(id, seq),
				); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	for writer := range writers {
		kept, story, err := store.Request(t.Context(), requestID(writer))
		require.NoError(t, err)
		require.Equal(t, each, kept.Seq)
		require.Len(t, story, each)
	}
}
