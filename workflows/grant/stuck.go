package grant

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// becomeStuck makes a revoke that keeps failing visible. The next attempt has no limit.
func (g *run) becomeStuck(ctx workflow.Context, until time.Time, problem string) {
	already := g.stuck
	g.stuck, g.problem = true, problem
	g.ending = g.startEnd(ctx, until, true)
	g.answerReleases(func(in contract.ReleaseInput) (contract.ReleaseResult, bool) {
		return contract.ReleaseResult{Problem: problem}, !in.Patient
	})
	if !already {
		g.since = until
		upsert(ctx, contract.KeyStuck.ValueSet(true))
		g.raiseStuck(ctx)
	}
}

func (g *run) raiseStuck(ctx workflow.Context) {
	g.toldAt = workflow.Now(ctx)
	g.raise(ctx, contract.AlarmStuck, "", "The access of "+g.access.Account+" should have ended at "+clock(g.since)+" and can't be taken away: "+
		g.problem+". Curfew keeps trying. See `curfew stuck list`.")
}

func (g *run) becomeFree(ctx workflow.Context) {
	if g.stuck {
		g.stuck, g.since, g.toldAt, g.problem = false, time.Time{}, time.Time{}, ""
		upsert(ctx, contract.KeyStuck.ValueSet(false))
	}
}

func (g *run) mustBeStuck() error {
	if !g.stuck {
		return contract.Problemf(contract.KindConflict, "grant", "see the stuck ones with curfew stuck list", "its revoke is not stuck").Application()
	}
	return nil
}

func (g *run) canTakeOver(in contract.TakeOverInput) error {
	if in.By == "" || in.Because == "" {
		return contract.Problemf(contract.KindInvalid, "because", "say who answers for the access, and why", "is missing").Application()
	}
	return g.mustBeStuck()
}

// promptly is how long a retry waits to be able to say what came of it.
const promptly = 5 * time.Second

// retryNow asks for another attempt at once: whatever held the revoke up may be mended.
func (g *run) retryNow(ctx workflow.Context) (contract.GrantStatus, error) {
	g.retry = true
	wait.For(ctx, promptly, "Answer the retry", func() bool { return !g.stuck })
	return g.status(), nil
}

func (g *run) tryAgain() {
	g.retry = false
	if g.ending != nil {
		g.ending.stop() // it would go on beside the new one, to the same end
		g.ending = nil
	}
}

func (g *run) takeOverNow(ctx workflow.Context, in contract.TakeOverInput) (contract.GrantStatus, error) {
	g.takeOver = &in
	err := workflow.Await(ctx, func() bool { return g.takeOver == nil })
	return g.status(), err
}

// abandon leaves the access to the person who takes it over. If the holding can't be closed, the watchdog of the
// workers that have it will go on trying, which does no harm.
func (g *run) abandon(ctx workflow.Context) {
	in := *g.takeOver
	if !g.stuck || g.ending != nil && g.ending.future.IsReady() {
		g.takeOver = nil
		return // it went meanwhile, or an attempt has an answer
	}
	if err := abandonOnTarget(ctx, contract.AbandonCommand{Access: g.access, Token: g.next()}).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Warn("the holding of access that was taken over could not be closed", "error", err)
	}
	g.tryAgain()
	g.takeOver = nil
	g.raise(ctx, contract.AlarmReleased, in.By, in.By+" answers for the access of "+g.access.Account+", which could not be taken away: "+in.Because)
	g.close()
	g.becomeFree(ctx)
	g.answerReleases(func(contract.ReleaseInput) (contract.ReleaseResult, bool) {
		return contract.ReleaseResult{TakenOver: &in}, true
	})
}
