package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestAFloodOfNoticesDoesNotFillTheRecord(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{})
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	w.at(2*time.Minute, func() {
		for range 3 * maxNotices {
			w.env.SignalWorkflow(
				contract.SignalNoticed,
				contract.Notice{Kind: contract.EventDrifted, Target: "orders-db"},
			)
		}
	})
	require.Equal(t, contract.OutcomeExpired, w.run(t).Outcome, "the flood keeps nothing from ending")
	var drifted int
	for _, kind := range w.events {
		if kind == contract.EventDrifted {
			drifted++
		}
	}
	require.Equal(t, maxNotices, drifted)
}
