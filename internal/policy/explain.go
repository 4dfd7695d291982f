package policy

import (
	"encoding/json"
	"fmt"

	"curfew/workflows/contract"
)

// Explanation is a decision with all that it was made of. Its JSON can be stored, and the decision made again.
type Explanation struct {
	Decision contract.Decision `json:"decision"`
	// Conditions are the values of all conditions, in the order of the terms.
	Conditions []Value `json:"conditions,omitempty"`
	Facts      Facts   `json:"facts"`
}

// Explain makes a decision on facts alone, compiling the conditions that they carry.
func Explain(facts Facts) Explanation {
	conditions := Compile(facts.Request.Terms)
	if facts.Present != nil {
		conditions.Add(*facts.Present)
	}
	return Decide(conditions, facts)
}

// Packed returns the decision with its explanation inside, as workflows and the ledger carry it.
func (e Explanation) Packed() (contract.Decision, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return contract.Decision{}, fmt.Errorf("write the explanation of a decision: %w", err)
	}
	decision := e.Decision
	decision.Explanation = text
	return decision, nil
}

// Unpack reads what Packed put inside a decision.
func Unpack(text json.RawMessage) (Explanation, error) {
	var e Explanation
	if err := json.Unmarshal(text, &e); err != nil {
		return Explanation{}, fmt.Errorf("read the explanation of a decision: %w", err)
	}
	return e, nil
}
