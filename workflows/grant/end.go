package grant

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// endAt ends the access at an instant, and returns when it is over or when something else is to be done first. The
// activity that waits for the instant goes on meanwhile; it steps back when the end has moved.
func (g *run) endAt(ctx workflow.Context, until time.Time) {
	if g.ending == nil || !g.ending.until.Equal(until) {
		g.ending = g.startEnd(ctx, until, g.stuck)
	}
	e := g.ending
	settled := func() bool { return e.future.IsReady() || g.changed() }
	switch {
	case g.stuck && !wait.For(ctx, g.stuckRaisedAt.Add(reminder).Sub(workflow.Now(ctx)), "Repeat the alarm that it is stuck", settled):
		g.raiseStuck(ctx)
		return
	case g.stuck:
	case e.last:
		_ = workflow.Await(ctx, settled) // ctx is never canceled
	case !wait.For(ctx, until.Add(overdue).Sub(workflow.Now(ctx)), "Send another end", settled):
		g.ending = g.startEnd(ctx, until, g.stuck)
		g.ending.last = true
		return
	}
	if !e.future.IsReady() {
		return
	}
	g.ending = nil
	var receipt contract.EndReceipt
	if err := e.future.Get(ctx, &receipt); err != nil {
		g.markStuck(ctx, until, contract.AsProblem(err).Error())
		return
	}
	g.applyEndReceipt(ctx, receipt)
}

// startEnd sends an end on its way. A patient one has no last attempt, and nobody else is asked after it.
func (g *run) startEnd(ctx workflow.Context, until time.Time, patient bool) *ending {
	g.findRoute(ctx)
	ctx, stop := workflow.WithCancel(ctx)
	return &ending{until: until, stop: stop, last: patient, future: endOnTarget(ctx, contract.EndCommand{
		Access: g.access, Token: g.next(), Until: until, Leases: g.leases, Gone: g.gone,
		KeepSessions: g.keepSessions(), Mine: !g.held.IsZero() && !g.standing, Identity: g.identity, Chain: g.chain,
	}, patient)}
}

func (g *run) keepSessions() bool {
	if len(g.leases) == 0 {
		return g.lastKept
	}
	return g.leases.KeepSessions()
}

func (g *run) applyEndReceipt(ctx workflow.Context, receipt contract.EndReceipt) {
	g.recordEnds(ctx, receipt.Owed)
	switch {
	case receipt.Overtaken != contract.Token{}:
		g.outrank(receipt.Overtaken) // nothing was done: the next end must count
	case !receipt.Until.IsZero():
		g.adopt(receipt)
	case !receipt.Again.IsZero():
		// The access is gone, but a grant attempt that was cut off may still land: the last word must be ours.
		g.leases, g.empty = nil, receipt.Again
	case receipt.Unlocked != "":
		g.lookAgain(ctx, receipt)
	default:
		absent, sessions := receipt.AlreadyAbsent && g.unlocked.since.IsZero(), receipt.Sessions+g.unlocked.sessions
		g.close()
		g.clearStuck(ctx)
		g.answerReleases(func(contract.ReleaseInput) (contract.ReleaseResult, bool) {
			return contract.ReleaseResult{
				GoneAt:        receipt.GoneAt,
				Unconfirmed:   receipt.Unconfirmed,
				Standing:      receipt.Standing,
				AlreadyAbsent: absent,
				Sessions:      sessions,
				TakenOver:     receipt.TakenOver,
			}, true
		})
	}
}

// unlocked is what came of ends that had no lock: the access was taken away, and nobody has seen yet that it stayed so.
type unlocked struct {
	since    time.Time // when the first of them was answered; zero when there was none
	tries    int
	sessions int // that they have ended
	problem  string
}

const (
	firstLook   = 2 * time.Second // before the next end looks, after one that had no lock
	longestLook = time.Minute
)

// lookAgain has another end look, with the lock, whether the access is gone.
func (g *run) lookAgain(ctx workflow.Context, receipt contract.EndReceipt) {
	now := workflow.Now(ctx)
	if g.unlocked.since.IsZero() {
		g.unlocked.since = now
	}
	pause := min(firstLook<<min(g.unlocked.tries, 8), longestLook)
	g.unlocked.tries++
	g.unlocked.sessions += receipt.Sessions
	g.unlocked.problem = "the access was taken away, but its holding could not be locked to see that it stays so: " + receipt.Unlocked
	g.leases, g.empty = nil, now.Add(pause)
	if g.stuck {
		g.problem = g.unlocked.problem
	} else if !now.Before(g.unlocked.since.Add(alarm)) {
		g.becomeStuck(ctx, g.unlocked.since, g.unlocked.problem)
	}
}

// answerImpatient answers those releases that need not wait for as long as it takes, once it takes long.
func (g *run) answerImpatient() {
	if !g.stuck {
		return
	}
	g.answerReleases(func(in contract.ReleaseInput) (contract.ReleaseResult, bool) {
		return contract.ReleaseResult{Problem: g.problem}, !in.Patient
	})
}

// close forgets what was held: there is nothing left to look after.
func (g *run) close() {
	g.unlocked = unlocked{}
	g.leases, g.held, g.standing, g.open, g.empty, g.gone = nil, time.Time{}, false, false, time.Time{}, contract.Gone{}
	g.identity, g.chain, g.chains, g.known = contract.Identity{}, nil, nil, contract.Token{}
}

// adopt takes over the leases that an earlier run of this grant had left in the holding.
func (g *run) adopt(receipt contract.EndReceipt) {
	left := receipt.Leases
	for _, request := range g.gone.Released {
		left = left.Without(request) // what was released here is nobody's to keep up
	}
	if len(g.leases) > 0 || len(left) == 0 {
		return
	}
	g.leases, g.held, g.standing, g.empty = left, receipt.Until, receipt.Standing, time.Time{}
}
