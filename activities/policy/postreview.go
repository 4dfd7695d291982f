package policy

import (
	"context"

	"curfew/activities"
	"curfew/internal/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// PostReview is the activity contract.ActivityPostReview: it refuses a review that may not count for break-glass
// access. Whoever may approve such a request may review it afterwards; those who gained by it may not.
func (a *Activities) PostReview(ctx context.Context, in contract.PostReviewInput) error {
	return activities.Error(a.snapshot().postReview(ctx, in))
}

func (a *Activities) postReview(ctx context.Context, in contract.PostReviewInput) error {
	if forged := a.verifyPostReview(in); forged != nil {
		problem := contract.AsProblem(forged)
		if problem.Kind != contract.KindForbidden {
			return problem
		}
		if err := a.raise(ctx, in.Request.Fact.ID, "post-review "+in.Review.Seal, problem); err != nil {
			return err
		}
		return problem
	}
	facts, err := a.parties(ctx, in.Request.Fact, []contract.Review{in.Review.Fact})
	if err != nil {
		return err
	}
	if reviewer := in.Review.Fact.Reviewer; len(policy.MayReview(facts, reviewer, facts.Now)) == 0 {
		return contract.Forbidden("%s may not review it", contract.Shorten(reviewer, 64)).
			At("reviewer").
			Advise("have one of the request's reviewers review it")
	}
	return nil
}

func (a *Activities) verifyPostReview(in contract.PostReviewInput) error {
	if a.Verifier == nil {
		return nil
	}
	claims, err := a.Verifier.Verify(seal.OfRequest(in.Request.Fact), in.Request.Fact, in.Request.Seal)
	if err != nil {
		return err
	}
	_, err = a.Verifier.Verify(seal.OfReview(in.Review.Fact, claims.Digest), in.Review.Fact, in.Review.Seal)
	return err
}
