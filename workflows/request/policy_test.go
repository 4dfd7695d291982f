package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/workflows/contract"
)

func lasting(d time.Duration) contract.Duration { return contract.Duration{Duration: d} }

func TestThePolicyIsAskedAgainWhenMorePeopleMayReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{})
	var asked []time.Duration
	w.policy = func(in contract.DecideInput) contract.Decision {
		asked = append(asked, w.env.Now().Sub(start).Round(time.Minute))
		switch {
		case len(in.Reviews) > 0:
			return contract.Decision{Ruling: contract.RulingGrant, Why: "approved"}
		case len(asked) == 1:
			return contract.Decision{
				Ruling:    contract.RulingReview,
				Reviewers: []string{"bob"},
				Again:     start.Add(15 * time.Minute),
			}
		}
		return contract.Decision{Ruling: contract.RulingReview, Reviewers: []string{"bob", "dave"}}
	}
	var early, late *answered
	w.at(5*time.Minute, func() { early = w.review("dave", contract.VerdictApprove) })
	w.at(20*time.Minute, func() { late = w.review("dave", contract.VerdictApprove) })
	status := w.run(t)
	require.ErrorContains(t, early.refused, "dave is not a reviewer")
	require.NoError(t, late.refused)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.Equal(t, []time.Duration{0, 15 * time.Minute, 20 * time.Minute}, asked)
}

func TestWhoeverTheServerFoundInAGroupMayReview(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{})
	var got *answered
	w.at(time.Minute, func() {
		got = w.update(contract.UpdateReview, contract.ReviewInput{Review: contract.Sealed[contract.Review]{
			Fact: contract.Review{
				Request:  "01TEST",
				Reviewer: "erin",
				Verdict:  contract.VerdictApprove,
				Rules:    []string{"ops"},
			},
		}})
	})
	require.Equal(t, contract.OutcomeExpired, w.run(t).Outcome)
	require.NoError(t, got.refused)
}

func TestAReviewerShortensTheAccess(t *testing.T) {
	t.Parallel()
	review := func(w *world, d time.Duration) *answered {
		return w.update(contract.UpdateReview, contract.ReviewInput{Review: contract.Sealed[contract.Review]{
			Fact: contract.Review{
				Request:  "01TEST",
				Reviewer: "bob",
				Verdict:  contract.VerdictApprove,
				Duration: lasting(d),
			},
		}})
	}
	w := newWorld(t, &world{})
	w.policy = func(in contract.DecideInput) contract.Decision {
		if len(in.Reviews) == 0 {
			return contract.Decision{Ruling: contract.RulingReview, Reviewers: []string{"bob"}}
		}
		return contract.Decision{Ruling: contract.RulingGrant, Duration: in.Reviews[0].Fact.Duration}
	}
	var longer, negative, shorter *answered
	w.at(time.Minute, func() { longer = review(w, 61*time.Minute) })
	w.at(2*time.Minute, func() { negative = review(w, -1) })
	w.at(3*time.Minute, func() { shorter = review(w, 20*time.Minute) })
	status := w.run(t)
	require.ErrorContains(t, longer.refused, "approve 1h or less")
	require.ErrorContains(t, negative.refused, "approve 1h or less")
	require.NoError(t, shorter.refused)
	require.Equal(t, lasting(20*time.Minute), status.Duration)
	require.Less(t, status.Until.Sub(*status.GrantedAt), 21*time.Minute)
}

func TestAnExtensionWaitsForReviewsWhereTheTermsAskForThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{})
	var questions []contract.DecideInput
	w.policy = func(in contract.DecideInput) contract.Decision {
		questions = append(questions, in)
		if len(in.Reviews) == 0 || in.Extension != nil && len(in.Extension.Reviews) == 0 {
			return contract.Decision{Ruling: contract.RulingReview}
		}
		return contract.Decision{Ruling: contract.RulingGrant}
	}
	var asked, twice, own *answered
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	w.at(10*time.Minute, func() { asked = w.extend(30 * time.Minute) })
	w.at(11*time.Minute, func() { twice = w.extend(30 * time.Minute) })
	w.at(12*time.Minute, func() { own = w.review("alice", contract.VerdictApprove) })
	w.at(13*time.Minute, func() { w.review("carol", contract.VerdictApprove) })
	in := input()
	in.Request.Fact.Terms.Rules.Extension.Review = true
	w.env.ExecuteWorkflow(Request, in)
	var status contract.Status
	require.NoError(t, w.env.GetWorkflowResult(&status))
	require.True(t, asked.done)
	require.NoError(t, asked.failed)
	require.ErrorContains(t, twice.refused, "another extension is waiting")
	require.ErrorContains(t, own.refused, "nobody reviews their own request")
	last := questions[len(questions)-1].Extension
	require.True(t, last.Anew)
	require.Equal(t, lasting(30*time.Minute), last.Asked.Fact.Duration)
	require.Equal(t, "carol", last.Reviews[0].Fact.Reviewer)
	require.Equal(t, 90*time.Minute, status.Until.Sub(*status.GrantedAt).Round(time.Minute))
}

// Whatever is asked around the limit, the end is never later than the maximum after the grant, and there always is one.
func TestNoSequenceOfExtensionsPassesTheMaximum(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(rt *rapid.T) {
		w := newWorld(t, &world{})
		w.at(time.Second, func() { w.review("bob", contract.VerdictApprove) })
		for i := range rapid.IntRange(1, 5).Draw(rt, "extensions") {
			near := rapid.SampledFrom([]time.Duration{0, time.Hour, 2 * time.Hour, 3 * time.Hour, 1<<63 - 1}).
				Draw(rt, "near")
			by := rapid.SampledFrom([]time.Duration{-1, 0, 1, -time.Second, time.Second, -time.Minute, time.Minute, time.Hour}).
				Draw(rt, "by")
			at := time.Duration(rapid.IntRange(2, 3*3600).Draw(rt, "at"))*time.Second + time.Duration(i)
			w.at(at, func() { w.extend(near + by) })
		}
		status := w.run(t)
		require.NotNil(t, status.Until)
		require.False(t, status.Until.After(status.GrantedAt.Add(3*time.Hour)))
		require.True(t, status.Until.After(*status.GrantedAt))
		require.Equal(t, contract.OutcomeExpired, status.Outcome)
	})
}
