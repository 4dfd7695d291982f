// Package grant is the life of one entitlement of one subject: the only thing that touches the target for that pair.
// Requests hold it up with leases; it ends with the last of them. It keeps its own deadlines, so that access ends also
// when the requests are gone.
package grant

import (
	"hash/fnv"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

const (
	// lead is how long before its end a grant wakes up at the latest. Timers, workflow tasks and activity tasks of a
	// thousand grants that end together take the server seconds; the activity that waits in a worker already takes none.
	lead = 15 * time.Second
	// spread is how much earlier it may be, each grant by its own id: a thousand that wake in one second would still be on
	// their way when the lead is over.
	spread = 30 * time.Second
	// overdue is how long after the instant an end is given to another worker: the first may have died while it waited.
	overdue = 4 * time.Second
	// alarm is how long a revoke may fail before the grant is stuck.
	alarm = time.Minute
)

// Grant holds one entitlement up for as long as there are leases on it.
func Grant(ctx workflow.Context, in contract.GrantInput) error {
	g := restore(ctx, in)
	if err := g.handle(ctx); err != nil {
		return err
	}
	safe, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	g.releaseAllWhenCanceled(ctx, safe)

	for g.open || len(g.asks) > 0 || len(g.releases) > 0 {
		g.apply()
		if g.leases.End().Equal(g.held) {
			g.answerKept()
		}
		g.show(safe)
		switch {
		case len(g.leases) == 0 && len(g.asks) == 0:
			g.endAt(safe, g.emptySince(safe))
		case len(g.asks) > 0 || !g.leases.End().Equal(g.held):
			g.put(safe)
		case !workflow.Now(safe).Before(g.wakeAt()):
			g.endAt(safe, g.held)
		case workflow.GetInfo(ctx).GetContinueAsNewSuggested() && workflow.AllHandlersFinished(ctx):
			return workflow.NewContinueAsNewError(ctx, contract.WorkflowGrant, contract.GrantInput{Access: g.access, State: g.state()})
		default:
			wait.For(safe, g.wakeAt().Sub(workflow.Now(safe)), "Access ends "+clock(g.held), g.changed)
		}
	}
	return workflow.Await(safe, func() bool { return workflow.AllHandlersFinished(safe) })
}

// run is a grant's state. Handlers only add to asks and releases; the main loop alone changes the rest.
type run struct {
	access   contract.Access
	token    contract.Token
	leases   contract.Leases
	held     time.Time // the end that the target has agreed to; zero when it holds nothing
	standing bool
	// open is true while the target may hold something. A run that starts with a release, because the one before was
	// terminated, must look; so it begins open.
	open     bool
	asks     []*ask
	releases []*release
	released []string // by requests, in this run: what an earlier run had left for them is not taken over
	lastKept bool     // what the lease that went last said of the subject's sessions
	empty    time.Time
	canceled bool
	ending   *ending
	stuck    bool
	problem  string
}

// ask is a hold or an extension that waits for its answer.
type ask struct {
	lease  contract.Lease
	opens  bool
	done   bool
	result contract.HoldResult
	err    error
}

// release is a release that waits for its answer.
type release struct {
	in      contract.ReleaseInput
	applied bool
	done    bool
	result  contract.ReleaseResult
}

// ending is an End activity that is under way. It is left alone when another takes its place: whichever comes to the
// holding too late steps back.
type ending struct {
	until  time.Time
	future workflow.Future
	last   bool // nobody else is asked after this one
}

func restore(ctx workflow.Context, in contract.GrantInput) *run {
	g := &run{
		access: in.Access, leases: in.State.Leases, held: in.State.Held, standing: in.State.Standing, open: true,
		token: contract.Token{Epoch: in.State.Epoch, Seq: in.State.Seq},
	}
	if g.token.Epoch == 0 {
		g.token.Epoch = workflow.GetInfo(ctx).WorkflowStartTime.UnixNano()
	}
	return g
}

// wakeAt is when the grant sends its end on its way.
func (g *run) wakeAt() time.Time {
	hash := fnv.New32a()
	hash.Write([]byte(g.access.GrantID()))
	earlier := time.Duration(hash.Sum32()%uint32(spread/time.Millisecond)) * time.Millisecond
	return g.held.Add(-lead - earlier)
}

func (g *run) state() contract.GrantState {
	return contract.GrantState{Epoch: g.token.Epoch, Seq: g.token.Seq, Leases: g.leases, Held: g.held, Standing: g.standing}
}

// next hands out the token of the next command.
func (g *run) next() contract.Token {
	g.token.Seq++
	return g.token
}

// changed is true when the main loop has something new to do.
func (g *run) changed() bool {
	if len(g.asks) > 0 || g.canceled && len(g.leases) > 0 {
		return true
	}
	for _, r := range g.releases {
		if !r.applied {
			return true
		}
	}
	return false
}

// apply takes in what the handlers have recorded since.
func (g *run) apply() {
	for _, r := range g.releases {
		if r.applied {
			continue
		}
		r.applied = true
		if lease, held := g.leases.Find(r.in.Request); held {
			g.lastKept = lease.KeepSessions
		}
		g.leases = g.leases.Without(r.in.Request)
		g.released = append(g.released, r.in.Request)
	}
	if g.canceled {
		g.leases = nil
		for _, a := range g.takeAsks() {
			a.fail(contract.Problemf(contract.KindConflict, "", "ask again", "the grant was canceled").Application())
		}
	}
}

// emptySince is when the last lease went: one instant, however often it is asked for.
func (g *run) emptySince(ctx workflow.Context) time.Time {
	if g.empty.IsZero() {
		g.empty = workflow.Now(ctx)
	}
	return g.empty
}

func (g *run) takeAsks() []*ask {
	taken := g.asks
	g.asks = nil
	return taken
}

func (g *run) releaseAllWhenCanceled(ctx, safe workflow.Context) {
	workflow.Go(safe, func(safe workflow.Context) {
		ctx.Done().Receive(safe, nil)
		g.canceled = true
	})
}
