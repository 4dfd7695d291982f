package seal

import (
	"slices"
	"time"

	"curfew/workflows/contract"
)

// mostGrounds bounds the reviews and extensions of one request, each of which costs a signature to check.
const mostGrounds = 1000

// Allows returns the decision that allows one access of a request, when a chain of seals shows one. It refuses, with
// contract.KindForbidden, what Grounds refuses; and a chain of another request, a decision that is not the decider's,
// that rests on other facts than these or does not grant, an access that the request does not ask for, and a length or
// an end that its sealed duration and extensions can't reach.
func (v *Verifier) Allows(chain contract.Chain, request string, access contract.Access) (contract.DecisionFact, error) {
	none := contract.DecisionFact{}
	if err := v.Decided(chain); err != nil {
		return none, err
	}
	decision := chain.Decision.Fact
	switch {
	case decision.Request != request:
		return none, contract.Forbidden("it is the request %q, and not %q", contract.Shorten(decision.Request, 64), contract.Shorten(request, 64)).
			At(string(contract.SealRequest)).
			Advise(askTheServer)
	case !asksFor(chain.Request.Fact, access):
		return none, contract.Forbidden("it does not ask for this access to %s", contract.Shorten(access.Target, 64)).
			At(string(contract.SealRequest)).
			Advise("ask for it")
	}
	return decision, nil
}

// Decided refuses what is not a decision to grant, by a decider, on these grounds and within what they allow.
func (v *Verifier) Decided(chain contract.Chain) error {
	if err := v.ruled(chain, contract.RulingGrant); err != nil {
		return err
	}
	decision := chain.Decision.Fact
	switch {
	case decision.Lasts.Duration <= 0 || decision.Lasts.Duration > Longest(chain.Grounds):
		return contract.Forbidden("it allows %s, that the request does not", decision.Lasts).
			At(string(contract.SealDecision)).
			Advise("decide anew")
	case decision.Until.After(Latest(chain.Grounds)):
		return contract.Forbidden("it allows an end, %s, that the request does not", decision.Until.Format(time.RFC3339)).
			At(string(contract.SealDecision)).
			Advise("decide anew")
	}
	return nil
}

// Scheduled refuses what is not a decision, by a decider and on these grounds, to grant when the start has come. It
// gives no access: by then it is decided again.
func (v *Verifier) Scheduled(chain contract.Chain) error {
	return v.ruled(chain, contract.RulingScheduled)
}

// ruled refuses what is not a decision with a ruling, by a decider, on these grounds.
func (v *Verifier) ruled(chain contract.Chain, ruling contract.Ruling) error {
	rests, err := v.Grounds(chain.Grounds)
	if err != nil {
		return err
	}
	decision := chain.Decision.Fact
	if _, err := v.Verify(OfDecision(decision), decision, chain.Decision.Seal); err != nil {
		return err
	}
	switch {
	case !sameGrounds(decision, rests):
		return contract.Forbidden("it was made on other facts than these").
			At(string(contract.SealDecision)).
			Advise("decide anew")
	case decision.Ruling != ruling:
		return contract.Forbidden("its ruling is %q", contract.Shorten(string(decision.Ruling), 32)).
			At(string(contract.SealDecision)).
			Advise("decide anew")
	}
	return nil
}

// Grounds checks what a decision is to rest on, and returns a decision fact that names it: the ruling, the end and the
// policy are the decider's to add. It refuses, with contract.KindForbidden, what is not sealed by the server or is
// about another request; a fact that is there twice; a review of something else, of the reviewer's own request, access
// or extension; and an extension that has neither a seal nor an approving review.
func (v *Verifier) Grounds(grounds contract.Grounds) (contract.DecisionFact, error) {
	request := grounds.Request.Fact
	if len(grounds.Reviews)+len(grounds.Extensions) > mostGrounds {
		return contract.DecisionFact{}, contract.Forbidden("it has more than %d reviews and extensions", mostGrounds).
			At(string(contract.SealRequest)).
			Advise("make a new request")
	}
	claims, err := v.Verify(OfRequest(request), request, grounds.Request.Seal)
	if err != nil {
		return contract.DecisionFact{}, err
	}
	t := table{
		verifier: v, request: request, digest: claims.Digest,
		parties:  map[string][]string{claims.Digest: {request.Requester, request.Subject}},
		approved: map[string]bool{}, said: map[statement]bool{},
	}
	fact := contract.DecisionFact{Request: request.ID, RequestDigest: claims.Digest}
	if fact.ExtensionDigests, err = t.extensions(grounds.Extensions); err != nil {
		return contract.DecisionFact{}, err
	}
	if fact.ReviewDigests, err = t.reviews(grounds.Reviews); err != nil {
		return contract.DecisionFact{}, err
	}
	for i, digest := range fact.ExtensionDigests {
		if grounds.Extensions[i].Seal == "" && !t.approved[digest] {
			return contract.DecisionFact{}, contract.Forbidden("it has no seal, and no review vouches for it").
				At(string(contract.SealExtension)).
				Advise("have a reviewer approve it")
		}
	}
	slices.Sort(fact.ReviewDigests)
	slices.Sort(fact.ExtensionDigests)
	return fact, nil
}

