package lease

import (
	"context"
	"errors"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// Look is the activity contract.ActivityLook: it reads what has become of accesses whose time is over. A request that is
// over on record is answered as it was recorded: its workflow task was run before, and the worker died before Temporal
// heard of it.
func (a *Activities) Look(ctx context.Context, in contract.LookInput) (contract.LookResult, error) {
	status, _, err := a.Events.Request(ctx, in.Request)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
	case err != nil:
		return contract.LookResult{}, activities.Error(err)
	case status.State == contract.StateEnded:
		return recorded(status, in.Accesses), nil
	}
	result := contract.LookResult{Results: make([]contract.ReleaseResult, len(in.Accesses))}
	for i, access := range in.Accesses {
		result.Results[i], _ = a.gone(
			ctx,
			contract.ReleaseInput{Access: access, Request: in.Request, HeldSince: in.HeldSince},
		)
	}
	return result, nil
}

// recorded is what was seen of accesses when the end of their request was recorded.
func recorded(status contract.Status, accesses []contract.Access) contract.LookResult {
	result := contract.LookResult{Results: make([]contract.ReleaseResult, len(accesses))}
	for i, access := range accesses {
		for _, hold := range status.Holds {
			if hold.Access.GrantID() == access.GrantID() {
				result.Results[i] = seen(hold)
			}
		}
	}
	return result
}

// seen is the answer that a look gave which was recorded so.
func seen(hold contract.HoldState) contract.ReleaseResult {
	result := contract.ReleaseResult{
		Standing: hold.Standing, AlreadyAbsent: hold.AlreadyAbsent, Sessions: hold.Sessions,
	}
	switch {
	case hold.GoneAt != nil:
		result.GoneAt = *hold.GoneAt
	case hold.RemovedAt != nil:
		result.GoneAt, result.Unconfirmed = *hold.RemovedAt, true
	}
	return result
}
