package starter

import (
	"context"
	"slices"

	"go.temporal.io/api/serviceerror"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// dated are the kinds of facts whose date counts when access is decided and given. The others end it, or only lead to
// them: no clock holds them up.
var dated = []contract.SealKind{
	contract.SealRequest,
	contract.SealReview,
	contract.SealExtension,
	contract.SealCertificate,
}

// sealed vouches for a fact that the server has checked: every fact on its way into Temporal passes here. A server
// without a key sends it as it is. While the server's clock is off, what gives access is refused.
func sealed[T any](s *shared, matter seal.Matter, fact T) (contract.Sealed[T], error) {
	if slices.Contains(dated, matter.Kind) {
		if err := s.clock.Check(); err != nil {
			return contract.Sealed[T]{Fact: fact}, problemOf(err, matter.Request)
		}
	}
	if s.signer == nil {
		return contract.Sealed[T]{Fact: fact}, nil
	}
	sealedFact, err := seal.Of(s.signer, matter, now(), fact)
	if err != nil {
		return sealedFact, problemOf(err, matter.Request)
	}
	return sealedFact, nil
}

// ReviewSubject returns what the actor can see of a request exactly as it was asked for, and the digest of what is to
// be reviewed now: that, or the extension that waits. A review is bound to the digest.
func (s *Snapshot) ReviewSubject(ctx context.Context, actor, id string) (contract.Request, string, error) {
	status, err := s.find(ctx, actor, id, OperationReviewSubject)
	if err != nil {
		return contract.Request{}, "", err
	}
	request, digest, err := s.sealedRequest(ctx, id)
	if err == nil && status.Extension != nil {
		digest, err = seal.Digest(*status.Extension)
	}
	return request, digest, err
}

// sealedRequest is the request as the server has let it into Temporal, with its digest. A request that no server has
// sealed is nobody's to review.
func (s *Snapshot) sealedRequest(ctx context.Context, id string) (contract.Request, string, error) {
	if known, ok := s.digests.Get(id); ok {
		return known.request, known.digest, nil
	}
	within, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	var request contract.Sealed[contract.Request]
	answer, err := s.temporal.QueryWorkflow(within, contract.RequestWorkflowID(id), "", contract.QueryRequest)
	if err == nil {
		err = answer.Get(&request)
	}
	if isA[*serviceerror.QueryFailed](
		err,
	) { // the worker is confused for a moment; what was asked stands in Temporal too
		request, err = s.firstRequest(ctx, id)
	}
	if err != nil {
		return contract.Request{}, "", s.unanswered(ctx, err, id)
	}
	digest, err := s.digestOf(request)
	if err != nil {
		return contract.Request{}, "", err
	}
	s.digests.Add(id, digests{request.Fact, digest})
	return request.Fact, digest, nil
}

// digestOf is what a review of a request is bound to, when the request is the server's.
func (s *Snapshot) digestOf(request contract.Sealed[contract.Request]) (string, error) {
	if s.verifier == nil {
		return seal.Digest(request.Fact)
	}
	claims, err := s.verifier.Verify(seal.OfRequest(request.Fact), request.Fact, request.Seal)
	return claims.Digest, err
}

// mostDigests is how many requests are kept, so that many who review one at once don't ask its workflow what never
// changes.
const mostDigests = 1024

// digests is a request as it was asked, with its digest.
type digests struct {
	request contract.Request
	digest  string
}

// reviewDigest is the digest of what is to be reviewed now: the extension that waits, or the request.
func (s *Snapshot) reviewDigest(ctx context.Context, status contract.Status) (string, error) {
	_, digest, err := s.sealedRequest(ctx, status.ID)
	if err != nil || status.Extension == nil {
		return digest, err
	}
	return seal.Digest(*status.Extension)
}
