package grant

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// put brings the target to what the leases and the asks say: opens it, or moves its end. An ask whose request is
// released meanwhile is not waited for: the holding refuses what arrives late.
func (g *run) put(ctx workflow.Context) {
	asks := g.takeVerified(ctx)
	if len(asks) == 0 && !g.restate && g.leases.End().Equal(g.held) {
		return // nothing is to be changed
	}
	if g.putAll(ctx, asks) {
		g.restate = true // the holding was lost, and is written again with what the grant knows
		g.putAll(ctx, asks)
	}
	g.restate = false
}

// putAll sends what is asked for to the target. It is true when the holding was lost, and nothing was done.
func (g *run) putAll(ctx workflow.Context, asks []*ask) (lost bool) {
	g.findRoute(ctx)
	g.open, g.empty = true, time.Time{}
	g.ending = nil // what is sent now overtakes it
	command := g.grantCommand(asks)
	receipt, abandoned, err := g.carryOut(ctx, command, asks)
	switch {
	case abandoned != nil:
		for _, a := range asks {
			a.fail(abandoned.Application())
		}
		return false
	case err != nil:
		g.putFailed(asks, err)
		return false
	}
	if receipt.Lost && !command.Restates {
		return true
	}
	g.identity, g.known = receipt.Identity, command.Token
	g.wasPut(ctx, receipt, asks)
	return false
}

// grantCommand is what is sent to the target for the leases and the asks.
func (g *run) grantCommand(asks []*ask) contract.GrantCommand {
	leases, opens := g.leases, false
	for _, a := range asks {
		leases = leases.With(a.lease)
		opens = opens || a.opens
		g.gone.Released = slices.DeleteFunc(g.gone.Released, func(request string) bool {
			return request == a.lease.Request
		})
	}
	command := contract.GrantCommand{
		Access: g.access,
		Token:  g.next(),
		Until:  leases.End(),
		Leases: leases,
		Chains: chainsOf(asks),
		Gone:   g.gone,
		Opens:  opens,
	}
	if !g.held.IsZero() {
		command.Known, command.Held, command.Standing, command.Identity = g.known, g.chain, g.standing, g.identity
	}
	if g.restate {
		command.Restates, command.Chains = true, append(command.Chains, g.chainsBeside(asks)...)
	}
	return command
}

func chainsOf(asks []*ask) (chains []contract.Chain) {
	for _, a := range asks {
		chains = append(chains, a.chain)
	}
	return chains
}

// wasPut takes over what the target holds now, and answers those who asked for it.
func (g *run) wasPut(ctx workflow.Context, receipt contract.GrantReceipt, asks []*ask) {
	g.leases, g.held, g.standing, g.gone = receipt.Leases, receipt.Until, receipt.Standing, contract.Gone{}
	chains := chainsOf(asks)
	g.keepChains(chains)
	for i, chain := range chains {
		if _, held := g.leases.Find(chain.Request.Fact.ID); held {
			g.chain = &chains[i]
		}
	}
	g.driftCheckedAt, g.unlocked = workflow.Now(ctx), unlocked{}
	g.remember(g.leases.Requests())
	g.clearStuck(ctx)
	g.recordRestored(ctx)
	for _, a := range asks {
		a.done, a.result, a.err = true, holdResult(receipt, a.lease), refusal(receipt, a.lease.Request)
		a.result.AnsweredAt = workflow.Now(ctx)
	}
	g.recordEnds(ctx, receipt.Owed)
}

