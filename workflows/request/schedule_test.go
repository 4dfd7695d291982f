package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// tonight is a request that is to begin six hours after it was asked.
func tonight(request *contract.Request) { request.StartAt = start.Add(6 * time.Hour) }

func TestAScheduledRequestIsDecidedAgainWhenItComesDue(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		play    func(*world)
		outcome contract.Outcome
		lasts   time.Duration
		events  []contract.EventKind
	}{
		"and granted": {
			outcome: contract.OutcomeExpired, lasts: 6*time.Hour + time.Hour + afterTheEnd,
			events: []contract.EventKind{contract.EventApproved, contract.EventGranted, contract.EventExpired},
		},
		"and denied": {
			play:    func(w *world) { w.at(5*time.Hour, func() { w.policyDeny = "bob has left" }) },
			outcome: contract.OutcomeDenied, lasts: 6 * time.Hour, events: []contract.EventKind{contract.EventDenied},
		},
		"unless it was taken back": {
			play: func(w *world) {
				w.at(time.Hour, func() { w.update(contract.UpdateCancel, end("alice", "")) })
			},
			outcome: contract.OutcomeWithdrawn, lasts: time.Hour, events: []contract.EventKind{contract.EventWithdrawn},
		},
		"unless a signal ended it": {
			play:    func(w *world) { w.at(time.Hour, func() { w.env.SignalWorkflow(contract.SignalRevoke, nil) }) },
			outcome: contract.OutcomeWithdrawn, lasts: time.Hour, events: []contract.EventKind{contract.EventWithdrawn},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &world{asks: tonight})
			w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
			w.at(5*time.Hour, func() { require.Empty(t, w.held, "it begins later") })
			if tc.play != nil {
				tc.play(w)
			}
			status := w.run(t)
			require.Equal(t, tc.outcome, status.Outcome)
			require.Equal(
				t,
				append([]contract.EventKind{contract.EventRequested, contract.EventScheduled}, tc.events...),
				w.events,
			)
			require.Equal(t, tc.lasts, status.EndedAt.Sub(start))
		})
	}
}

func TestAStartThatCameWhileTheRequestWaitedForReviewsIsNow(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{asks: func(request *contract.Request) { request.StartAt = start.Add(time.Minute) }})
	w.at(time.Hour, func() { w.review("bob", contract.VerdictApprove) })
	status := w.run(t)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.NotContains(t, w.events, contract.EventScheduled)
	require.Equal(t, 2*time.Hour+afterTheEnd, status.EndedAt.Sub(start))
}
