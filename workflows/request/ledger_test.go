package request

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestP8NothingIsGrantedWithoutADecisiveEvent(t *testing.T) {
	t.Parallel()
	for _, kind := range []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventReviewed} {
		for _, accesses := range []int{1, 2} {
			t.Run(fmt.Sprintf("%s, %d accesses", kind, accesses), func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, &world{unrecorded: kind})
				w.asks = func(request *contract.Request) {
					request.Terms.Rules.Approvals[0].Count = 2
					request.Terms.Accesses = request.Terms.Accesses[:accesses]
				}
				granted := false
				w.watchUntil = func(time.Time) { granted = true }
				w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
				w.at(2*time.Minute, func() { w.review("carol", contract.VerdictApprove) })
				status := w.run(t)
				require.Equal(t, contract.OutcomeFailed, status.Outcome)
				require.False(t, granted, "nothing was put on a target")
				require.Equal(t, []contract.AlarmKind{contract.AlarmNotRecorded}, w.alarms)
				require.Equal(t, contract.EventFailed, w.events[len(w.events)-1], "the ledger knows how it ended")
			})
		}
	}
}

func TestP8AScheduledRequestFailsWhenTheLedgerRefusesItsApproval(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{unrecorded: contract.EventScheduled})
	w.asks = func(request *contract.Request) { request.StartAt = start.Add(time.Hour) }
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	require.Equal(t, contract.OutcomeFailed, w.run(t).Outcome)
	require.Less(t, w.env.Now().Sub(start), time.Hour, "it need not wait for its start")
}

func TestP8LiveAccessIsReleasedWhenTheLedgerRefusesWhatItRestsOn(t *testing.T) {
	t.Parallel()
	for _, kind := range []contract.EventKind{contract.EventGranted, contract.EventExtended} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &world{unrecorded: kind})
			w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
			w.at(10*time.Minute, func() { w.extend(time.Hour) })
			status := w.run(t)
			require.Equal(t, contract.OutcomeRevoked, status.Outcome)
			require.Less(t, w.env.Now().Sub(start), 20*time.Minute, "at once, and not at the deadline")
			require.Equal(t, []contract.AlarmKind{contract.AlarmNotRecorded}, w.alarms)
		})
	}
}

func TestAnEndGoesOnWhenTheLedgerRefusesItsEvent(t *testing.T) {
	t.Parallel()
	for _, kind := range []contract.EventKind{contract.EventExpired, contract.EventEnding} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &world{unrecorded: kind})
			w.asks = func(request *contract.Request) {
				request.Terms.Channels = []string{"chat"}
				request.Terms.Warnings = []contract.Duration{{Duration: time.Minute}}
			}
			w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
			status := w.run(t)
			require.Equal(t, contract.OutcomeExpired, status.Outcome)
			require.Equal(t, []contract.AlarmKind{contract.AlarmNotRecorded}, w.alarms)
		})
	}
}

// A workflow task that is run again must come to the same end, also when its look fails: until it knows, nobody else adds
// an event, and the end is dated as the look before may have dated it.
func TestP8AnEndIsToldTheSameWhenTheLookAtItIsSlow(t *testing.T) {
	t.Parallel()
	for name, failures := range map[string]int{"never": 0, "in the workflow task": 1, "and then in the activity": 3} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, looks := newWorld(t, &world{}), 0
			w.lookErr = func() error {
				looks++
				if looks > failures {
					return nil
				}
				w.at(0, func() {
					w.env.SignalWorkflow(
						contract.SignalNoticed,
						contract.Notice{Kind: contract.EventDrifted, Target: "one"},
					)
				})
				return contract.Unavailable("the ledger is slow").Application()
			}
			w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
			status := w.run(t)
			require.Equal(t, contract.OutcomeExpired, status.Outcome)
			require.Equal(t, failures+1, looks)
			require.Equal(t, contract.EventExpired, w.events[len(w.events)-1])
			require.NotContains(t, w.events, contract.EventDrifted, "the access is over")
			require.Equal(t, *status.Holds[0].GoneAt, *status.EndedAt)
		})
	}
}

func TestTheTimeOfAccessBeginsWhenTheLedgerHasItsApproval(t *testing.T) {
	t.Parallel()
	for _, accesses := range []int{1, 2} {
		t.Run(fmt.Sprintf("%d accesses", accesses), func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &world{late: contract.EventApproved})
			w.asks = func(request *contract.Request) { request.Terms.Accesses = request.Terms.Accesses[:accesses] }
			var lasts []time.Duration
			w.watchUntil = func(until time.Time) { lasts = append(lasts, until.Sub(w.env.Now())) }
			w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
			status := w.run(t)
			require.Equal(t, contract.OutcomeExpired, status.Outcome)
			require.Equal(t, time.Hour, lasts[len(lasts)-1], "the whole time that was asked for")
			require.Equal(t, time.Hour, status.Until.Sub(*status.GrantedAt))
			if accesses > 1 {
				require.Len(t, lasts, accesses, "no end is moved after the fact")
			}
		})
	}
}
