package promises

import (
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/proxy"
	"curfew/workflows/contract"
)

// ledgerBehind has the ledger in a database, which workers in processes of their own reach through a proxy.
func ledgerBehind(t *testing.T, way **proxy.Proxy) func(*house) {
	t.Helper()
	return func(h *house) {
		server := postgres.Start(t)
		database := server.NewDatabase(t)
		*way = proxy.Start(t, server.Address())
		h.ledgerDatabase = server.URL(postgres.Superuser, database)
		h.ledgerWay = server.Via((*way).Address(), postgres.Superuser, database)
	}
}

// until waits for an instant.
func (h *house) until(at time.Time) {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return !time.Now().Before(at) }, time.Until(at)+patience, 10*time.Millisecond)
}

// The first request's end still waits in the worker when the access is somebody else's doing.
func TestP5AnEndThatWasOvertakenLeavesStandingAccessAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	first := h.active(alice, "orders", 20*time.Second)
	_, err := h.starter.Current().Revoke(t.Context(), alice, first.ID, "done")
	require.NoError(t, err)
	require.False(t, h.database.can(h.database.alice))
	h.database.giveStanding(h.database.alice)
	second := h.active(alice, "orders", 2*time.Second)
	require.True(t, second.Holds[0].Standing)
	h.ended(second.ID)
	h.until(first.Until.Add(3 * time.Second))
	require.True(t, h.database.can(h.database.alice))
	holding, err := h.ledger.Read(t.Context(), second.Holds[0].Access.GrantID())
	require.NoError(t, err)
	require.True(t, holding.Standing, "and the holding still says so")
	require.Len(t, holding.Uses, 2)
}

// An extension was answered, and the ledger is away when the former end comes.
func TestP4AnEndThatWasOvertakenStepsBackAlsoWhileTheLedgerIsAway(t *testing.T) {
	t.Parallel()
	var way *proxy.Proxy
	h := newHouse(t, ledgerBehind(t, &way))
	h.workInAProcess()
	status := h.active(alice, "orders", 15*time.Second)
	h.until(status.Until.Add(-pace.Lasts(8 * time.Second)))
	extended, err := h.starter.Current().Extend(
		t.Context(),
		alice,
		status.ID,
		contract.Duration{Duration: pace.Lasts(30 * time.Second)},
		"not done yet",
	)
	require.NoError(t, err)
	h.until(status.Until.Add(-pace.Lasts(3 * time.Second)))
	way.Down()
	h.until(status.Until.Add(5 * time.Second))
	require.True(t, h.database.can(h.database.alice), "the former end is over, and the ledger still away")
	way.Up()
	h.until(extended.Until.Add(-time.Second))
	require.True(t, h.database.can(h.database.alice))
	h.goneWithin(h.database.alice, *extended.Until, 10*time.Second)
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
}

// While the ledger is away access ends, and nobody says that it is gone before somebody could look.
func TestP3NothingIsGoneThatNobodyCouldLookAtWithTheLock(t *testing.T) {
	t.Parallel()
	var way *proxy.Proxy
	h := newHouse(t, ledgerBehind(t, &way))
	h.workInAProcess()
	status := h.active(alice, "orders", 10*time.Second)
	grant := status.Holds[0].Access.GrantID()
	h.until(status.Until.Add(-pace.Lasts(2 * time.Second)))
	way.Down()
	h.goneWithin(h.database.alice, *status.Until, 4*time.Second)
	holding, err := h.ledger.Read(t.Context(), grant)
	require.NoError(t, err)
	require.True(t, holding.Open)
	h.until(status.Until.Add(5 * time.Second))
	value, err := h.client.QueryWorkflow(t.Context(), contract.RequestWorkflowID(status.ID), "", contract.QueryStatus)
	require.NoError(t, err)
	var untold contract.Status
	require.NoError(t, value.Get(&untold))
	require.Nil(t, untold.Holds[0].GoneAt)
	way.Up()
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
	holding, err = h.ledger.Read(t.Context(), grant)
	require.NoError(t, err)
	require.False(t, holding.Open)
	require.Empty(t, h.alarms(contract.AlarmLate))
}

func TestP2ALedgerThatHangsKeepsNoEndWaiting(t *testing.T) {
	t.Parallel()
	var way *proxy.Proxy
	h := newHouse(t, ledgerBehind(t, &way))
	h.workInAProcess()
	status := h.active(alice, "orders", 15*time.Second)
	h.until(status.Until.Add(-pace.Lasts(2 * time.Second)))
	way.Cut()
	h.goneWithin(h.database.alice, *status.Until, 15*time.Second)
	way.Mend()
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
}

// A worker hangs while it waits for an end, and goes on taking tasks; it was also the one whose cache has the grant.
func TestP2AnEndWhoseWorkerHangsComesTenSecondsLateAtMost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, until := h.waitingIn()
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGSTOP))
	h.goneWithin(h.database.alice, until, 10*time.Second)
	require.NoError(t, first.cmd.Process.Signal(syscall.SIGCONT))
}

// A worker hangs between its call to the target and the answer, and has the lock of the holding.
func TestP2AWorkerThatHangsWithTheLockKeepsNoEndWaiting(t *testing.T) {
	t.Parallel()
	g := &gate{}
	h := newHouse(t, through(g))
	hung := h.workInAProcess()
	status := h.active(alice, "debug", 30*time.Second)
	h.workInAProcess() // it serves whatever is asked from now on
	reached := g.arm(boundary{"POST", "/api/v1/temp-access", true})
	go func() {
		_, _ = h.starter.Current().Extend(
			h.t.Context(),
			alice,
			status.ID,
			contract.Duration{Duration: time.Minute},
			"not done yet",
		)
	}()
	select {
	case <-reached:
	case <-time.After(patience):
		require.Fail(t, "the boundary was never reached", hung.log.String())
	}
	require.NoError(t, hung.cmd.Process.Signal(syscall.SIGSTOP))
	require.Eventually(t, func() bool { return !h.canDebug("alice@example.org") }, 2*patience, 20*time.Millisecond)
	pace.OnTime(t, "the end", time.Since(*status.Until), 15*time.Second)
	require.NoError(t, hung.cmd.Process.Signal(syscall.SIGCONT))
	h.ended(status.ID)
	require.Empty(t, h.lightrun.Live())
}

// waited is so short that the end is sent at once, to the one worker that there is, on a machine that is not busy.
const waited = 14 * time.Second

// waitingIn has access whose end waits in one worker, with nobody else to ask for it, and starts another worker.
func (h *house) waitingIn() (*process, time.Time) {
	h.t.Helper()
	first := h.workInAProcess()
	status := h.active(alice, "orders", waited)
	h.workInAProcess()
	require.NoError(
		h.t,
		h.client.TerminateWorkflow(h.t.Context(), contract.RequestWorkflowID(status.ID), "", "by mistake"),
	)
	h.until(status.Until.Add(-pace.Lasts(3 * time.Second)))
	return first, *status.Until
}

// A worker waits for an end, and dies; it was also the one whose cache has the grant.
func TestP2AnEndWhoseWorkerDiesComesFourSecondsLateAtMost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	first, until := h.waitingIn()
	first.kill()
	h.goneWithin(h.database.alice, until, 4*time.Second)
	require.Empty(t, h.alarms(contract.AlarmLate))
}
