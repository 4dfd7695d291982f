package request

import (
	"fmt"
	"math"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/workflows/contract"
)

// around draws a length of time at, just below or just above one of some limits, or anywhere.
func around(rt *rapid.T, label string, limits ...time.Duration) time.Duration {
	limit := rapid.SampledFrom(append(limits, 0, math.MaxInt64, math.MinInt64)).Draw(rt, label+" limit")
	off := rapid.SampledFrom([]time.Duration{0, 1, -1, time.Millisecond, -time.Millisecond, time.Second, -time.Second, time.Minute, -time.Minute}).
		Draw(rt, label+" off")
	return limit + off // which may overflow, as an attacker would have it
}

func TestP2NoExtensionAtAnyInstantPassesTheMaximumOrMakesAccessEndless(t *testing.T) {
	t.Parallel()
	const lasts, longest = time.Hour, 3 * time.Hour
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, &world{asks: func(request *contract.Request) {
			request.Terms.Rules.Extension.Review = rapid.Bool().Draw(rt, "reviewed")
		}})
		var untils []time.Time
		w.watchUntil = func(until time.Time) { untils = append(untils, until) }
		w.at(0, func() { w.review("bob", contract.VerdictApprove) })
		for n := range rapid.IntRange(1, 8).Draw(rt, "extensions") {
			label := fmt.Sprint("extension ", n)
			by := around(rt, label, lasts, longest-lasts, longest)
			at := max(around(rt, label+" at", lasts, 2*lasts, longest), 0) % (longest + lasts)
			signal := rapid.Bool().Draw(rt, label+" by a signal")
			w.at(at, func() {
				if signal {
					w.env.SignalWorkflow(
						contract.SignalExtend,
						contract.ExtendSignal{Duration: by.String(), Reason: "more"},
					)
				} else {
					w.extend(by)
				}
			})
			w.at(at, func() { w.review("carol", contract.VerdictApprove) })
		}
		status := w.run(t)
		latest := status.GrantedAt.Add(longest)
		require.NotEmpty(rt, untils)
		for _, until := range untils {
			require.False(rt, until.After(latest), "%s is after %s", until, latest)
			require.True(rt, until.After(*status.GrantedAt), "%s gives no time", until)
		}
		require.Contains(rt, []contract.Outcome{contract.OutcomeExpired}, status.Outcome)
		require.False(rt, status.EndedAt.After(latest.Add(afterTheEnd)))
	})
}

func TestAnExtensionThatWaitsIsRefusedWhenTheAccessIsEnded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{stuckFor: 2})
	w.policy = func(in contract.DecideInput) contract.Decision {
		if in.Extension != nil { // the first: the second waits for it
			w.at(0, func() { w.update(contract.UpdateRevoke, end("alice", "done")) })
		}
		return contract.Decision{Ruling: contract.RulingGrant, Why: "approved"}
	}
	var extensions []*answered
	w.at(time.Minute, func() { extensions = append(extensions, w.extend(10*time.Minute)) })
	w.at(time.Minute, func() { extensions = append(extensions, w.extend(10*time.Minute)) })
	w.onRelease = func() {
		for _, x := range extensions {
			require.True(t, x.done, "it is answered before the revoke, which may take days: %+v", x)
		}
	}
	require.Equal(t, contract.OutcomeRevoked, w.run(t).Outcome)
	require.Len(t, extensions, 2)
	require.Error(t, extensions[1].failed)
}
