package grant

import (
	"hash/fnv"
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// run is a grant's state. Handlers only add to asks and releases; the main loop alone changes the rest.
type run struct {
	access   contract.Access
	token    contract.Token
	leases   contract.Leases
	held     time.Time // the end that the target has agreed to; zero when it holds nothing
	standing bool
	identity contract.Identity // of what is held
	chain    *contract.Chain   // that what is held was decided
	chains   []contract.Chain  // those of the leases
	known    contract.Token    // of the last command that the holding has taken
	restate  bool              // the holding is to be written again
	// open is true while the target may hold something. A run that starts with a release, because the one before was
	// terminated, must look; so it begins open.
	open     bool
	asks     []*ask
	releases []*release
	gone     contract.Gone // what is not in the holding yet
	lastKept bool          // what the lease that went last said of the subject's sessions
	empty    time.Time
	canceled bool
	ending   *ending
	unlocked unlocked

	stuck         bool
	since         time.Time // when the revoke that is stuck should have been done
	stuckRaisedAt time.Time // when the alarm was last raised
	problem       string
	trying        string    // what the first attempt to grant failed with, while others are made
	retry         bool      // somebody asked for another attempt at once
	takeOver      *takeOver // somebody asked to answer for it
	requests      []string  // that held it up in this run, for those who look into a stuck revoke

	driftCheckedAt time.Time // when the target was last seen to hold what it should
	drifted        bool      // it was seen not to, and an alarm was raised
	alarms         alarms

	routed bool            // the task queue of access is one that was looked up in this run
	forged map[string]bool // the alarms about asks that nobody vouches for
}

// ask is a hold or an extension that waits for its answer.
type ask struct {
	access contract.Access // with the task queue that its sender names
	lease  contract.Lease
	chain  contract.Chain
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
	stop   workflow.CancelFunc
	last   bool // nobody else is asked after this one
}

func restore(ctx workflow.Context, in contract.GrantInput) *run {
	g := &run{
		access:   in.Access,
		leases:   in.State.Leases,
		held:     in.State.Held,
		standing: in.State.Standing,
		open:     true,
		gone:     in.State.Gone,
		identity: in.State.Identity,
		chain:    in.State.Chain,
		chains:   in.State.Chains,
		known:    in.State.Known,
		token:    contract.Token{Epoch: in.State.Epoch, Seq: in.State.Seq},
		forged:   map[string]bool{},
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
	return contract.GrantState{
		Epoch:    g.token.Epoch,
		Seq:      g.token.Seq,
		Leases:   g.leases,
		Held:     g.held,
		Standing: g.standing,
		Identity: g.identity,
		Gone:     g.gone,
		Chain:    g.chain,
		Chains:   g.chains,
		Known:    g.known,
	}
}

// next hands out the token of the next command.
func (g *run) next() contract.Token {
	g.token.Seq++
	return g.token
}

// outrank makes the next command newer than one that this run has not sent: that of a run which was reset, say.
func (g *run) outrank(token contract.Token) {
	if g.token.Before(token) {
		g.token = contract.Token{Epoch: token.Epoch + 1}
	}
}

// isDrained is true when everybody who asked was answered, and every alarm is in the ledger.
func (g *run) isDrained(ctx workflow.Context) bool {
	return workflow.AllHandlersFinished(ctx) && g.alarms.delivered()
}

// changed is true when the main loop has something new to do.
func (g *run) changed() bool {
	if len(g.asks) > 0 || g.canceled && len(g.leases) > 0 || g.retry || g.restate || g.takeOver != nil {
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
func (g *run) apply(ctx workflow.Context) {
	for _, r := range g.releases {
		if r.applied {
			continue
		}
		r.applied = true
		if lease, held := g.leases.Find(r.in.Request); held {
			g.lastKept = lease.KeepSessions
		}
		g.leases = g.leases.Without(r.in.Request)
		g.gone.Released = append(g.gone.Released, r.in.Request)
		if !r.in.Again {
			g.gone.Over = append(g.gone.Over, r.in.Request)
		}
		g.remember([]string{r.in.Request})
	}
	if g.retry {
		g.tryAgain()
	}
	if g.takeOver != nil {
		g.applyTakeOver(ctx)
	}
	if g.canceled {
		g.notifyRequests(ctx, contract.EventRevoking)
		g.gone.Over = append(g.gone.Over, g.leases.Requests()...)
		g.leases = nil
		for _, a := range g.takeAsks() {
			a.fail(contract.Conflict("the grant was canceled").Advise("ask again").Application())
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

// remembered is how many requests are named beside a stuck revoke at most.
const remembered = 20

func (g *run) remember(requests []string) {
	for _, request := range requests {
		if !slices.Contains(g.requests, request) {
			g.requests = append(g.requests, request)
		}
	}
	g.requests = g.requests[max(0, len(g.requests)-remembered):]
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
