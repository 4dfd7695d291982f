package clock_test

import (
	"context"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/clock"
	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/internal/testserver/temporal"
	"curfew/workflows/contract"
)

// server is a ledger with a clock of its own.
type server struct{ ahead time.Duration }

func (server) HasClock() bool { return true }

func (s server) Now(context.Context) (time.Time, error) { return time.Now().Add(s.ahead), nil }

// bench is a process whose clock can be set.
type bench struct {
	*clock.Watch
	store    *sqlite.Store
	ahead    atomic.Int64
	followed atomic.Pointer[time.Time]
}

func newBench(t *testing.T, with ledger.Clock) *bench {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	b := &bench{store: store}
	if with == nil {
		with = store
	}
	b.Watch = clock.New(clock.Options{
		Process:   "the worker 1@host",
		Temporal:  temporal.Start(t).Client(t),
		Namespace: contract.Namespace,
		Ledger:    with,
		Alarms:    store,
		Log:       zap.NewNop(),
		Follow:    func(at time.Time) { b.followed.Store(&at) },
		Now:       func() time.Time { return time.Now().Add(time.Duration(b.ahead.Load())) },
	})
	return b
}

func (b *bench) alarms(t *testing.T) []contract.Alarm {
	t.Helper()
	alarms, err := b.store.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmClockOff})
	require.NoError(t, err)
	return alarms
}

func requireOff(t *testing.T, err error, says string) {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, contract.KindUnavailable, problem.Kind, "another one may do it, or this one later")
	require.Positive(t, problem.RetryAfter.Duration)
	require.ErrorContains(t, err, "the worker 1@host")
	require.ErrorContains(t, err, says)
}

func TestAProcessWhoseClockDiffersFromTemporalsNamesItselfAndStops(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		ahead time.Duration
		says  string
	}{
		{5 * time.Minute, "ahead of Temporal's"},
		{-5 * time.Minute, "behind Temporal's"},
		{clock.Tolerance + 2*time.Second, "ahead of Temporal's"},
		{-clock.Tolerance - 2*time.Second, "behind Temporal's"},
	} {
		t.Run(tc.ahead.String(), func(t *testing.T) {
			t.Parallel()
			b := newBench(t, nil)
			b.Compare(t.Context())
			require.NoError(t, b.Check())
			require.WithinDuration(t, time.Now(), *b.followed.Load(), clock.Tolerance)

			b.ahead.Store(int64(tc.ahead))
			requireOff(t, b.Check(), tc.says) // at once: nobody waits for the next comparison
			require.Empty(t, b.alarms(t), "until it was looked at once more")
			for range 3 {
				b.Compare(t.Context())
				requireOff(t, b.Check(), tc.says)
			}
			alarms := b.alarms(t)
			require.Len(t, alarms, 1)
			require.Contains(t, alarms[0].Text, "the worker 1@host")
			require.WithinDuration(t, time.Now(), alarms[0].At, time.Minute, "it is dated by the other clock")

			b.ahead.Store(int64(time.Second))
			require.NoError(t, b.Check())
			b.Compare(t.Context())
			require.NoError(t, b.Check())
		})
	}
}

func TestAProcessThatStartsWithAWrongClockStops(t *testing.T) {
	t.Parallel()
	b := newBench(t, nil)
	b.ahead.Store(int64(-5 * time.Minute))
	b.Compare(t.Context())
	requireOff(t, b.Check(), "behind Temporal's")
	require.Len(t, b.alarms(t), 1)
}

func TestAProcessWhoseClockDiffersFromTheLedgersStops(t *testing.T) {
	t.Parallel()
	b := newBench(t, server{ahead: time.Minute})
	b.Compare(t.Context())
	requireOff(t, b.Check(), "behind the ledger's")
	require.Len(t, b.alarms(t), 1)
}

// While Temporal is down its clock is not known; that makes no clock wrong, and none right.
func TestAClockThatCanNotBeReadChangesNothing(t *testing.T) {
	t.Parallel()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	down := temporal.Start(t)
	ahead := -time.Minute
	watch := clock.New(clock.Options{
		Process:   "the worker 1@host",
		Temporal:  down.Client(t),
		Namespace: contract.Namespace,
		Ledger:    store,
		Alarms:    store,
		Log:       zap.NewNop(),
		Now:       func() time.Time { return time.Now().Add(ahead) },
	})
	watch.Compare(t.Context())
	requireOff(t, watch.Check(), "behind Temporal's")
	down.Kill()
	watch.Compare(t.Context())
	requireOff(t, watch.Check(), "behind Temporal's")
	ahead = 0
	require.NoError(t, watch.Check())
}
