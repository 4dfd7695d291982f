package grant

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// sleep waits until the grant has to wake for its end, and looks at the target meanwhile.
func (g *run) sleep(ctx workflow.Context) {
	now, wake := workflow.Now(ctx), g.wakeAt()
	every := g.leases.DriftCheckInterval()
	if g.driftCheckedAt.IsZero() {
		g.driftCheckedAt = now
	}
	next := g.driftCheckedAt.Add(every)
	if every == 0 || g.standing || g.leases.Unread() || !next.Before(wake) {
		wait.For(ctx, wake.Sub(now), "Access ends "+clock(g.held), g.changed)
		return
	}
	if wait.For(ctx, next.Sub(now), "Look at the target; access ends "+clock(g.held), g.changed) {
		return
	}
	g.detectDrift(ctx)
}

// detectDrift compares the target with what was granted. A target that does not answer is looked at the next time.
func (g *run) detectDrift(ctx workflow.Context) {
	g.findRoute(ctx)
	future := detectDriftOnTarget(
		ctx,
		contract.DetectDriftCommand{Access: g.access, Leases: g.leases, Identity: g.identity, Known: g.drifted},
	)
	over := func() bool { return future.IsReady() || g.changed() }
	if left := g.wakeAt().Sub(workflow.Now(ctx)); left < driftWithin {
		wait.For(ctx, left, "Access ends "+clock(g.held), over) // a target that hangs must not keep the end waiting
	} else {
		_ = workflow.Await(ctx, over) // ctx is never canceled
	}
	if !future.IsReady() {
		return // something happens to the access at this moment
	}
	g.driftCheckedAt = workflow.Now(ctx)
	var receipt contract.DetectDriftReceipt
	if err := future.Get(ctx, &receipt); err != nil || receipt.Held {
		g.drifted = g.drifted && err != nil
		return
	}
	if !g.drifted {
		g.drifted = true // the worker of the target has raised the alarm
		g.notifyRequests(ctx, contract.EventDrifted)
	}
	if g.leases.Restore() {
		g.held = time.Time{} // so that it is put there again
	}
}

// recordRestored notifies the requests that access which somebody else removed is there again.
func (g *run) recordRestored(ctx workflow.Context) {
	if g.drifted {
		g.drifted = false
		g.notifyRequests(ctx, contract.EventRestored)
	}
}

// notifyRequests signals the requests that hold this grant up; one whose workflow is gone needs no signal.
func (g *run) notifyRequests(ctx workflow.Context, kind contract.EventKind) {
	for _, request := range g.leases.Requests() {
		workflow.SignalExternalWorkflow(ctx, contract.RequestWorkflowID(request), "", contract.SignalNoticed,
			contract.Notice{Kind: kind, Target: g.access.Target})
	}
}
