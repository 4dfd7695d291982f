package request

import (
	"slices"
	"time"

	"curfew/workflows/contract"
)

// transition is what an event does to a request's state.
type transition struct {
	from    []contract.State
	to      contract.State
	outcome contract.Outcome
}

// transitions is the whole life of a request. Events that are not listed leave the state as it is.
var transitions = [...]struct {
	event contract.EventKind
	transition
}{
	{contract.EventRequested, transition{from: []contract.State{""}, to: contract.StatePending}},
	{
		contract.EventApproved,
		transition{from: []contract.State{contract.StatePending, contract.StateScheduled}, to: contract.StateGranting},
	},
	{contract.EventScheduled, transition{from: []contract.State{contract.StatePending}, to: contract.StateScheduled}},
	{
		contract.EventDenied,
		transition{
			from:    []contract.State{contract.StatePending, contract.StateScheduled},
			to:      contract.StateEnded,
			outcome: contract.OutcomeDenied,
		},
	},
	{
		contract.EventWithdrawn,
		transition{
			from:    []contract.State{contract.StatePending, contract.StateScheduled},
			to:      contract.StateEnded,
			outcome: contract.OutcomeWithdrawn,
		},
	},
	{
		contract.EventLapsed,
		transition{
			from:    []contract.State{contract.StatePending, contract.StateScheduled},
			to:      contract.StateEnded,
			outcome: contract.OutcomeLapsed,
		},
	},
	{contract.EventGranted, transition{from: []contract.State{contract.StateGranting}, to: contract.StateActive}},
	{
		contract.EventRevoking,
		transition{from: []contract.State{contract.StateGranting, contract.StateActive}, to: contract.StateRevoking},
	},
	{
		contract.EventFailed,
		transition{
			from: []contract.State{
				contract.StatePending,
				contract.StateScheduled,
				contract.StateGranting,
				contract.StateRevoking,
			},
			to:      contract.StateEnded,
			outcome: contract.OutcomeFailed,
		},
	},
	{
		contract.EventTakenOver,
		transition{
			from:    []contract.State{contract.StateGranting, contract.StateActive, contract.StateRevoking},
			to:      contract.StateEnded,
			outcome: contract.OutcomeTakenOver,
		},
	},
	{
		contract.EventUnconfirmed,
		transition{
			from:    []contract.State{contract.StateGranting, contract.StateActive, contract.StateRevoking},
			to:      contract.StateEnded,
			outcome: contract.OutcomeUnconfirmed,
		},
	},
	{
		contract.EventExpired,
		transition{
			from:    []contract.State{contract.StateActive, contract.StateRevoking},
			to:      contract.StateEnded,
			outcome: contract.OutcomeExpired,
		},
	},
	{
		contract.EventRevoked,
		transition{
			from:    []contract.State{contract.StateRevoking},
			to:      contract.StateEnded,
			outcome: contract.OutcomeRevoked,
		},
	},
}

// advance applies an event to a status. It returns false when the event may not happen in that state.
func advance(status *contract.Status, event contract.EventKind, at time.Time) bool {
	for _, t := range transitions {
		if t.event != event {
			continue
		}
		if !slices.Contains(t.from, status.State) {
			return false
		}
		status.State, status.Outcome = t.to, t.outcome
		if t.to == contract.StateEnded {
			status.EndedAt = &at
		}
		return true
	}
	return true
}
