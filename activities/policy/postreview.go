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
	return activities.Error(a.current().postReview(ctx, in))
}

func (s *snapshot) postReview(ctx context.Context, in contract.PostReviewInput) error {
	if forged := s.verifyPostReview(in); forged != nil {
		problem := contract.AsProblem(forged)
		if problem.Kind != contract.KindForbidden {
			return problem
		}
		if err := s.raise(ctx, in.Request.Fact.ID, "post-review "+in.Review.Seal, problem); err != nil {
			return err
		}
		return problem
	}
	facts, err := s.facts.Parties(ctx, in.Request.Fact, []contract.Review{in.Review.Fact})
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

func (s *snapshot) verifyPostReview(in contract.PostReviewInput) error {
	if s.verifier == nil {
		return nil
	}
	claims, err := s.verifier.Verify(seal.OfRequest(in.Request.Fact), in.Request.Fact, in.Request.Seal)
	if err != nil {
		return err
	}
	_, err = s.verifier.Verify(seal.OfReview(in.Review.Fact, claims.Digest), in.Review.Fact, in.Review.Seal)
	return err
}
