package promises

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

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

// crew adds people who each have an account on the database.
func crew(size int) func(*house) {
	return func(h *house) {
		var people strings.Builder
		for n := range size {
			account := h.database.member(n)
			h.database.exec(fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", account, h.database.server.Password()))
			fmt.Fprintf(&people, "  member-%d: {name: Member, accounts: {orders-db: %s}}\n", n, account)
		}
		h.people += people.String()
	}
}

func (d *database) member(n int) string { return fmt.Sprintf("member_%d_%s", n, d.role) }

func (d *database) exec(statement string) {
	d.t.Helper()
	_, err := d.server.Connect(d.t, postgres.Superuser, d.name).Exec(d.t.Context(), statement)
	require.NoError(d.t, err, statement)
}

// onDatabase gives the house a database of the test's own choosing.
func onDatabase(server func(t testing.TB) *postgres.Server) func(*house) {
	return func(h *house) { h.database = newDatabase(h.t, server(h.t)) }
}

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

// crewActive has everybody of a crew given access, and returns when each one's ends by their account.
func (h *house) crewActive(size int, duration time.Duration) map[string]time.Time {
	h.t.Helper()
	var mu sync.Mutex
	ends := map[string]time.Time{}
	inParallel(size, func(n int) {
		status, err := h.starter.Start(h.t.Context(), starter.Ask{
			Template: "untold", Requester: fmt.Sprintf("member-%d", n), Duration: contract.Duration{Duration: duration}, Reason: "orders are late", Door: "test",
		})
		if err == nil {
			_, err = h.starter.Review(h.t.Context(), bob, status.ID, starter.Say{Verdict: contract.VerdictApprove})
		}
		if err != nil {
			h.t.Error(err)
			return
		}
		status = h.await(status.ID, contract.StateActive)
		mu.Lock()
		defer mu.Unlock()
		ends[h.database.member(n)] = *status.Until
	})
	require.Len(h.t, ends, size)
	return ends
}

// isMember tells whether an account is a member of the role, as the database says.
func (d *database) isMember(ctx context.Context, account string) (held bool, err error) {
	err = d.server.Admin().QueryRow(ctx, `SELECT pg_has_role($1, $2, 'MEMBER')`, account, d.role).Scan(&held)
	return held, err
}

// watchEnds observes the database until nobody holds the role any more, and says how late the last one went.
func (h *house) watchEnds(ends map[string]time.Time) (late time.Duration) {
	h.t.Helper()
	left := len(ends)
	gone := map[string]bool{}
	require.Eventually(h.t, func() bool {
		for account, until := range ends {
			if gone[account] {
				continue
			}
			held, err := h.database.isMember(h.t.Context(), account)
			if err != nil || held {
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
			h := newHouse(t, onDatabase(shared), crew(size))
			line := h.workBy()
			ends := h.crewActive(size, 20*time.Second)
			first := earliest(ends)
			require.Eventually(t, func() bool { return time.Until(first) <= before }, patience, time.Millisecond)
			line.Forget()
			late := h.watchEnds(ends)
			t.Logf("the last end was %s late", late)
			require.Less(t, late, forgottenLate)
		})
	}
}

func TestP2OneOfTwoWorkersThatIsCutOffFromTheTargetLeavesItsEndsToTheOther(t *testing.T) {
	t.Parallel()
	const size = 16
	for name, before := range map[string]time.Duration{"long before": 8 * time.Second, "at the last moment": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, onDatabase(shared), crew(size))
			line := h.workBy()
			h.workBy()
			ends := h.crewActive(size, 20*time.Second)
			first := earliest(ends)
			require.Eventually(t, func() bool { return time.Until(first) <= before }, patience, time.Millisecond)
			line.Cut()
			late := h.watchEnds(ends)
			t.Logf("the last end was %s late", late)
			require.Less(t, late, cutOffLate)
		})
	}
}

func TestP3ATargetThatNoWorkerReachesIsToldAsStuckAndTheAccessGoesSoonAfterItIsBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	line := h.workBy()
	status := h.active(alice, "orders", 5*time.Second)
	line.Cut()
	require.Eventually(t, func() bool { return len(h.alarms(contract.AlarmStuck)) > 0 }, 3*patience, 100*time.Millisecond)
	require.Contains(t, h.alarms(contract.AlarmStuck)[0].Text, "PostgreSQL")
	held, err := h.database.isMember(t.Context(), h.database.alice)
	require.NoError(t, err)
	require.True(t, held)

	line.Mend()
	back := time.Now()
	require.Less(t, h.watchEnds(map[string]time.Time{h.database.alice: back}), backLate)
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
}

func TestP2ASubjectWhoTakesAllConnectionsOfTheServerStillLosesTheAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, onDatabase(func(t testing.TB) *postgres.Server { return postgres.StartApart(t, "max_connections=24") }))
	h.workInAProcess()
	status := h.active(alice, "orders", 45*time.Second)
	connected := func() bool { return h.database.sessions(h.database.broker) > 0 }
	h.database.exec(fmt.Sprintf("SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = '%s'", h.database.broker))
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
	require.Less(t, h.watchEnds(map[string]time.Time{h.database.alice: *status.Until}), 2*time.Second)
}

func (d *database) sessions(account string) (count int) {
	d.t.Helper()
	require.NoError(d.t, d.server.Admin().QueryRow(d.t.Context(), `SELECT count(*) FROM pg_stat_activity WHERE usename = $1`, account).Scan(&count))
	return count
}

func shared(t testing.TB) *postgres.Server { return postgres.Start(t) }

func earliest(ends map[string]time.Time) time.Time {
	var first time.Time
	for _, until := range ends {
		if first.IsZero() || until.Before(first) {
			first = until
		}
	}
	return first
}
