package starter

import (
	"context"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// sealed vouches for a fact that the server has checked: every fact on its way into Temporal passes here. A server
// without a key sends it as it is.
func sealed[T any](s *Starter, matter seal.Matter, fact T) (contract.Sealed[T], error) {
	if s.signer == nil {
		return contract.Sealed[T]{Fact: fact}, nil
	}
	vouched, err := seal.Of(s.signer, matter, now(), fact)
	if err != nil {
		return vouched, problemOf(err, matter.Request)
	}
	return vouched, nil
}

// shown is the digest of what a reviewer has before them, or of the request that an extension is for: what they say
// counts for that and nothing else. A request that no server has sealed is nobody's to review.
func (s *Starter) shown(ctx context.Context, id string) (string, error) {
	if s.signer == nil {
		return "", nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var request contract.Sealed[contract.Request]
	answer, err := s.temporal.QueryWorkflow(ctx, contract.RequestWorkflowID(id), "", contract.QueryRequest)
	if err == nil {
		err = answer.Get(&request)
	}
	if err != nil {
		return "", problemOf(err, id)
	}
	claims, err := s.verifier.Verify(seal.OfRequest(request.Fact), request.Fact, request.Seal)
	return claims.Digest, err
}

// shownOf is the digest of what is to be reviewed now: the extension that waits, or the request.
func (s *Starter) shownOf(ctx context.Context, status contract.Status) (string, error) {
	digest, err := s.shown(ctx, status.ID)
	if err != nil || s.signer == nil || status.Extension == nil {
		return digest, err
	}
	return seal.Digest(*status.Extension)
}
