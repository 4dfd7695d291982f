package grant

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// markStuck makes a revoke that keeps failing visible. The next attempt has no limit.
func (g *run) markStuck(ctx workflow.Context, until time.Time, problem string) {
	already := g.stuck
	g.stuck, g.problem = true, problem
	g.ending = g.startEnd(ctx, until, true)
	if !already {
		g.becomeStuck(ctx, until, problem)
	}
}

// becomeStuck lists the grant among the stuck ones and raises the alarm.
func (g *run) becomeStuck(ctx workflow.Context, since time.Time, problem string) {
	g.stuck, g.since, g.problem = true, since, problem
	upsert(ctx, contract.KeyStuck.ValueSet(true))
	g.raiseStuck(ctx)
}

func (g *run) raiseStuck(ctx workflow.Context) {
	g.stuckRaisedAt = workflow.Now(ctx)
	g.raiseAlarm(
		ctx,
		contract.AlarmStuck,
		"The access of "+g.access.Account+" should have ended at "+clock(g.since)+" and can't be taken away: "+
			g.problem+". Curfew keeps trying. See `curfew stuck list`.",
	)
}

func (g *run) clearStuck(ctx workflow.Context) {
	if g.stuck {
		g.stuck, g.since, g.stuckRaisedAt, g.problem = false, time.Time{}, time.Time{}, ""
		upsert(ctx, contract.KeyStuck.ValueSet(false))
	}
}

func (g *run) requireStuck() error {
	if !g.stuck {
		return contract.Conflict("its revoke is not stuck").
			At("grant").
			Advise("see the stuck ones with curfew stuck list").
			Application()
	}
	return nil
}

func (g *run) validateTakeOver(in contract.TakeOverInput) error {
	fact := in.TakeOver.Fact
	switch {
	case fact.By == "" || contract.IsBlank(fact.Reason):
		return contract.Invalid("is missing").
			At("reason").
			Advise("say who answers for the access, and why").
			Application()
	case fact.Grant != g.access.GrantID():
		return contract.Invalid("is not this grant").
			At("grant").
			Advise("send it to " + contract.Shorten(fact.Grant, 512)).
			Application()
	}
	return g.requireStuck()
}

// validateRetry takes a retry of everything that has not come to its end: also of access that nobody had the lock to
// look after, and in a run that was started to look.
func (g *run) validateRetry() error {
	if g.unseen() {
		return nil
	}
	return g.requireStuck()
}

// unseen is true while this run does not know what is at the target.
func (g *run) unseen() bool {
	return g.open && len(g.leases) == 0 && (g.held.IsZero() || !g.unlocked.since.IsZero())
}

// promptly is how long a retry waits to be able to say what came of it.
const promptly = 5 * time.Second

// handleRetry asks for another attempt at once: whatever held the revoke up may be mended.
func (g *run) handleRetry(ctx workflow.Context) (contract.GrantStatus, error) {
	g.retry = true
	wait.For(ctx, promptly, "Answer the retry", func() bool { return !g.stuck && !g.unseen() })
	return g.status(), nil
}

func (g *run) tryAgain() {
	g.retry = false
	if g.ending != nil {
		g.ending.stop() // it would go on beside the new one, to the same end
		g.ending = nil
	}
	if !g.unlocked.since.IsZero() {
		g.unlocked.tries, g.empty = 0, time.Time{} // at once
	}
}

// takeOver is a person's word that they answer for the access, until it is acted on.
type takeOver struct {
	contract.Sealed[contract.TakeOver]

	done bool
	err  error
}

func (t *takeOver) fail(err error) { t.done, t.err = true, err }

func (g *run) handleTakeOver(ctx workflow.Context, in contract.TakeOverInput) (contract.GrantStatus, error) {
	t := &takeOver{Sealed: in.TakeOver}
	if earlier := g.takeOver; earlier != nil {
		earlier.fail(contract.Conflict("somebody else answers for it now").Application())
	}
	g.takeOver = t
	await(ctx, func() bool { return t.done })
	return g.status(), t.err
}

// applyTakeOver leaves the access to the person who takes it over, when the server has sealed that: it is verified
// here, and by the target's workers if they can be reached. If the holding can't be closed, the watchdog of the workers
// that have it will go on trying, which does no harm.
func (g *run) applyTakeOver(ctx workflow.Context) {
	t := g.takeOver
	g.takeOver = nil
	defer func() { t.done = true }()
	if err := verifyLocally(ctx, contract.TakeOverInput{TakeOver: t.Sealed}).Get(ctx, nil); err != nil {
		t.fail(contract.AsProblem(err).Application())
		return
	}
	if !g.stuck || g.ending != nil && g.ending.future.IsReady() {
		return // it went meanwhile, or an attempt has an answer
	}
	err := takeOverOnTarget(
		ctx,
		contract.TakeOverCommand{Access: g.access, Token: g.next(), TakeOver: t.Sealed},
	).Get(ctx, nil)
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindForbidden {
		t.fail(problem.Application())
		return
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("the holding of access that was taken over could not be closed", "error", err)
	}
	g.tryAgain()
	by := t.Sealed
	alarm := g.alarm(
		ctx,
		contract.AlarmTakenOver,
		by.Fact.By+" answers for the access of "+g.access.Account+", which could not be taken away: "+by.Fact.Reason,
	)
	alarm.Actor = by.Fact.By
	g.raise(ctx, contract.AlarmInput{Alarm: alarm, TakeOver: by})
	g.close()
	g.clearStuck(ctx)
	g.answerReleases(func(contract.ReleaseInput) (contract.ReleaseResult, bool) {
		return contract.ReleaseResult{TakenOver: &by}, true
	})
}
