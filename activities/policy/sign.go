package policy

import (
	"context"

	"curfew/activities"
	"curfew/internal/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Sign is the activity contract.ActivitySign: it refuses a review that may not sign what was done behind the glass. Whoever
// may approve such a request may sign it afterwards; those who gained by it may not.
func (a *Activities) Sign(ctx context.Context, in contract.SignInput) error {
	return activities.Error(a.today().sign(ctx, in))
}

func (a *Activities) sign(ctx context.Context, in contract.SignInput) error {
	if forged := a.sealedSignature(in); forged != nil {
		problem := contract.AsProblem(forged)
		if err := a.raise(ctx, in.Request.Fact.ID, "signature "+in.Review.Seal, problem); err != nil {
			return err
		}
		return problem
	}
	facts, err := a.parties(ctx, in.Request.Fact, []contract.Review{in.Review.Fact})
	if err != nil {
		return err
	}
	if reviewer := in.Review.Fact.Reviewer; len(policy.MayReview(facts, reviewer, facts.Now)) == 0 {
		return contract.Problemf(contract.KindForbidden, "reviewer", "have one of the request's reviewers sign it",
			"%s may not sign it", contract.Shorten(reviewer, 64))
	}
	return nil
}

func (a *Activities) sealedSignature(in contract.SignInput) error {
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
