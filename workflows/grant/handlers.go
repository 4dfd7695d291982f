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
			Description: "Put a request's lease on this grant and wait until the access is there",
			Validator:   g.validateHold,
		}),
		workflow.SetUpdateHandlerWithOptions(
			ctx,
			contract.UpdateExtendLease,
			g.handleExtend,
			workflow.UpdateHandlerOptions{
				Description: "Move the end of a request's lease", Validator: g.validateExtend,
			},
		),
		workflow.SetUpdateHandlerWithOptions(
			ctx,
			contract.UpdateRelease,
			g.handleRelease,
			workflow.UpdateHandlerOptions{
				Description: "Give a request's lease up and wait until the access is gone, or kept up by another",
				Validator:   g.validateRelease,
			},
		),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateRetry, g.handleRetry, workflow.UpdateHandlerOptions{
			Description: "Retry a stuck revoke now", Validator: g.validateRetry,
		}),
		workflow.SetUpdateHandlerWithOptions(
			ctx,
			contract.UpdateTakeOver,
			g.handleTakeOver,
			workflow.UpdateHandlerOptions{
				Description: "Take over access that Curfew can't revoke: Curfew stops retrying",
				Validator:   g.validateTakeOver,
			},
		),
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
		return contract.Invalid("is empty").At("lease.request").Advise("name the request").Application()
	case !in.Lease.Until.After(workflow.Now(ctx)):
		return contract.Overdue("is over: nobody took the lease in time").
			At("lease.until").
			Advise("see that Temporal and the workers run; a request tries again by itself").
			Application()
	case slices.Contains(g.gone.Over, in.Lease.Request):
		return contract.Closed("has been given up for good").
			At("lease.request").
			Advise("make a new request").
			Application()
	case g.canceled:
		return contract.Conflict("the grant is being canceled").Advise("ask again").Application()
	}
	return nil
}

func (g *run) validateExtend(ctx workflow.Context, in contract.HoldInput) error {
	return g.validateHold(ctx, in)
}

func (g *run) validateRelease(in contract.ReleaseInput) error { return g.checkAccess(in.Access) }

// checkAccess refuses a message about another access than this grant's own.
func (g *run) checkAccess(access contract.Access) error {
	if access.GrantID() != g.access.GrantID() {
		return contract.Invalid("is not what this grant holds").
			At("access").
			Advise("send it to " + access.GrantID()).
			Application()
	}
	return nil
}

func (g *run) handleHold(ctx workflow.Context, in contract.HoldInput) (contract.HoldResult, error) {
	return g.ask(ctx, &ask{access: in.Access, lease: in.Lease, chain: in.Chain, opens: true})
}

func (g *run) handleExtend(ctx workflow.Context, in contract.HoldInput) (contract.HoldResult, error) {
	return g.ask(ctx, &ask{access: in.Access, lease: in.Lease, chain: in.Chain})
}

func (g *run) ask(ctx workflow.Context, a *ask) (contract.HoldResult, error) {
	g.asks = append(g.asks, a)
	await(ctx, func() bool { return a.done })
	return a.result, a.err
}

// await waits for the main loop's answer to what it was asked, also when the workflow is canceled meanwhile.
func await(ctx workflow.Context, answered func() bool) {
	safe, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	_ = workflow.Await(safe, answered) // safe is never canceled
}

func (a *ask) fail(err error) { a.done, a.err = true, err }

func (g *run) handleRelease(ctx workflow.Context, in contract.ReleaseInput) (contract.ReleaseResult, error) {
	r := &release{in: in}
	g.releases = append(g.releases, r)
	await(ctx, func() bool { return r.done })
	result := r.result
	result.Request = in.Request
	return result, nil
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
