package policy_test

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/internal/policy"
	"curfew/workflows/contract"
)

var everybody = []string{"ada", "grace", "edsger", "barbara", "mallory", "trent"}

// anyFacts are mostly such that the reviews decide, so that grants are not rare.
func anyFacts(t *rapid.T) policy.Facts {
	someone := rapid.SampledFrom(everybody)
	rule := rapid.Custom(func(t *rapid.T) contract.ApprovalRule {
		return contract.ApprovalRule{
			Count: rapid.IntRange(0, 3).Draw(t, "count"),
			From:  rapid.SliceOfN(someone, 2, 8).Draw(t, "from"),
		}
	})
	mostly := rapid.SampledFrom([]bool{true, true, true, true, true, true, false})
	facts := policy.Facts{
		Request: contract.Request{
			ID: "r1", Requester: someone.Draw(t, "requester"), Subject: someone.Draw(t, "subject"), Duration: hours(2),
			Terms: contract.Terms{Digest: "d1", MaxDuration: hours(4), Approval: rule.Draw(t, "pinned")},
		},
		Reviews:         rapid.SliceOfN(rapid.Custom(anyReview), 0, 8).Draw(t, "reviews"),
		TemplatePresent: mostly.Draw(t, "present"), TemplateDigest: "d1", MaxDuration: hours(4),
		People: map[string]bool{},
		Ticket: policy.Ticket{Required: true, Found: mostly.Draw(t, "found")},
	}
	facts.Rule = facts.Request.Terms.Approval
	if rapid.Bool().Draw(t, "changed") {
		facts.TemplateDigest, facts.Rule = "d2", rule.Draw(t, "rule")
	}
	for _, person := range everybody {
		facts.People[person] = mostly.Draw(t, person)
	}
	return facts
}

func anyReview(t *rapid.T) contract.Review {
	return contract.Review{
		Request:  rapid.SampledFrom([]string{"r1", "r1", "r1", "r2"}).Draw(t, "request"),
		Reviewer: rapid.SampledFrom(everybody).Draw(t, "reviewer"),
		Verdict: rapid.SampledFrom([]contract.Verdict{
			contract.VerdictApprove, contract.VerdictApprove, contract.VerdictApprove, contract.VerdictDeny,
		}).Draw(t, "verdict"),
		At: asked.Add(time.Duration(rapid.IntRange(0, 5).Draw(t, "minute")) * time.Minute),
	}
}

// may is the rule in other words than the code's.
func may(facts policy.Facts, person string) bool {
	return person != facts.Request.Requester && person != facts.Request.Subject && facts.People[person] &&
		slices.Contains(facts.Rule.From, person) && slices.Contains(facts.Request.Terms.Approval.From, person)
}

func TestP1_AGrantHasAllItsDistinctEligibleApprovalsAndNoObjection(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		decision := policy.Decide(facts)
		require.NotEmpty(t, decision.Why)
		if decision.Ruling != contract.RulingGrant {
			return
		}
		approved := map[string]bool{}
		for _, review := range facts.Reviews {
			if review.Request == facts.Request.ID && review.Verdict == contract.VerdictApprove && may(facts, review.Reviewer) {
				approved[review.Reviewer] = true
			}
		}
		require.True(t, facts.TemplatePresent)
		require.GreaterOrEqual(t, decision.Needed, max(1, facts.Rule.Count, facts.Request.Terms.Approval.Count))
		require.GreaterOrEqual(t, len(approved), decision.Needed)
		for _, review := range facts.Reviews {
			objects := review.Request == facts.Request.ID && review.Verdict == contract.VerdictDeny && may(facts, review.Reviewer)
			require.False(t, objects && first(facts, review), "granted over the objection of %s", review.Reviewer)
		}
	})
}

// first is true when nobody's earlier review takes the place of this one.
func first(facts policy.Facts, review contract.Review) bool {
	return !slices.ContainsFunc(facts.Reviews, func(other contract.Review) bool {
		return other.Request == review.Request && other.Reviewer == review.Reviewer && other.At.Before(review.At)
	})
}

func TestTheOrderOfReviewsDoesNotMatter(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		want := policy.Decide(facts)
		facts.Reviews = rapid.Permutation(facts.Reviews).Draw(t, "order")
		require.Equal(t, want, policy.Decide(facts))
	})
}

func TestAnApprovalMoreNeverTakesAGrantBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		if policy.Decide(facts).Ruling != contract.RulingGrant {
			return
		}
		approval := anyReview(t)
		approval.Verdict = contract.VerdictApprove
		facts.Reviews = append(facts.Reviews, approval)
		require.Equal(t, contract.RulingGrant, policy.Decide(facts).Ruling)
	})
}

func TestWhoeverMayStillReviewCanMakeADifference(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		facts := anyFacts(t)
		decision := policy.Decide(facts)
		if decision.Ruling != contract.RulingReview {
			require.Empty(t, decision.From)
			return
		}
		for _, person := range decision.From {
			require.True(t, may(facts, person))
			facts.Reviews = append(facts.Reviews, contract.Review{
				Request: "r1", Reviewer: person, Verdict: contract.VerdictApprove, At: asked.Add(time.Hour),
			})
		}
		require.Equal(t, contract.RulingGrant, policy.Decide(facts).Ruling)
	})
}
