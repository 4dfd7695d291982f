package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// behindGlass is a world whose policy opens at once.
func behindGlass(t *testing.T, w *world) *world {
	t.Helper()
	w.asks = func(request *contract.Request) {
		request.BreakGlass, request.Ticket = true, ""
		request.Terms.Channels = []string{"chat"}
		request.Terms.Rules.BreakGlass = contract.BreakGlassRule{
			Groups: []string{
				"oncall",
			},
			ReviewWithin: lasting(24 * time.Hour),
			Ticket:       contract.TicketPlace{Project: "OPS", Type: "Task"},
		}
	}
	w.policy = func(contract.DecideInput) contract.Decision {
		return contract.Decision{
			Ruling:     contract.RulingGrant,
			Why:        "alice used break-glass access",
			BreakGlass: true,
			Reviewers:  []string{"alice", "bob", "carol"},
		}
	}
	return newWorld(t, w)
}

func TestBreakGlassAccessOpensAtOnceAndEverybodyWhoWasNotAskedIsNotified(t *testing.T) {
	t.Parallel()
	w := behindGlass(t, &world{})
	var held int
	w.at(time.Second, func() { held = len(w.held) })
	w.at(2*time.Hour, func() { w.review("bob", contract.VerdictApprove) })
	status := w.run(t)
	require.Equal(t, 2, held)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.Contains(t, w.notified["chat"], "break-glass-used to bob carol")
	require.Equal(t, []contract.EventKind{
		contract.EventRequested, contract.EventBreakGlassUsed, contract.EventApproved,
	}, w.comments[:3], "the ticket that was opened has the whole story")
	require.Equal(t, "OPS-99", status.Ticket)
	require.Equal(t, "OPS", w.opened.Project)
}

func TestATicketIsOpenedForWhatIsApprovedWithoutOne(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		verdict contract.Verdict
		ticket  string
		told    []contract.EventKind
	}{
		"approved": {
			contract.VerdictApprove, "OPS-99",
			[]contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExpired},
		},
		"denied": {contract.VerdictDeny, "", nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &world{asks: func(request *contract.Request) {
				request.Ticket = ""
				request.Terms.Rules.Ticket.Open = contract.TicketPlace{Project: "OPS", Type: "Task"}
			}})
			w.at(time.Minute, func() { w.review("bob", tc.verdict) })
			require.Equal(t, tc.ticket, w.run(t).Ticket)
			require.Equal(t, tc.told, w.comments)
		})
	}
}

func TestABreakGlassRequestStaysOpenUntilASecondPersonHasReviewedIt(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		after   time.Duration
		verdict contract.Verdict
	}{
		"while the access is live":   {30 * time.Minute, contract.VerdictApprove},
		"after the access has ended": {3 * time.Hour, contract.VerdictApprove},
		"late, and against it":       {10 * 24 * time.Hour, contract.VerdictDeny},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := behindGlass(t, &world{unfit: "mallory"})
			var own, unfit, first, again *answered
			w.at(tc.after-time.Minute, func() {
				own = w.review("alice", contract.VerdictApprove)
				unfit = w.update(contract.UpdateReview, contract.ReviewInput{Review: contract.Sealed[contract.Review]{
					Fact: contract.Review{
						Request:  "01TEST",
						Reviewer: "mallory",
						Verdict:  contract.VerdictApprove,
						Rules:    []string{"ops"},
					},
				}})
			})
			w.at(tc.after, func() { first = w.review("bob", tc.verdict) })
			w.at(tc.after, func() { again = w.review("carol", tc.verdict) })
			status := w.run(t)
			require.ErrorContains(t, own.refused, "nobody reviews their own request")
			require.Error(t, unfit.failed, "the policy does not let them review it")
			require.NoError(t, first.failed)
			require.ErrorContains(t, again.failed, "bob has reviewed it already")
			require.Equal(t, "bob", status.PostReview.Reviewer)
			require.Equal(t, tc.verdict, status.PostReview.Verdict)
			late := tc.after > 24*time.Hour
			require.Equal(t, late, len(w.alarms) > 0, "operators hear of it when nobody reviews it in time")
			if late {
				require.Contains(t, w.notified["chat"], "break-glass-review-overdue to bob carol")
			}
		})
	}
}

func TestNothingIsReviewedAfterwardsThatWasNeverOpened(t *testing.T) {
	t.Parallel()
	w := behindGlass(t, &world{holdErr: map[string]error{"two": final(contract.KindDenied)}})
	require.Equal(t, contract.OutcomeFailed, w.run(t).Outcome)
	require.False(t, w.env.Now().After(start.Add(time.Hour)), "it waits for nobody")
}

func TestP2BreakGlassAccessIsExtendedNoFurtherThanItsOwnMaximum(t *testing.T) {
	t.Parallel()
	w := behindGlass(t, &world{})
	opens := w.asks
	w.asks = func(request *contract.Request) {
		opens(request)
		request.Terms.Rules.BreakGlass.MaxDuration = lasting(
			75 * time.Minute,
		) // it lasts an hour, of at most three by the template
	}
	var tooLong, fits *answered
	w.at(10*time.Minute, func() { tooLong = w.extend(16 * time.Minute) })
	w.at(11*time.Minute, func() { fits = w.extend(15 * time.Minute) })
	w.at(3*time.Hour, func() { w.review("bob", contract.VerdictApprove) })
	status := w.run(t)
	require.ErrorContains(t, tooLong.refused, "the maximum of 1h15m")
	require.NoError(t, fits.refused)
	require.NoError(t, fits.failed)
	require.Equal(t, lasting(75*time.Minute), status.MaxDuration)
	require.Equal(t, 75*time.Minute, status.Until.Sub(*status.GrantedAt))
}
