// Package grant is the life of one entitlement of one subject: the only thing that touches the target for that pair.
// Requests hold it up with leases; it ends with the last of them. It keeps its own deadlines, so that access ends also
// when the requests are gone.
package grant

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

const (
	// lead is how long before its end a grant wakes up at the latest. Timers, workflow tasks and activity tasks of a
	// thousand grants that end together take the server seconds; the activity that waits in a worker already takes
	// none.
	lead = 15 * time.Second
	// spread is how much earlier it may be, each grant by its own id: a thousand that wake in one second would still be
	// on their way when the lead is over.
	spread = 30 * time.Second
	// overdue is how long after the instant another end is sent beside the first. A worker that dies while it waits is
	// noticed sooner, by the server (unanswered); this is for one that hangs.
	overdue = 5 * time.Second
	// alarm is how long a revoke may fail before the grant is stuck.
	alarm = time.Minute
	// reminder is how often the alarm is raised again while it is stuck.
	reminder = 24 * time.Hour
)

// Grant holds one entitlement up for as long as there are leases on it.
func Grant(ctx workflow.Context, in contract.GrantInput) error {
	g := restore(ctx, in)
	if err := g.registerHandlers(ctx); err != nil {
		return err
	}
	safe, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	g.releaseAllWhenCanceled(ctx, safe)
	g.handleRestate(ctx, safe)

	// It goes on for as long as anybody waits for an answer, and not only while there is access.
	for g.open || g.changed() || !g.isDrained(safe) {
		g.apply(safe)
		g.restate = g.restate && len(g.leases) > 0 && !g.held.IsZero()
		g.answerImpatient()
		if g.leases.End().Equal(g.held) {
			g.answerKept()
		}
		g.show(safe)
		switch {
		case !g.open && len(g.asks) == 0 && len(g.releases) == 0:
			_ = workflow.Await(safe, func() bool { return g.changed() || g.isDrained(safe) }) // safe is never canceled
		case len(g.leases) == 0 && len(g.asks) == 0:
			g.endAt(safe, g.emptySince(safe))
		case len(g.asks) > 0 || g.restate || !g.leases.End().Equal(g.held):
			g.put(safe)
		case !workflow.Now(safe).Before(g.wakeAt()):
			g.endAt(safe, g.held)
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested() && g.isDrained(safe):
			return workflow.NewContinueAsNewError(
				ctx,
				contract.WorkflowGrant,
				contract.GrantInput{Access: g.access, State: g.state()},
			)
		default:
			g.sleep(safe)
		}
	}
	return nil
}
