package lease

import (
	"context"
	"slices"

	"curfew/activities"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Route is the activity contract.ActivityRoute. It asks nobody: the seals are checked with the keys of this process,
// and the way to the target is the one that the configuration names, or else the sealed request.
func (a *Activities) Route(_ context.Context, in contract.RouteInput) (contract.Route, error) {
	route := contract.Route{TaskQueue: in.Access.TaskQueue, Refused: make([]*contract.Problem, len(in.Holds))}
	for i, hold := range in.Holds {
		if a.Verifier == nil {
			route.TaskQueue = hold.Access.TaskQueue
			continue
		}
		// Whether its time has come is for the worker of the target to say, which can be asked again.
		if _, err := a.Verifier.AnyDate().Allows(hold.Chain, hold.Lease.Request, hold.Access); err != nil {
			route.Refused[i] = contract.AsProblem(err)
			continue
		}
		route.TaskQueue = queueOf(hold.Chain.Request.Fact, hold.Access)
	}
	if target, known := a.Config.Current().Targets[in.Access.Target]; known {
		route.TaskQueue = target.TaskQueue
	}
	return route, nil
}

// VerifyTakeOver is the activity contract.ActivityVerifyTakeOver. It asks nobody either.
func (a *Activities) VerifyTakeOver(_ context.Context, in contract.TakeOverInput) error {
	if a.Verifier == nil {
		return nil
	}
	by := in.TakeOver.Fact
	_, err := a.Verifier.AnyDate().Verify(seal.OfTakeOver(by), by, in.TakeOver.Seal)
	return activities.Error(err)
}

// queueOf is the task queue that a request names for an access. Its seal covers it, unlike what a hold says beside it.
func queueOf(request contract.Request, access contract.Access) string {
	at := slices.IndexFunc(
		request.Terms.Accesses,
		func(asked contract.Access) bool { return asked.GrantID() == access.GrantID() },
	)
	if at < 0 {
		return ""
	}
	return request.Terms.Accesses[at].TaskQueue
}
