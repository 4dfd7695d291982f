package promises

import (
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/workflows/contract"
)

// onEachLedger runs a test with the ledger in a file, and with the ledger in a database.
func onEachLedger(t *testing.T, test func(t *testing.T, where func(*house))) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, func(*house) {})
	})
	t.Run("postgres", func(t *testing.T) {
		t.Parallel()
		test(t, func(h *house) {
			server := postgres.Start(t)
			h.ledgerDatabase = server.URL(postgres.Superuser, server.NewDatabase(t))
			h.ledgerWay = h.ledgerDatabase
		})
	})
}

// listedFor is what somebody's list says of a request.
func (h *house) listedFor(person, id string) contract.Status {
	h.t.Helper()
	list, err := h.starter.Current().List(h.t.Context(), person, ledger.Filter{})
	require.NoError(h.t, err)
	at := slices.IndexFunc(list.Requests, func(status contract.Status) bool { return status.ID == id })
	require.GreaterOrEqual(h.t, at, 0, "the list lacks %s", id)
	return list.Requests[at]
}

// everywhere wants a status the same in a list, when it is shown, and beside its story, and returns it with the story.
func (h *house) everywhere(id string, want func(contract.Status) bool) (contract.Status, []contract.Event) {
	h.t.Helper()
	shown, err := h.starter.Current().Get(h.t.Context(), alice, id)
	require.NoError(h.t, err)
	require.True(h.t, want(shown), "shown as %+v", shown)
	listed := h.listedFor(alice, id)
	require.True(h.t, want(listed), "listed as %+v", listed)
	told, events, err := h.starter.Current().Events(h.t.Context(), alice, id)
	require.NoError(h.t, err)
	require.True(h.t, want(told), "told as %+v", told)
	return shown, events
}

func (h *house) sweepRequests() contract.SweptRequests {
	h.t.Helper()
	report, err := h.starter.Current().Sweep(h.t.Context(), erin, false)
	require.NoError(h.t, err)
	require.Empty(h.t, report.Requests.Problem)
	return report.Requests
}

func isUntracked(status contract.Status) bool {
	return status.Untracked && status.State == contract.StateActive
}

func hasOutcome(outcome contract.Outcome) func(contract.Status) bool {
	return func(status contract.Status) bool { return !status.Untracked && status.Outcome == outcome }
}

func TestP8ARequestWithoutItsWorkflowIsShownAsUntrackedAndClosedOnceItsAccessIsGone(t *testing.T) {
	t.Parallel()
	onEachLedger(t, func(t *testing.T, where func(*house)) {
		h := newHouse(t, where)
		h.work()
		status := h.active(alice, "orders", 10*time.Second)
		h.recorded(status.ID, contract.StateActive)
		h.terminate(contract.RequestWorkflowID(status.ID))
		shown, _ := h.everywhere(status.ID, isUntracked)
		require.Equal(t, status.Until.UTC(), shown.Until.UTC(), "it says when the access ends")
		for _, err := range []error{
			second(h.starter.Current().Extend(t.Context(), alice, status.ID, contract.Duration{Duration: time.Minute}, "not done yet")),
			second(h.starter.Current().Review(t.Context(), bob, status.ID, starter.ReviewInput{Verdict: contract.VerdictApprove})),
		} {
			require.ErrorContains(t, err, "untracked")
		}
		require.Equal(
			t,
			contract.SweptRequests{Untracked: []string{status.ID}},
			h.sweepRequests(),
			"its access is live",
		)
		require.True(t, h.database.can(h.database.alice))

		var swept contract.SweptRequests
		require.Eventually(t, func() bool {
			swept = h.sweepRequests()
			return len(swept.Closed) > 0
		}, 2*patience, time.Second)
		require.Equal(t, contract.SweptRequests{Closed: []string{status.ID}}, swept, "by name")
		require.False(t, h.database.can(h.database.alice))
		ended, events := h.everywhere(status.ID, hasOutcome(contract.OutcomeExpired))
		require.NotNil(t, ended.Holds[0].GoneAt)
		last := events[len(events)-1]
		require.Equal(t, contract.ActorSweep, last.Actor)
		require.Equal(t, ended.Seq, last.Seq)
		_, err := h.ledger.TombstoneOf(t.Context(), status.ID)
		require.ErrorIs(t, err, ledger.ErrNotFound)
		require.Empty(t, h.sweepRequests())
	})
}

func TestP8AResetRequestDoesNotRewriteItsEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "orders", 3*time.Second).ID
	require.Equal(t, contract.OutcomeExpired, h.ended(id).Outcome)
	_, before := h.everywhere(id, hasOutcome(contract.OutcomeExpired))
	h.reset(id, h.firstTask(id))
	h.settled(id)
	_, after := h.everywhere(id, hasOutcome(contract.OutcomeExpired))
	require.Equal(t, before, after)
	require.False(t, h.database.can(h.database.alice))
}

