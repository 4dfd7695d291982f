package ledger

import (
	"context"
	"encoding/json"
	"time"

	"curfew/workflows/contract"
)

// Decisions is the journal of what the policy has decided, so that nobody can make it forget and everybody can ask why.
type Decisions interface {
	// Decide adds a decision. It is durable when the call returns.
	Decide(ctx context.Context, decision Decision) error
	// DecisionsOf returns those about a request and its extensions, in the order in which they were made.
	DecisionsOf(ctx context.Context, request string) ([]Decision, error)
}

// Decision is one answer of the policy, with all that it was made of.
type Decision struct {
	Request string `json:"request"` // its id
	// About is the digest of the extension that was decided, in hex; empty when it was the request itself.
	About  string          `json:"about,omitempty"`
	At     time.Time       `json:"at"`
	Ruling contract.Ruling `json:"ruling"`
	Why    string          `json:"why"`
	Until  time.Time       `json:"until,omitzero"` // the latest end that a decision to grant allows
	// PolicyDigest identifies the template that was applied.
	PolicyDigest string          `json:"policyDigest,omitempty"`
	Explanation  json.RawMessage `json:"explanation"`
}

// largestExplanation bounds what is kept of one decision, in bytes.
const largestExplanation = 1 << 20

// CheckDecision says what is wrong with a decision, and returns it as stores keep it: with times in UTC.
func CheckDecision(decision Decision) (Decision, error) {
	switch {
	case decision.Request == "":
		return decision, contract.Invalid("the decision is about no request").At("request").Advise("name the request")
	case decision.Ruling == "":
		return decision, contract.Invalid("the decision about %s has no ruling", decision.Request).
			At("ruling").
			Advise("say what was decided")
	case decision.At.IsZero():
		return decision, contract.Invalid("the decision about %s has no time", decision.Request).
			At("at").
			Advise("say when it was decided")
	case len(decision.Explanation) > largestExplanation:
		return decision, contract.Invalid("the facts of the decision about %s take more than %d KiB", decision.Request, largestExplanation>>10).
			At("explanation").
			Advise("ask fewer people, or in fewer conditions")
	case !json.Valid(decision.Explanation):
		return decision, contract.Invalid("the explanation of the decision about %s is no JSON", decision.Request).
			At("explanation")
	}
	decision.At, decision.Until = decision.At.UTC(), decision.Until.UTC()
	return decision, nil
}

// Use is how much of its time a request has used up at a target, so that one decision gives no more than it says.
type Use struct {
	Request string            `json:"request"`
	Used    contract.Duration `json:"used,omitzero"`  // by holds that have ended
	Since   time.Time         `json:"since,omitzero"` // when the hold that is live began; zero when none is
	// Forgiven is what was not counted, because attempts to grant were cut off.
	Forgiven contract.Duration `json:"forgiven,omitzero"`
	Until    time.Time         `json:"until,omitzero"` // when this can be forgotten
}

// decodeUses reads uses, with all times in UTC.
func decodeUses(text string) ([]Use, error) {
	var uses []Use
	if err := decode(text, &uses, "uses"); err != nil {
		return nil, err
	}
	for i := range uses {
		uses[i].Since, uses[i].Until = uses[i].Since.UTC(), uses[i].Until.UTC()
	}
	return uses, nil
}