// carryOut has a command carried out. What the first attempt fails with is shown while others are made.
func (g *run) carryOut(
	ctx workflow.Context,
	command contract.GrantCommand,
	asks []*ask,
) (contract.GrantReceipt, *contract.Problem, error) {
	began := workflow.Now(ctx)
	receipt, abandoned, err := g.awaitPut(ctx, firstPut(ctx, command), asks)
	if abandoned != nil || err == nil {
		return receipt, abandoned, err
	}
	problem := contract.AsProblem(err)
	pause := max(problem.RetryAfter.Duration, putAgain)
	within := g.timeToPut(ctx, began, command.Until) - pause
	if within < shortestGrant || slices.Contains(contract.Answered, string(problem.Kind)) {
		return receipt, nil, err
	}
	g.trying = problem.Error()
	defer func() { g.trying = "" }()
	g.show(ctx)
	wait.For(ctx, pause, "Try again to grant", func() bool { return g.released(asks) })
	return g.awaitPut(ctx, putsAfter(ctx, command, within), asks)
}

// timeToPut is how long a command may still be tried that began at an instant: not longer than the access is to last,
// so that what keeps it from being given is told then, and not that it is too late; and not past the end that it has
// had so far.
func (g *run) timeToPut(ctx workflow.Context, began, until time.Time) time.Duration {
	now := workflow.Now(ctx)
	left := min(began.Add(grantWithin).Sub(now), until.Sub(now))
	if !g.held.IsZero() && g.held.After(now) {
		left = min(left, g.held.Sub(now))
	}
	return left
}

// holdResult is what became of a lease: a request that comes back gets the rest of its time.
func holdResult(receipt contract.GrantReceipt, asked contract.Lease) contract.HoldResult {
	result := contract.HoldResult{
		Request: asked.Request, Until: asked.Until, Began: receipt.Began[asked.Request], Standing: receipt.Standing,
	}
	if held, ok := receipt.Leases.Find(asked.Request); ok {
		result.Until = held.Until
	}
	return result
}

// refusal is why a request's lease was not taken with the others; nil when it was.
func refusal(receipt contract.GrantReceipt, request string) error {
	for _, refused := range receipt.Refused {
		if refused.Request == request {
			return refused.Problem.Application()
		}
	}
	return nil
}

// awaitPut waits for attempts to grant, but not when every request that asked for it is released, and not past the end
// that the access has had so far: that end must come in time, whatever becomes of the attempt.
func (g *run) awaitPut(ctx workflow.Context, future workflow.Future, asks []*ask) (
	receipt contract.GrantReceipt, abandoned *contract.Problem, err error,
) {
	over := func() bool { return future.IsReady() || g.released(asks) }
	left := g.held.Add(overdue).Sub(workflow.Now(ctx))
	if !g.held.IsZero() && left > 0 && left < grantWithin {
		wait.For(ctx, left, "Access ends "+clock(g.held), over)
	} else {
		_ = workflow.Await(ctx, over) // ctx is never canceled
	}
	switch {
	case future.IsReady():
		err = future.Get(ctx, &receipt)
		return receipt, nil, err
	case g.released(asks):
		return receipt, contract.Conflict("the request was released while it was being granted"), nil
	}
	return receipt, contract.Overdue("the access ended before the target had its new end").Advise("ask again"), nil
}

// released is true when nothing is to be held of what is being granted.
func (g *run) released(asks []*ask) bool {
	if g.canceled {
		return true
	}
	for _, a := range asks {
		if !slices.ContainsFunc(g.releases, func(r *release) bool { return r.in.Request == a.lease.Request }) {
			return false
		}
	}
	return len(asks) > 0 && len(g.leases) == 0
}

// putFailed answers the asks. What was held before is held still, until its own end.
func (g *run) putFailed(asks []*ask, err error) {
	for _, a := range asks {
		a.fail(contract.AsProblem(err).Application())
	}
	if len(asks) == 0 {
		// A shorter end could not be told to the target. The leases' own end counts all the same.
		g.held = g.leases.End()
	}
}

// answerKept answers releases while other leases keep the access up.
func (g *run) answerKept() {
	if len(g.leases) == 0 {
		return
	}
	g.answerReleases(func(contract.ReleaseInput) (contract.ReleaseResult, bool) {
		return contract.ReleaseResult{HeldUntil: g.held, HeldBy: g.leases.Last(), Standing: g.standing}, true
	})
}
