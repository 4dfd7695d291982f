package ledger

import (
	"context"

	"curfew/workflows/contract"
)

// Counter counts what is live, at the cost of looking at that alone.
type Counter interface {
	// Census counts the requests that have not ended and the open holdings, in no order. What has none is left out.
	Census(ctx context.Context) (Census, error)
}

// Census is what is live.
type Census struct {
	Requests []RequestCount
	Holdings []HoldingCount
}

// RequestCount is how many requests of a template are in a state, and how many of those are stuck.
type RequestCount struct {
	State    contract.State
	Template string
	Requests int
	Stuck    int
}

// HoldingCount is how many holdings of a target are open, and how many of those are past their end, by the ledger's
// clock.
type HoldingCount struct {
	Target  string
	Open    int
	Overdue int
}

// LiveStates are the states of requests that have not ended.
func LiveStates() []string {
	return []string{
		string(contract.StatePending), string(contract.StateScheduled), string(contract.StateGranting),
		string(contract.StateActive), string(contract.StateRevoking),
	}
}
