package contract

import "time"

// SealKind is the sort of fact that a seal is over, so that a seal over one can't stand for another.
type SealKind string

// The kinds of seals. The server seals all but decisions; the workers that decide seal those.
const (
	SealRequest     SealKind = "request"     // over a Request
	SealReview      SealKind = "review"      // over a Review
	SealExtension   SealKind = "extension"   // over an Extension
	SealCertificate SealKind = "certificate" // over a CertificateAsk
	SealTakeOver    SealKind = "take-over"   // over a TakeOver
	SealEnd         SealKind = "end"         // over an End
	SealDecision    SealKind = "decision"    // over a DecisionFact
	SealDelivery    SealKind = "delivery"    // over a Delivery
)

// Grounds are what a decision rests on: who asked for what, and who said what about it.
type Grounds struct {
	Request Sealed[Request]  `json:"request"`
	Reviews []Sealed[Review] `json:"reviews,omitempty"`
	// Extensions are those that the end includes. One that came as a bare signal has no seal: a sealed review that
	// approves it vouches for it.
	Extensions []Sealed[Extension] `json:"extensions,omitempty"`
}

// DecisionFact is what a worker that decides seals: what it decided, on which facts, and until when at the latest.
type DecisionFact struct {
	Request string `json:"request"` // its id
	// The digests of the facts that were counted are hex and sorted. No other facts can be put in their place.
	RequestDigest    string   `json:"requestDigest"`
	ReviewDigests    []string `json:"reviewDigests,omitempty"`
	ExtensionDigests []string `json:"extensionDigests,omitempty"`
	Ruling           Ruling   `json:"ruling"`
	// Lasts is how long the access may last in all, and Until when it is over at the latest, wherever its clock starts.
	Lasts Duration  `json:"lasts"`
	Until time.Time `json:"until"`
	// PolicyDigest identifies the rules that were applied.
	PolicyDigest string `json:"policyDigest"`
}

// Chain is all that somebody who is about to touch a target has to see: a decision to grant, and what it rests on.
// Where nothing is sealed it has no seals either.
type Chain struct {
	Grounds
	Decision Sealed[DecisionFact] `json:"decision"`
}
