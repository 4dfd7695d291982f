package grant

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// put brings the target to what the leases and the asks say: opens it, or moves its end. An ask whose request is
// released meanwhile is not waited for: the holding refuses what arrives late.
func (g *run) put(ctx workflow.Context) {
	asks := g.takeAsks()
	leases, opens := g.leases, false
	var chains []contract.Chain
	for _, a := range asks {
		leases = leases.With(a.lease)
		opens = opens || a.opens
		chains = append(chains, a.chain)
		g.gone.Released = slices.DeleteFunc(g.gone.Released, func(request string) bool { return request == a.lease.Request })
	}
	g.open, g.empty = true, time.Time{}
	future := putOnTarget(ctx, contract.GrantCommand{
		Access: g.access, Token: g.next(), Until: leases.End(), Leases: leases, Chains: chains, Gone: g.gone, Opens: opens,
	})
	if !g.waitUnlessReleased(ctx, future, asks) {
		for _, a := range asks {
			a.fail(contract.Problemf(contract.KindConflict, "", "", "the request was released while it was being granted").Application())
		}
		return
	}
	var receipt contract.GrantReceipt
	if err := future.Get(ctx, &receipt); err != nil {
		g.putFailed(asks, err)
		return
	}
	g.leases, g.held, g.standing, g.gone = receipt.Leases, receipt.Until, receipt.Standing, contract.Gone{}
	g.driftCheckedAt = workflow.Now(ctx)
	g.remember(g.leases.Requests())
	g.clearStuck(ctx)
	g.recordRestored(ctx)
	for _, a := range asks {
		a.done, a.result, a.err = true, contract.HoldResult{Until: a.lease.Until, Standing: receipt.Standing}, refusal(receipt, a.lease.Request)
	}
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

// waitUnlessReleased waits for a grant attempt, but not when every request that asked for it is released.
func (g *run) waitUnlessReleased(ctx workflow.Context, future workflow.Future, asks []*ask) bool {
	released := func() bool {
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
	_ = workflow.Await(ctx, func() bool { return future.IsReady() || released() }) // ctx is never canceled
	return future.IsReady()
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
		return contract.ReleaseResult{HeldUntil: g.held, Standing: g.standing}, true
	})
}
