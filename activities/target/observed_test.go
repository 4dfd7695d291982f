package target_test

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// witness remembers what it was told.
type witness struct {
	mu      sync.Mutex
	calls   map[string]int
	ends    map[string][]time.Duration // by who ended access
	waiting int
	most    int // that waited at a time
}

func newWitness() *witness {
	return &witness{calls: map[string]int{}, ends: map[string][]time.Duration{}}
}

func (w *witness) TargetCalled(name, operation string, _ time.Duration, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err != nil {
		operation += " failed"
	}
	w.calls[name+" "+operation]++
}

func (w *witness) Ended(_, by string, late time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ends[by] = append(w.ends[by], late)
}

func (w *witness) EndsWaiting(more int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.waiting += more
	w.most = max(w.most, w.waiting)
}

// ended are who ended access, and how late.
func (w *witness) ended() map[string][]time.Duration {
	w.mu.Lock()
	defer w.mu.Unlock()
	ends := map[string][]time.Duration{}
	for by, late := range w.ends {
		ends[by] = append(ends[by], late...)
	}
	return ends
}

func TestAnEndTellsHowLateItWasAndThatItWaited(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := newWitness()
	b.observer = seen
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	command := b.endNow()
	command.Until = command.Until.Add(-3 * time.Second)
	_, err = b.end(command)
	require.NoError(t, err)
	require.False(t, b.holding().Open)

	ends := seen.ended()
	require.Len(t, ends, 1)
	require.Len(t, ends[target.ByGrant], 1)
	require.GreaterOrEqual(t, ends[target.ByGrant][0], 3*time.Second)
	require.Equal(t, 0, seen.waiting)
	require.Equal(t, 1, seen.most)
	require.Equal(t, 1, seen.calls["lightrun-prod Grant"])
	require.Equal(t, 1, seen.calls["lightrun-prod Revoke"])

	_, err = b.end(b.endNow())
	require.NoError(t, err)
	require.Equal(t, ends, seen.ended(), "what is gone is not ended again")
}

func TestTheWatchdogTellsThatItEndedAccess(t *testing.T) {
	t.Parallel()
	for by, until := range map[string]time.Duration{
		target.ByWatchdog: -time.Minute, // past its end
		target.ByEndNow:   time.Hour,    // and its request has ended
	} {
		t.Run(by, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(t, err)
			holding := b.holding()
			holding.Until = time.Now().Add(until).UTC()
			b.save(holding)
			if by == target.ByEndNow {
				b.tombstone("r", "")
			}
			seen := newWitness()
			b.observer = seen
			watchdog := b.watchWithin(time.Hour)
			watchdog.Follow(time.Now())
			b.awaitClosed()
			require.Eventually(t, func() bool { return len(seen.ended()) > 0 }, patience, 10*time.Millisecond)
			ends := seen.ended()
			require.Len(t, ends[by], 1, "%v", ends)
			require.Len(t, ends, 1)
			if by == target.ByWatchdog {
				require.GreaterOrEqual(t, ends[by][0], time.Minute)
			} else {
				require.Less(t, ends[by][0], time.Minute, "it counts from when the request was ended")
			}
		})
	}
}

// An observer changes nothing of what a connector can do beside the calls that are observed.
func TestAFailingCallIsToldAndStillFails(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	seen := newWitness()
	b.observer = seen
	b.access.Entitlement = []byte(`{"agentPoolIds":["c0ffee00-0000-4000-8000-00000000dead"]}`)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.Error(t, err)
	_, known := contract.ProblemOf(err)
	require.True(t, known)
	require.NotZero(t, seen.calls["lightrun-prod Grant failed"])
}
