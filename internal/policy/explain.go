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

// Packed returns the explanation as the ledger keeps it.
func (e Explanation) Packed() (json.RawMessage, error) {
	text, err := json.Marshal(e)
	if err != nil {
		return nil, fmt.Errorf("write the explanation of a decision: %w", err)
	}
	return text, nil
}

// Unpack reads what Packed has written.
func Unpack(text json.RawMessage) (Explanation, error) {
	var e Explanation
	if err := json.Unmarshal(text, &e); err != nil {
		return Explanation{}, fmt.Errorf("read the explanation of a decision: %w", err)
	}
	return e, nil
}
