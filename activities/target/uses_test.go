package target_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// lying is a bench whose target is a liar.
func lying(t *testing.T, liar *liar, readBack contract.ReadBack) (*bench, *office) {
	t.Helper()
	b := newBench(t)
	b.connector, b.access.ReadBack = liar, readBack
	return b, newOffice(b)
}

// hold has the target's worker take a lease of an hour, and says whether it got no answer.
func (b *bench) hold(chain contract.Chain) (contract.GrantReceipt, error) {
	b.t.Helper()
	return carryOut[contract.GrantCommand, contract.GrantReceipt](
		b,
		b.activities(b.connector, b.ledger),
		contract.ActivityGrant,
		b.holdCommand(chain, time.Hour),
	)
}

// pass makes the holding believe that some time has gone by.
func (b *bench) pass(by time.Duration) {
	b.t.Helper()
	holding := b.holding()
	holding.Until = holding.Until.Add(-by)
	for i := range holding.Leases {
		holding.Leases[i].Until = holding.Leases[i].Until.Add(-by)
	}
	for i := range holding.Uses {
		holding.Uses[i].Since = holding.Uses[i].Since.Add(-by)
	}
	if !holding.SettledAt.IsZero() {
		holding.SettledAt = holding.SettledAt.Add(-by)
	}
	b.save(holding)
}

// Whoever can write to the Temporal namespace shows a decision of an hour again and again, while nobody sees the
// access.
func TestP7OneDecisionGivesNoMoreTimeThanItSaysAtATargetThatShowsNothing(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		target   *liar
		readBack contract.ReadBack
	}{
		"and is not expected to":           {&liar{blind: true}, contract.ReadBackNone},
		"and can't be asked":               {&liar{deaf: true}, contract.ReadBackNone},
		"though it gave it":                {&liar{blind: true}, ""},
		"though it gave it without answer": {&liar{blind: true, silent: true, doubt: "it has never shown anybody"}, ""},
		"before the attempt was cut off":   {&liar{silent: true}, ""},
		"and gives no answer and no look":  {&liar{silent: true, deaf: true}, contract.ReadBackNone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, o := lying(t, tc.target, tc.readBack)
			chain := o.chain("r", time.Hour)
			_, _ = b.hold(chain)
			require.True(t, tc.target.holds)
			b.pass(40 * time.Minute)
			_, _ = b.hold(chain)
			require.Less(
				t,
				time.Until(b.holding().Until),
				22*time.Minute,
				"it has the rest, and a minute that is forgiven",
			)
			b.pass(25 * time.Minute)
			_, err := b.hold(chain)
			problem, refused := contract.ProblemOf(err)
			require.True(t, refused, "%v", err)
			require.Contains(t, []contract.Kind{contract.KindForbidden, contract.KindClosed}, problem.Kind)
		})
	}
}

func TestAnAttemptToGrantThatWasCutOffCostsTheRequestNoTime(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		target *liar
		until  time.Duration // the next attempt
		ended  bool          // in between
	}{
		"when the access has not come":              {&liar{away: true}, 50 * time.Minute, false},
		"when it has not come, and the grant ended": {&liar{away: true}, 50 * time.Minute, true},
		"when it has come, for a minute":            {&liar{silent: true}, 40 * time.Second, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, o := lying(t, tc.target, "")
			chain := o.chain("r", time.Hour)
			_, err := b.hold(chain)
			require.ErrorContains(t, err, "did not answer")
			b.pass(tc.until)
			if tc.ended {
				_, err := carryOut[contract.EndCommand, contract.EndReceipt](
					b,
					b.activities(b.connector, b.ledger),
					contract.ActivityEnd,
					b.endNow(),
				)
				require.NoError(t, err)
				require.False(t, b.holding().Open)
			}
			tc.target.away, tc.target.silent = false, false
			receipt, err := b.hold(chain)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now().Add(time.Hour), receipt.Until, 10*time.Second)
		})
	}
}
