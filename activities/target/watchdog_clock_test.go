package target_test

import (
	"context"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
)

// elsewhere is a ledger whose own clock is ahead of this machine's.
type elsewhere struct {
	ledger.Holdings
	ahead atomic.Int64
}

func (e *elsewhere) HasClock() bool { return true }

func (e *elsewhere) Now(context.Context) (time.Time, error) {
	return time.Now().Add(time.Duration(e.ahead.Load())).UTC(), nil
}

func (e *elsewhere) Due(ctx context.Context, filter ledger.DueFilter) ([]ledger.Holding, error) {
	if filter.Before.IsZero() {
		filter.Past -= time.Duration(e.ahead.Load())
	}
	return e.Holdings.Due(ctx, filter)
}

// The clock of this machine is five minutes ahead of the ledger's, or behind it.
func TestAWorkerWithAWrongClockEndsNothingEarlyAndNothingLate(t *testing.T) {
	t.Parallel()
	for name, ahead := range map[string]time.Duration{"this machine is behind": 5 * time.Minute, "this machine is ahead": -5 * time.Minute} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(t, err)
			there := &elsewhere{Holdings: b.ledger}
			there.ahead.Store(int64(ahead))
			b.until(time.Now().Add(ahead + time.Minute)) // in a minute, by the ledger
			b.worker(b.ledger)
			b.watchOver(there, 200*time.Millisecond)
			for range 2 {
				b.endsAnother()
			}
			require.True(t, b.holding().Open, "it is live by the ledger's clock")
			require.True(t, b.can())

			b.until(time.Now().Add(ahead - time.Second))
			goes(t, func() bool { return !b.holding().Open })
			require.False(t, b.can())
			require.WithinDuration(
				t,
				time.Now().Add(ahead),
				b.holding().GoneAt,
				time.Minute,
				"and it is gone by that clock",
			)
		})
	}
}

// until moves the end of the access.
func (b *bench) until(at time.Time) {
	b.t.Helper()
	holding := b.holding()
	holding.Until = at.UTC()
	b.save(holding)
}
