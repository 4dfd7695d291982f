// Package seal signs facts and checks who signed them: an Ed25519 signature over a claim that names the fact by its
// digest, what it is about and who acted. What can't be checked is refused; nothing is opened by doubt.
//
// A seal is a compact JWS (RFC 7515, RFC 8037). Its claim and the facts are canonical JSON (RFC 8785), so that a fact
// has the same digest before and after it has travelled as JSON. A fact is checked as the Go value that its reader
// will act on: if a newer server has put in a field that this release does not know, the digest differs and the fact is
// refused. A field that is added later must therefore be left out of the JSON while it is empty.
package seal

import (
	"time"

	"curfew/workflows/contract"
)

// Matter is what a seal is about. A seal that was made for one matter opens no other.
type Matter struct {
	Kind    contract.SealKind `json:"kind"`
	Request string            `json:"request"` // the request's id
	// Shown is the digest of what the actor had before their eyes: the request, or the extension that a review is
	// about. It is empty when there was nothing yet.
	Shown string `json:"shown,omitempty"`
	// Actor is a person's opaque id, or one of contract's Actor constants.
	Actor string `json:"actor"`
}

// Claims are what a seal says.
type Claims struct {
	Matter
	Digest string    `json:"digest"` // of the fact; see Digest
	At     time.Time `json:"at"`     // when it was sealed, in UTC
	Nonce  string    `json:"nonce"`  // 128 random bits, so that no two seals are the same
}

// OfRequest is the matter of a request's seal.
func OfRequest(request contract.Request) Matter {
	return Matter{Kind: contract.SealRequest, Request: request.ID, Actor: request.Requester}
}

// OfReview is the matter of a review's seal. shown is the digest of the request, or of the extension, that is reviewed.
func OfReview(review contract.Review, shown string) Matter {
	return Matter{Kind: contract.SealReview, Request: review.Request, Shown: shown, Actor: review.Reviewer}
}

// OfExtension is the matter of an extension's seal. shown is the digest of the request that is to last longer.
func OfExtension(extension contract.Extension, shown string) Matter {
	return Matter{Kind: contract.SealExtension, Request: extension.Request, Shown: shown, Actor: extension.By}
}

// OfEnd is the matter of the seal over somebody's word that a request is to end.
func OfEnd(end contract.End) Matter {
	return Matter{Kind: contract.SealEnd, Request: end.Request, Actor: end.By}
}

// OfCertificate is the matter of the seal over an ask for a certificate.
func OfCertificate(ask contract.CertificateAsk) Matter {
	return Matter{Kind: contract.SealCertificate, Request: ask.Request, Actor: ask.Person}
}

// OfTakeOver is the matter of the seal over a take-over, which is of a grant and of no request.
func OfTakeOver(takeOver contract.TakeOver) Matter {
	return Matter{Kind: contract.SealTakeOver, Shown: takeOver.Grant, Actor: takeOver.By}
}

// OfDelivery is the matter of a delivery's seal. It is about no request yet.
func OfDelivery(delivery contract.Delivery) Matter {
	return Matter{
		Kind:  contract.SealDelivery,
		Shown: contract.DeliveryWorkflowID(delivery.Source, delivery.ID),
		Actor: contract.ActorCurfew,
	}
}

// OfDecision is the matter of a decision's seal.
func OfDecision(decision contract.DecisionFact) Matter {
	return Matter{
		Kind:    contract.SealDecision,
		Request: decision.Request,
		Shown:   decision.RequestDigest,
		Actor:   contract.ActorPolicy,
	}
}

// Of seals a fact. It fails as Signer.Seal does.
func Of[T any](signer *Signer, matter Matter, at time.Time, fact T) (contract.Sealed[T], error) {
	seal, err := signer.Seal(matter, at, fact)
	if err != nil {
		return contract.Sealed[T]{}, err
	}
	return contract.Sealed[T]{Fact: fact, Seal: seal}, nil
}

// Open returns a fact and what its seal says, if the seal is good for the matter. It fails as Verifier.Verify does.
func Open[T any](verifier *Verifier, matter Matter, sealed contract.Sealed[T]) (T, Claims, error) {
	claims, err := verifier.Verify(matter, sealed.Fact, sealed.Seal)
	if err != nil {
		var none T
		return none, Claims{}, err
	}
	return sealed.Fact, claims, nil
}