// table is what lies before those who review a request.
type table struct {
	verifier *Verifier
	request  contract.Request
	digest   string              // of the request
	parties  map[string][]string // by the digest of what can be reviewed: those who gain by it
	approved map[string]bool     // by the same digest
	said     map[statement]bool
}

// statement is one that a person may make once.
type statement struct {
	reviewer string
	shown    string
}

// extensions checks those that have a seal, and returns the digests of all, in their order.
func (t *table) extensions(sealed []contract.Sealed[contract.Extension]) ([]string, error) {
	var digests []string
	for _, s := range sealed {
		digest, err := Digest(s.Fact)
		if err != nil {
			return nil, contract.Forbidden("%v", err).At(string(contract.SealExtension)).Advise(askTheServer)
		}
		if s.Seal != "" {
			if _, err := t.verifier.Verify(OfExtension(s.Fact, t.digest), s.Fact, s.Seal); err != nil {
				return nil, err
			}
		}
		switch {
		case s.Fact.Request != t.request.ID:
			return nil, anotherRequest(contract.SealExtension, s.Fact.Request)
		case s.Fact.Duration.Duration <= 0:
			return nil, contract.Forbidden("%s makes nothing longer", s.Fact.Duration).
				At(string(contract.SealExtension)).
				Advise("ask for a time like 30m")
		case slices.Contains(digests, digest):
			return nil, contract.Forbidden("it is there twice").
				At(string(contract.SealExtension)).
				Advise("name it once")
		}
		digests = append(digests, digest)
		t.parties[digest] = []string{t.request.Requester, t.request.Subject, s.Fact.By}
	}
	return digests, nil
}

// reviews checks every review, and returns their digests, in their order.
func (t *table) reviews(sealed []contract.Sealed[contract.Review]) ([]string, error) {
	var digests []string
	for _, s := range sealed {
		review := s.Fact
		claims, err := t.verifier.read(contract.SealReview, s.Seal)
		if err != nil {
			return nil, err
		}
		if err := claims.cover(OfReview(review, claims.Shown), review); err != nil {
			return nil, err
		}
		parties, shown := t.parties[claims.Shown]
		says := statement{review.Reviewer, claims.Shown}
		switch {
		case review.Request != t.request.ID:
			return nil, anotherRequest(contract.SealReview, review.Request)
		case !shown:
			return nil, contract.Forbidden("%s was shown something else than this request and its extensions", contract.Shorten(review.Reviewer, 64)).
				At(string(contract.SealReview)).
				Advise("review what is asked for now")
		case slices.Contains(parties, review.Reviewer):
			return nil, contract.Forbidden("%s has asked for it or would get it", contract.Shorten(review.Reviewer, 64)).
				At(string(contract.SealReview)).
				Advise("ask somebody else")
		case t.said[says]:
			return nil, contract.Forbidden("%s has reviewed it twice", contract.Shorten(review.Reviewer, 64)).
				At(string(contract.SealReview)).
				Advise("count one review a person")
		}
		t.said[says] = true
		t.approved[claims.Shown] = t.approved[claims.Shown] || review.Verdict == contract.VerdictApprove
		digests = append(digests, claims.Digest)
	}
	return digests, nil
}

func anotherRequest(kind contract.SealKind, request string) error {
	return contract.Forbidden("it belongs to the request %q", contract.Shorten(request, 64)).
		At(string(kind)).
		Advise(askTheServer)
}

// sameGrounds is true when a decision rests on these facts: on all of them, and on no others.
func sameGrounds(decision, rests contract.DecisionFact) bool {
	return decision.Request == rests.Request && decision.RequestDigest == rests.RequestDigest &&
		slices.Equal(
			decision.ReviewDigests,
			rests.ReviewDigests,
		) && slices.Equal(decision.ExtensionDigests, rests.ExtensionDigests)
}

// asksFor is true when a request asks for an access, for its subject.
func asksFor(request contract.Request, access contract.Access) bool {
	return access.Person == request.Subject &&
		slices.ContainsFunc(request.Terms.Accesses, func(asked contract.Access) bool {
			return asked.GrantID() == access.GrantID()
		})
}

// Latest is when access must be over, whoever decides: a request waits for reviews as long as its terms say, or for the
// start that it asks for, and as long again for its targets; from then on it lasts as it was asked to and extended.
func Latest(grounds contract.Grounds) time.Time {
	request := grounds.Request.Fact
	pending := request.Terms.PendingFor.Duration
	begins := request.AskedAt.Add(pending)
	if request.StartAt.After(begins) {
		begins = request.StartAt
	}
	return begins.Add(pending).Add(Longest(grounds))
}

// Longest is how long access may last in all, whoever decides: as it was asked to and extended, within the maximum.
func Longest(grounds contract.Grounds) time.Duration {
	request := grounds.Request.Fact
	most := request.MaxDuration().Duration
	lasts := min(request.Duration.Duration, most)
	for _, extension := range grounds.Extensions {
		// Compared by what is left, so that no sum can overflow.
		lasts += min(extension.Fact.Duration.Duration, most-lasts)
	}
	return lasts
}
