package promises

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/proxy"
	"curfew/starter"
	"curfew/workflows/contract"
)

// How late an end may be, at the target.
const (
	forgottenLate = 8 * time.Second  // connections are forgotten by the network
	cutOffLate    = 10 * time.Second // one of two workers is cut off from the target
	backLate      = 5 * time.Second  // after the target is back
)

// reachBy has workers that start from now on reach the database by way of a proxy.
func (h *house) reachBy(line *proxy.Proxy) {
	h.t.Helper()
	dsn := h.database.server.Via(line.Address(), h.database.broker, h.database.name)
	require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, "dsn"), []byte(dsn), 0o600))
}

// workBy starts a worker that reaches the database by a proxy of its own, and returns when it does.
func (h *house) workBy() *proxy.Proxy {
	h.t.Helper()
	line := proxy.Start(h.t, h.database.server.Address())
	h.reachBy(line)
	worker := h.workInAProcess()
	require.Eventually(h.t, func() bool { return line.Opened() > 0 }, patience, 20*time.Millisecond, "%s", &worker.log)
	return line
}

// crowdActive has everybody of a crowd given access, and returns when each one's ends by their account.
func (h *house) crowdActive(size int, duration time.Duration) map[string]time.Time {
	h.t.Helper()
	ids := make([]string, size)
	inParallel(size, func(n int) {
		status, err := h.starter.Current().Start(h.t.Context(), starter.Ask{
			Template:  "untold",
			Requester: member(n),
			Duration:  contract.Duration{Duration: pace.Lasts(duration)},
			Purpose:   contract.Purpose{Reason: "orders are late"},
			Source:    "test",
		})
		ids[n] = status.ID
		for began := time.Now(); err == nil && time.Since(began) < patience; {
			// A busy worker may not have answered yet. Then the review is there all the same.
			_, unanswered := h.starter.Current().Review(
				h.t.Context(),
				bob,
				status.ID,
				starter.ReviewInput{Verdict: contract.VerdictApprove},
			)
			if problem, ok := contract.ProblemOf(
				unanswered,
			); unanswered == nil ||
				ok && problem.Kind == contract.KindConflict {
				return
			}
		}
		h.t.Errorf("%s was not asked for and approved: %v", member(n), err)
	})
	require.False(h.t, h.t.Failed())
	ends := map[string]time.Time{}
	for n, id := range ids {
		ends[h.database.account(n)] = *h.await(id, contract.StateActive).Until
	}
	return ends
}

// watchEnds observes the database until nobody holds the role any more, and says how late the last one went.
func (h *house) watchEnds(ends map[string]time.Time) (late time.Duration) {
	h.t.Helper()
	left := len(ends)
	gone := map[string]bool{}
	require.Eventually(h.t, func() bool {
		held := h.database.members()
		for account, until := range ends {
			if gone[account] {
				continue
			}
			if held[account] {
				continue
			}
			gone[account], late, left = true, max(late, time.Since(until)), left-1
		}
		return left == 0
	}, 3*patience, 50*time.Millisecond)
	return late
}

func TestP2AnEndIsSoonDoneWhenConnectionsAreForgottenByTheNetwork(t *testing.T) {
	t.Parallel()
	const size = 12
	for name, before := range map[string]time.Duration{"long before": 8 * time.Second, "at the last moment": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(h *house) { h.people = h.database.crowd(size) })
			line := h.workBy()
			ends := h.crowdActive(size, 20*time.Second)
			first := earliest(ends)
			require.Eventually(t, func() bool { return time.Until(first) <= before }, patience, time.Millisecond)
			line.Forget()
			late := h.watchEnds(ends)
			t.Logf("the last end was %s late", late)
			pace.OnTime(t, "the last end", late, forgottenLate)
		})
	}
}

func TestP2OneOfTwoWorkersThatIsCutOffFromTheTargetLeavesItsEndsToTheOther(t *testing.T) {
	t.Parallel()
	const size = 16
	for name, before := range map[string]time.Duration{"long before": 8 * time.Second, "at the last moment": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, func(h *house) { h.people = h.database.crowd(size) })
			line := h.workBy()
			h.workBy()
			ends := h.crowdActive(size, 20*time.Second)
			first := earliest(ends)
			require.Eventually(t, func() bool { return time.Until(first) <= before }, patience, time.Millisecond)
			line.Cut()
			late := h.watchEnds(ends)
			t.Logf("the last end was %s late", late)
			pace.OnTime(t, "the last end", late, cutOffLate)
		})
	}
}

func TestP3ATargetThatNoWorkerReachesIsToldAsStuckAndTheAccessGoesSoonAfterItIsBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	line := h.workBy()
	status := h.active(alice, "orders", 5*time.Second)
	line.Cut()
	require.Eventually(
		t,
		func() bool { return len(h.alarms(contract.AlarmStuck)) > 0 },
		3*patience,
		100*time.Millisecond,
	)
	require.Contains(t, h.alarms(contract.AlarmStuck)[0].Text, "PostgreSQL")
	require.True(t, h.database.holds(h.database.alice))

	line.Mend()
	back := time.Now()
	pace.OnTime(
		t,
		"the end after the target is back",
		h.watchEnds(map[string]time.Time{h.database.alice: back}),
		backLate,
	)
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
}

func TestP2ASubjectWhoTakesAllConnectionsOfTheServerStillLosesTheAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(h *house) { h.database = newDatabase(t, postgres.StartApart(t, "max_connections=24")) })
	h.workInAProcess()
	status := h.active(alice, "orders", 45*time.Second)
	connected := func() bool { return h.database.sessions(h.database.broker) > 0 }
	_, err := h.database.server.Admin().
		Exec(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1`, h.database.broker)
	require.NoError(t, err)
	require.Eventually(t, connected, patience, 20*time.Millisecond, "a connection is kept while access is live")
	require.Greater(t, time.Until(*status.Until), 10*time.Second, "it is not the end that has connected")
	for {
		conn, err := pgx.Connect(t.Context(), h.database.server.URL(h.database.alice, h.database.name))
		if err != nil {
			require.ErrorContains(t, err, "53300")
			break
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	}
	require.True(t, time.Now().Before(*status.Until), "the test was too slow to show anything")
	pace.OnTime(t, "the end", h.watchEnds(map[string]time.Time{h.database.alice: *status.Until}), 2*time.Second)
}

func (d *database) sessions(account string) (count int) {
	d.t.Helper()
	require.NoError(
		d.t,
		d.server.Admin().
			QueryRow(d.t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE usename = $1`, account).
			Scan(&count),
	)
	return count
}

func earliest(ends map[string]time.Time) time.Time {
	var first time.Time
	for _, until := range ends {
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	return first
}
