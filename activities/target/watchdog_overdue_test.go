package target_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
)

// The clock of this machine is a minute ahead of Temporal's, or a minute behind, and the grace allows for more.
func TestTheWatchdogEndsWhatIsOverdueByTemporalsClock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		temporal time.Duration // ahead of this machine
		until    time.Duration // from now on, by this machine's clock
		ends     bool
	}{
		"overdue by both":                       {0, -10 * time.Second, true},
		"overdue by Temporal's alone":           {time.Minute, 40 * time.Second, true},
		"overdue by this machine's alone":       {-time.Minute, -40 * time.Second, false},
		"its own worker may still be at work":   {0, -time.Second, false},
		"not over, and Temporal's clock behind": {-time.Minute, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(t, err)
			holding := b.holding()
			holding.Until = time.Now().Add(tc.until).UTC()
			b.save(holding)
			watchdog := b.watchWithin(time.Hour)
			watchdog.Follow(time.Now().Add(tc.temporal))
			if tc.ends {
				goes(t, func() bool { return !b.holding().Open })
				return
			}
			for range 2 { // the second is ended after a round that has seen both
				b.endsAnother()
			}
			require.True(t, b.holding().Open)
		})
	}
}

// endsAnother waits until the watchdog has ended access that is overdue by any clock.
func (b *bench) endsAnother() {
	b.t.Helper()
	another := b.access
	another.Person, another.Account = "carol", "carol@example.org"
	b.save(ledger.Holding{
		Grant: another.GrantID(), Access: another, Token: b.token(), Open: true, Until: time.Now().Add(-30 * time.Minute).UTC(),
		Proof: ledger.Proof{Shown: true},
	})
	goes(b.t, func() bool {
		holding, err := b.ledger.Read(b.t.Context(), another.GrantID())
		require.NoError(b.t, err)
		return !holding.Open
	})
}
