package grant

import (
	"errors"
	"slices"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

func (g *run) registerHandlers(ctx workflow.Context) error {
	return errors.Join(
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateHold, g.handleHold, workflow.UpdateHandlerOptions{
			Description: "Put a request's lease on this grant and wait until the access is there", Validator: g.validateHold,
		}),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateExtendLease, g.handleExtend, workflow.UpdateHandlerOptions{
			Description: "Move the end of a request's lease", Validator: g.validateHold,
		}),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateRelease, g.handleRelease, workflow.UpdateHandlerOptions{
			Description: "Give a request's lease up and wait until the access is gone, or kept up by another", Validator: g.validateRelease,
		}),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateRetry, g.handleRetry, workflow.UpdateHandlerOptions{
			Description: "Try a revoke that is stuck again at once", Validator: g.requireStuck,
		}),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateTakeOver, g.handleTakeOver, workflow.UpdateHandlerOptions{
			Description: "Answer for access that can't be taken away: Curfew stops trying", Validator: g.validateTakeOver,
		}),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateIssue, g.handleIssue, workflow.UpdateHandlerOptions{
			Description: "A certificate for the subject, to use the access with", Validator: g.validateIssue,
		}),
		workflow.SetQueryHandlerWithOptions(ctx, contract.QueryStatus,
			func() (contract.GrantStatus, error) { return g.status(), nil },
			workflow.QueryHandlerOptions{Description: "The grant as it stands"}),
	)
}

func (g *run) validateHold(ctx workflow.Context, in contract.HoldInput) error {
	if err := g.checkAccess(in.Access); err != nil {
		return err
	}
	switch {
	case in.Lease.Request == "":
		return contract.Problemf(contract.KindInvalid, "lease.request", "name the request", "is empty").Application()
	case !in.Lease.Until.After(workflow.Now(ctx)):
		return contract.Problemf(contract.KindOverdue, "lease.until", "ask for an end that is still to come", "is over").Application()
	case slices.Contains(g.gone.Over, in.Lease.Request):
		return contract.Problemf(contract.KindClosed, "lease.request", "make a new request", "has been given up for good").Application()
	case g.canceled:
		return contract.Problemf(contract.KindConflict, "", "ask again", "the grant is being canceled").Application()
	}
	return nil
}

func (g *run) validateRelease(in contract.ReleaseInput) error { return g.checkAccess(in.Access) }

// concerns refuses a message about another access than this grant's own.
func (g *run) checkAccess(access contract.Access) error {
	if access.GrantID() != g.access.GrantID() {
		return contract.Problemf(contract.KindInvalid, "access", "send it to "+access.GrantID(), "is not what this grant holds").Application()
	}
	return nil
}

func (g *run) handleHold(ctx workflow.Context, in contract.HoldInput) (contract.HoldResult, error) {
	return g.ask(ctx, in.Access, &ask{lease: in.Lease, chain: in.Chain, opens: true})
}

func (g *run) handleExtend(ctx workflow.Context, in contract.HoldInput) (contract.HoldResult, error) {
	return g.ask(ctx, in.Access, &ask{lease: in.Lease, chain: in.Chain})
}

func (g *run) ask(ctx workflow.Context, access contract.Access, a *ask) (contract.HoldResult, error) {
	g.access.TaskQueue = access.TaskQueue // the newest word on how to get there
	g.asks = append(g.asks, a)
	if err := workflow.Await(ctx, func() bool { return a.done }); err != nil {
		return contract.HoldResult{}, err
	}
	return a.result, a.err
}

func (a *ask) fail(err error) { a.done, a.err = true, err }

func (g *run) handleRelease(ctx workflow.Context, in contract.ReleaseInput) (contract.ReleaseResult, error) {
	r := &release{in: in}
	g.releases = append(g.releases, r)
	if err := workflow.Await(ctx, func() bool { return r.done }); err != nil {
		return contract.ReleaseResult{}, err
	}
	return r.result, nil
}

// answerReleases answers those releases that there is an answer for. answer says whether there is one yet.
func (g *run) answerReleases(answer func(contract.ReleaseInput) (contract.ReleaseResult, bool)) {
	var waiting []*release
	for _, r := range g.releases {
		result, ok := answer(r.in)
		if !r.applied || !ok {
			waiting = append(waiting, r)
			continue
		}
		r.done, r.result = true, result
	}
	g.releases = waiting
}