func TestP8AResetOfALiveRequestComesToAnEndInTheRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.tellEnds()
	status := h.active(alice, "orders", 12*time.Second)
	h.recorded(status.ID, contract.StateActive)
	h.reset(status.ID, h.firstTask(status.ID))
	h.isGone(status)
	require.Eventually(t, func() bool {
		h.sweepRequests()
		return h.listedFor(alice, status.ID).State == contract.StateEnded
	}, 2*patience, time.Second, "it stays %v", h.listedFor(alice, status.ID).State)
	_, events := h.everywhere(status.ID, func(status contract.Status) bool {
		return slices.Contains([]contract.Outcome{contract.OutcomeExpired, contract.OutcomeRevoked}, status.Outcome)
	})
	require.Equal(t, contract.EventGranted, events[2].Kind, "what was on record stays")
}

// isGone waits until the access of a request is gone, at its deadline or before.
func (h *house) isGone(status contract.Status) {
	h.t.Helper()
	require.Eventually(
		h.t,
		func() bool { return !h.database.can(h.database.alice) },
		time.Until(*status.Until)+patience,
		50*time.Millisecond,
	)
}

// Temporal was restored from a copy that was made while the request waited for its review. The ledger is newer.
func TestP8AnOlderTemporalDoesNotRewriteWhatTheLedgerHas(t *testing.T) {
	t.Parallel()
	onEachLedger(t, func(t *testing.T, where func(*house)) {
		store := &temporalFile{t: t, path: filepath.Join(t.TempDir(), "temporal.db")}
		h := newHouse(t, where, func(h *house) {
			h.server = append(h.server, temporal.InFile(store.path))
			h.templates += soonForgotten(h)
		})
		stop := h.work()
		live, over := h.ask(alice, "soon", time.Hour).ID, h.ask(carol, "soon", 2*time.Second).ID
		h.await(live, contract.StatePending)
		h.await(over, contract.StatePending)
		store.copyWhile(h, func() { store.save() })
		h.approve(bob, live)
		h.approve(bob, over)
		require.Equal(t, contract.OutcomeExpired, h.ended(over).Outcome)
		h.recorded(live, contract.StateActive)
		_, story, err := h.ledger.Request(t.Context(), over)
		require.NoError(t, err)

		stop() // it remembers its workflows
		store.copyWhile(h, func() { store.restore() })
		h.work()
		h.await(live, contract.StatePending)
		h.everywhere(live, func(status contract.Status) bool { return status.State == contract.StateActive })
		h.await(live, contract.StateEnded)
		require.NotEqual(t, contract.OutcomeExpired, h.ended(over).Outcome, "Temporal says that nobody has approved it")
		ended, events, err := h.ledger.Request(t.Context(), over)
		require.NoError(t, err)
		require.Equal(t, contract.OutcomeExpired, ended.Outcome)
		require.Equal(t, story, events)
		shown, err := h.starter.Current().Get(t.Context(), carol, over)
		require.NoError(t, err)
		require.Equal(t, contract.OutcomeExpired, shown.Outcome)
		h.everywhere(live, isUntracked)
		_, err = h.ledger.TombstoneOf(t.Context(), live)
		require.ErrorIs(t, err, ledger.ErrNotFound, "nobody has ended it")
		require.True(t, h.database.can(h.database.alice), "it was approved until then")

		_, err = h.starter.Current().Revoke(t.Context(), alice, live, "done")
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !h.database.can(h.database.alice) }, patience, 50*time.Millisecond)
	})
}

// soonForgotten is a template whose requests lapse soon.
func soonForgotten(h *house) string {
	return `
  soon:
    entitlements: [{target: orders-db, role: "` + h.database.role + `"}]
    duration: {default: 1h, max: 8h}
    pending: 20s
    approval: {count: 1, from: [bob]}
`
}

// temporalFile is Temporal's database, of which there is an older copy.
type temporalFile struct {
	t     *testing.T
	path  string
	older map[string][]byte
}

// copyWhile does something while Temporal is down.
func (f *temporalFile) copyWhile(h *house, do func()) {
	f.t.Helper()
	h.temporal.Kill()
	do()
	h.temporal.Restart(f.t)
}

func (f *temporalFile) save() {
	f.t.Helper()
	f.older = filesOf(f.t, f.path)
}

func (f *temporalFile) restore() {
	f.t.Helper()
	putFiles(f.t, f.path, f.older)
}

// parts are the files of an SQLite database.
var parts = []string{"", "-wal", "-shm"}

func filesOf(t *testing.T, path string) map[string][]byte {
	t.Helper()
	files := map[string][]byte{}
	for _, part := range parts {
		content, err := os.ReadFile(path + part)
		if os.IsNotExist(err) {
			continue
		}
		require.NoError(t, err)
		files[part] = content
	}
	return files
}

func putFiles(t *testing.T, path string, files map[string][]byte) {
	t.Helper()
	for _, part := range parts {
		if content, there := files[part]; there {
			require.NoError(t, os.WriteFile(path+part, content, 0o600))
		} else if err := os.Remove(path + part); !os.IsNotExist(err) {
			require.NoError(t, err)
		}
	}
}

// recorded waits until the ledger has a request in a state.
func (h *house) recorded(id string, state contract.State) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		status, _, err := h.ledger.Request(h.t.Context(), id)
		return err == nil && status.State == state
	}, patience, 20*time.Millisecond, "the ledger never has it as %s", state)
}

// second is the error of a call.
func second[T any](_ T, err error) error { return err }
