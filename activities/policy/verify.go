package policy

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"time"

	"curfew/internal/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// question is what is to be decided, every part of which the server has sealed.
type question struct {
	contract.DecideInput
	refused []int                 // the places of the reviews that were left out
	grounds contract.Grounds      // what a decision to grant would rest on
	fact    contract.DecisionFact // which names them
	about   string                // the digest of the extension; empty when the request itself is to be decided
}

func (q question) request() contract.Request { return q.Request.Fact }

// reviews are those that the question is about.
func (q *question) reviews() *[]contract.Sealed[contract.Review] {
	if q.Extension != nil && q.Extension.Anew {
		return &q.Extension.Reviews
	}
	return &q.Reviews
}

// said is what the reviews say.
func (q *question) said() (reviews []contract.Review) {
	for _, sealed := range *q.reviews() {
		reviews = append(reviews, sealed.Fact)
	}
	return reviews
}

// extension is how long the access would last with what is asked now; nil when the request itself is to be decided.
func (q question) extension() *policy.Extension {
	asked := q.Extension
	if asked == nil {
		return nil
	}
	by := asked.Asked.Fact.Duration.Duration
	x := &policy.Extension{Earlier: len(asked.Earlier), Anew: asked.Anew}
	x.Total.Duration, x.Added.Duration = asked.Held.Fact.Lasts.Duration+by, by
	for _, earlier := range asked.Earlier {
		x.Added.Duration += earlier.Fact.Duration.Duration
	}
	return x
}

// verifiedQuestion leaves of a question what the server has sealed. A request or an extension that it has not is
// forged; a review that it has not is left out. Both are put into the ledger before anything is decided.
func (s *snapshot) verifiedQuestion(
	ctx context.Context,
	in contract.DecideInput,
) (q question, forged *contract.Problem, err error) {
	q = question{DecideInput: in}
	if x := in.Extension; x != nil {
		own := *x
		q.Extension = &own
		if q.about, err = seal.Digest(x.Asked.Fact); err != nil {
			return q, nil, err
		}
	}
	if s.verifier == nil {
		q.collect()
		return q, nil, nil
	}
	request := q.request()
	claims, fault := s.verifier.Verify(seal.OfRequest(request), request, q.Request.Seal)
	if fault == nil {
		if err := s.leaveOut(ctx, &q, claims.Digest); err != nil {
			return q, nil, err
		}
		q.collect()
		fault = s.check(&q)
	}
	if fault != nil {
		problem := contract.AsProblem(fault)
		if problem.Kind != contract.KindForbidden {
			return q, nil, problem
		}
		return q, problem, s.raise(ctx, request.ID, in.Request.Seal+q.about, problem)
	}
	return q, nil, nil
}

// leaveOut leaves out the reviews that are not sealed.
func (s *snapshot) leaveOut(ctx context.Context, q *question, shown string) error {
	if q.Extension != nil && q.Extension.Anew {
		shown = q.about
	}
	reviews := q.reviews()
	var kept []contract.Sealed[contract.Review]
	for i, review := range *reviews {
		_, fault := s.verifier.Verify(seal.OfReview(review.Fact, shown), review.Fact, review.Seal)
		if fault == nil {
			kept = append(kept, review)
			continue
		}
		problem := contract.AsProblem(fault)
		if problem.Kind != contract.KindForbidden {
			return problem
		}
		q.refused = append(q.refused, i)
		if err := s.raise(ctx, q.request().ID, review.Fact.Reviewer+review.Seal, problem); err != nil {
			return err
		}
	}
	*reviews = kept
	return nil
}

// collect puts together what a decision would rest on.
func (q *question) collect() {
	q.grounds = contract.Grounds{Request: q.Request, Reviews: q.Reviews}
	q.fact.Request = q.request().ID
	if x := q.Extension; x != nil {
		q.grounds.Reviews = slices.Concat(q.Reviews, x.EarlierReviews, x.Reviews)
		q.grounds.Extensions = slices.Concat(x.Earlier, []contract.Sealed[contract.Extension]{x.Asked})
	}
}

// check holds that the grounds belong together, and that the access which is to last longer was decided on those that
// it has had until now.
func (s *snapshot) check(q *question) error {
	x := q.Extension
	if x == nil {
		return s.ground(q)
	}
	held := contract.Chain{
		Grounds: contract.Grounds{
			Request: q.Request, Reviews: slices.Concat(q.Reviews, x.EarlierReviews), Extensions: x.Earlier,
		},
		Decision: x.Held,
	}
	if err := s.verifier.Decided(held); err != nil {
		return err
	}
	if x.Asked.Seal == "" && x.Anew && !slices.ContainsFunc(x.Reviews, approves) {
		return nil // it came as a signal, and waits for a reviewer to approve it
	}
	return s.ground(q)
}

func approves(review contract.Sealed[contract.Review]) bool {
	return review.Fact.Verdict == contract.VerdictApprove
}

func (s *snapshot) ground(q *question) (err error) {
	q.fact, err = s.verifier.Grounds(q.grounds)
	return err
}

// raise raises an alarm for something that claims to be the server's and is not; once for the same thing.
func (s *snapshot) raise(ctx context.Context, request, what string, problem *contract.Problem) error {
	sum := sha256.Sum256([]byte(what))
	return s.alarms.Raise(ctx, contract.Alarm{
		ID: fmt.Sprintf(
			"%s/%s/%s",
			contract.AlarmForged,
			contract.Shorten(request, 64),
			hex.EncodeToString(sum[:8]),
		),
		Kind:     contract.AlarmForged,
		At:       time.Now().UTC(),
		Requests: []string{contract.Shorten(request, 64)},
		Actor:    contract.ActorPolicy,
		Text:     "Somebody who can write to the Temporal namespace sent what Curfew's server has not sealed: " + problem.Error(),
	})
}
