package promises

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

const (
	grace    = 2 * time.Second
	watching = "watchdog: {grace: 2s}"
)

// alarms are those of a kind, newest first.
func (h *house) alarms(kind contract.AlarmKind) []contract.Alarm {
	h.t.Helper()
	alarms, err := h.starter.Current().Alarms(h.t.Context(), erin, ledger.AlarmFilter{Kind: kind})
	require.NoError(h.t, err)
	return alarms
}

// alarm waits for the one alarm of a kind.
func (h *house) alarm(kind contract.AlarmKind) contract.Alarm {
	h.t.Helper()
	require.Eventually(
		h.t,
		func() bool { return len(h.alarms(kind)) == 1 },
		patience,
		50*time.Millisecond,
		"no alarm says %s",
		kind,
	)
	return h.alarms(kind)[0]
}

// goneWithin waits until the database refuses a person, and says how long after an instant that was.
func (h *house) goneWithin(account string, until time.Time, late time.Duration) {
	h.t.Helper()
	require.Eventually(h.t, func() bool { return !h.database.can(account) }, patience, 20*time.Millisecond)
	pace.OnTime(h.t, "the end", time.Since(until), late)
	require.False(h.t, time.Now().Before(until), "it ended early")
}

func TestP2TheWatchdogEndsAccessWhenBothWorkflowsAreTerminated(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps(watching))
	h.work()
	// So long that no worker waits for its end yet.
	status := h.active(alice, "orders", time.Minute)
	grant := status.Holds[0].Access.GrantID()
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), contract.RequestWorkflowID(status.ID), "", "by mistake"))
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), grant, "", "by mistake"))
	until := h.endsIn(grant, time.Second)
	h.goneWithin(h.database.alice, until, grace+5*time.Second)
	alarm := h.alarm(contract.AlarmLate)
	require.Equal(t, grant, alarm.Grant)
	require.Equal(t, []string{status.ID}, alarm.Requests)
	require.Equal(t, contract.ActorWatchdog, alarm.Actor)
}

// endsIn moves the end in a holding, where no workflow knows of it any more.
func (h *house) endsIn(grant string, left time.Duration) time.Time {
	h.t.Helper()
	locked, err := h.ledger.Lock(h.t.Context(), grant)
	require.NoError(h.t, err)
	defer locked.Unlock()
	holding := locked.Holding()
	holding.Until = time.Now().Add(left).UTC()
	require.NoError(h.t, locked.Save(h.t.Context(), holding))
	return holding.Until
}

func TestP2TheWatchdogEndsAccessWhileTemporalIsDown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps(watching))
	stop := h.work()
	status := h.active(alice, "orders", time.Minute)
	stop()
	h.temporal.Kill()
	// A worker that starts while Temporal is down can do nothing else.
	worker := h.workInAProcess()
	require.Eventually(
		t,
		func() bool { return strings.Contains(worker.log.String(), "the watchdog watches meanwhile") },
		patience,
		20*time.Millisecond,
	)
	until := h.endsIn(status.Holds[0].Access.GrantID(), time.Second)
	h.goneWithin(h.database.alice, until, grace+5*time.Second)
	h.alarm(contract.AlarmLate)
}

func TestP4TheWatchdogLeavesAccessAloneUntilItsNewestEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("watchdog: {grace: 1s}"))
	h.work()
	status := h.active(alice, "orders", 2*time.Second)
	extended, err := h.starter.Current().Extend(
		t.Context(),
		alice,
		status.ID,
		contract.Duration{Duration: pace.Lasts(4 * time.Second)},
		"not done yet",
	)
	require.NoError(t, err)
	require.Eventually(
		t,
		func() bool { return time.Now().After(status.Until.Add(2500 * time.Millisecond)) },
		patience,
		20*time.Millisecond,
	)
	require.True(t, h.database.can(h.database.alice), "after the first end and the grace")
	h.ended(status.ID)
	h.goneWithin(h.database.alice, *extended.Until, 5*time.Second)
	require.Empty(t, h.alarms(contract.AlarmLate), "the end came by itself")
}

func TestP5TheWatchdogKeepsStandingAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps(watching))
	h.work()
	h.database.giveStanding(h.database.alice)
	status := h.active(alice, "orders", time.Minute)
	grant := status.Holds[0].Access.GrantID()
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), contract.RequestWorkflowID(status.ID), "", "by mistake"))
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), grant, "", "by mistake"))
	h.endsIn(grant, time.Second)
	require.Eventually(t, func() bool {
		locked, err := h.ledger.Lock(t.Context(), grant)
		require.NoError(t, err)
		defer locked.Unlock()
		return !locked.Holding().Open
	}, patience, 50*time.Millisecond)
	require.True(t, h.database.can(h.database.alice))
}
