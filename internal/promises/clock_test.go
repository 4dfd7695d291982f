package promises

import (
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/pace"
	testprocess "curfew/internal/testserver/process"
	"curfew/workflows/contract"
)

// clockOff is how wrong a wrong clock is.
const clockOff = 5 * time.Minute

// workWithClockOff runs a worker whose machine has a wrong clock.
func (h *house) workWithClockOff(off time.Duration) {
	h.t.Helper()
	if !testprocess.CanShiftClocks {
		h.t.Skip("no process can be given another clock on this system")
	}
	program, err := buildCurfew()
	require.NoError(h.t, err)
	log, err := os.Create(filepath.Join(h.t.TempDir(), "log"))
	require.NoError(h.t, err)
	h.t.Cleanup(func() {
		require.NoError(h.t, log.Close())
		if said, err := os.ReadFile(log.Name()); err == nil && h.t.Failed() {
			h.t.Logf("the worker's log:\n%s", said)
		}
	})
	worker, err := testprocess.Start(testprocess.Program{
		Path:     program,
		Args:     []string{"worker", "--config", filepath.Join(h.dir, "curfew.yaml")},
		Err:      log,
		ClockOff: off,
	})
	require.NoError(h.t, err)
	h.t.Cleanup(worker.Kill)
}

// The only worker that is left has a clock that is five minutes ahead, or behind. It says so, ends access on time, and
// neither denies nor gives anything; what it leaves is done by a worker whose clock is right.
func TestP1AWorkerWithAWrongClockDecidesNothingAndEndsOnTime(t *testing.T) {
	t.Parallel()
	for name, off := range map[string]time.Duration{"ahead": clockOff, "behind": -clockOff} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			stop := h.work()
			h.workWithClockOff(off)
			alarm := h.alarm(
				contract.AlarmClockOff,
			) // it is at work: no access waits for a process that is still to start
			require.Contains(t, alarm.Text, "the worker ")
			require.Contains(t, alarm.Text, "Temporal's")
			require.WithinDuration(t, time.Now(), alarm.At, patience)
			status := h.active(alice, "orders", 30*time.Second)
			long := h.active(carol, "orders", time.Hour)
			stop()

			waits := h.ask(alice, "debug", time.Hour)
			h.goneWithin(h.database.alice, *status.Until, 10*time.Second)
			ended := h.ended(status.ID)
			require.Equal(t, contract.OutcomeExpired, ended.Outcome)
			gone := h.holding(status.Holds[0].Access).GoneAt
			require.False(t, ended.EndedAt.Before(*status.Until))
			require.False(t, gone.Before(*status.Until))
			pace.OnTime(t, "the end of the request", ended.EndedAt.Sub(*status.Until), 10*time.Second)
			pace.OnTime(t, "the end of the holding", gone.Sub(*status.Until), 10*time.Second)
			require.True(t, h.database.can(h.database.carol), "nothing ends early")
			require.Equal(t, contract.StatePending, h.await(waits.ID, contract.StatePending).State)
			journal, err := h.ledger.DecisionsOf(t.Context(), waits.ID)
			require.NoError(t, err)
			require.Empty(t, journal, "nothing is decided by a wrong clock")

			h.work()
			h.approve(bob, waits.ID)
			h.await(waits.ID, contract.StateActive)
			require.Empty(t, h.alarms(contract.AlarmForged))
			require.True(t, h.database.can(h.database.carol))
			require.Equal(t, contract.StateActive, h.await(long.ID, contract.StateActive).State)
		})
	}
}
