package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// vouched leaves of a question what the server has sealed. A request or an extension that it has not is forged; a review
// that it has not is not counted. Both are put into the ledger before anything is decided.
func (a *Activities) vouched(ctx context.Context, in contract.DecideInput) (_ contract.DecideInput, forged *contract.Problem, err error) {
	if a.Verifier == nil {
		return in, nil, nil
	}
	request := in.Request.Fact
	claims, fault := a.Verifier.Verify(seal.OfRequest(request), request, in.Request.Seal)
	if fault == nil && in.Extension != nil {
		fault = a.extension(*in.Extension, claims.Digest, in.Anew)
	}
	if fault != nil {
		problem := contract.AsProblem(fault)
		return in, problem, a.raise(ctx, request.ID, in.Request.Seal, problem)
	}
	shown := claims.Digest
	if in.Anew && in.Extension != nil {
		if shown, err = seal.Digest(in.Extension.Fact); err != nil {
			return in, nil, err
		}
	}
	var kept []contract.Sealed[contract.Review]
	for _, review := range in.Reviews {
		if _, fault := a.Verifier.Verify(seal.OfReview(review.Fact, shown), review.Fact, review.Seal); fault != nil {
			if err := a.raise(ctx, request.ID, review.Fact.Reviewer+review.Seal, contract.AsProblem(fault)); err != nil {
				return in, nil, err
			}
			continue
		}
		kept = append(kept, review)
	}
	in.Reviews = kept
	return in, nil, nil
}

// extension refuses one that neither a seal nor reviews of it vouch for.
func (a *Activities) extension(sealed contract.Sealed[contract.Extension], shown string, reviewed bool) error {
	if sealed.Seal == "" && reviewed {
		return nil // it came as a signal, and only reviews of it that are sealed count
	}
	_, err := a.Verifier.Verify(seal.OfExtension(sealed.Fact, shown), sealed.Fact, sealed.Seal)
	return err
}

// raise tells operators of something that claims to be the server's and is not; the same thing once.
func (a *Activities) raise(ctx context.Context, request, what string, problem *contract.Problem) error {
	sum := sha256.Sum256([]byte(what))
	return a.Alarms.Raise(ctx, contract.Alarm{
		ID:   fmt.Sprintf("%s/%s/%s", contract.AlarmForged, contract.Shorten(request, 64), hex.EncodeToString(sum[:8])),
		Kind: contract.AlarmForged, At: time.Now().UTC(), Requests: []string{contract.Shorten(request, 64)}, Actor: contract.ActorPolicy,
		Text: "Somebody who can write to the Temporal namespace sent what Curfew's server has not sealed: " + problem.Error(),
	})
}
