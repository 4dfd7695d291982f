package request

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func toldOf(w *world, kind contract.EventKind) []string {
	return slices.DeleteFunc(slices.Clone(w.notified["chat"]), func(told string) bool {
		return told != string(kind) && !strings.HasPrefix(told, string(kind)+" ")
	})
}

func TestReviewersAreAskedOnceAndReminded(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{asks: func(request *contract.Request) {
		request.Terms.Channels = []string{"chat"}
		request.Terms.Reminders = []contract.Duration{lasting(30 * time.Minute), lasting(time.Hour)}
	}})
	w.policy = func(contract.DecideInput) contract.Decision {
		decision := contract.Decision{
			Ruling: contract.RulingReview,
			From:   []string{"bob"},
			Again:  start.Add(45 * time.Minute),
		}
		if !w.env.Now().Before(decision.Again) {
			decision.From, decision.Again = []string{"bob", "dave"}, time.Time{}
		}
		return decision
	}
	require.Equal(t, contract.OutcomeLapsed, w.run(t).Outcome)
	require.Equal(t, []string{"review-asked to bob", "review-asked to dave"}, toldOf(w, contract.EventReviewAsked))
	require.Equal(t, []string{"reminded to bob", "reminded to bob dave"}, toldOf(w, contract.EventReminded))
	require.NotContains(t, w.comments, contract.EventReminded, "the ticket is not for that")
	require.Contains(t, w.events, contract.EventReminded)
}

func TestNobodyIsAskedToReviewWhatIsApprovedAutomatically(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{asks: func(request *contract.Request) { request.Terms.Channels = []string{"chat"} }})
	w.policy = func(contract.DecideInput) contract.Decision { return contract.Decision{Ruling: contract.RulingGrant} }
	require.Equal(t, contract.OutcomeExpired, w.run(t).Outcome)
	require.Empty(t, toldOf(w, contract.EventReviewAsked))
}

func TestTheSubjectIsWarnedBeforeEachEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{asks: func(request *contract.Request) {
		request.Terms.Channels = []string{"chat"}
		request.Terms.Warnings = []contract.Duration{lasting(2 * time.Hour), lasting(10 * time.Minute)}
	}})
	var warned []int
	count := func() { warned = append(warned, len(toldOf(w, contract.EventEnding))) }
	w.at(0, func() { w.review("bob", contract.VerdictApprove) })
	w.at(49*time.Minute, count)
	w.at(51*time.Minute, count)
	w.at(55*time.Minute, func() { w.extend(time.Hour) })
	w.at(109*time.Minute, count)
	w.at(111*time.Minute, count)
	require.Equal(t, contract.OutcomeExpired, w.run(t).Outcome)
	require.Equal(t, []int{0, 1, 1, 2}, warned)
}

func TestAChannelThatIsDownHoldsNothingUpAndIsGivenUpByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{
		asks: func(request *contract.Request) {
			request.Terms.Channels, request.Terms.UpdateIncident, request.Incident = []string{
				"chat",
				"mail",
			}, true, "P1"
		},
		notifyErr: map[string]error{"mail": final(contract.KindUnavailable)},
	})
	w.at(0, func() { w.review("bob", contract.VerdictApprove) })
	status := w.run(t)
	require.Equal(t, time.Hour+afterTheEnd, status.EndedAt.Sub(start))
	require.Equal(t, []string{"requested", "approved", "granted", "expired"}, w.notified["chat"])
	require.Equal(t, []contract.EventKind{
		contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExpired,
	}, w.noted)
	require.Equal(t, 1, count(w.events, contract.EventChannelAbandoned))
}

func count(events []contract.EventKind, kind contract.EventKind) (n int) {
	for _, event := range events {
		if event == kind {
			n++
		}
	}
	return n
}
