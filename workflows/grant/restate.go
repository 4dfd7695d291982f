package grant

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// maxChains is how many chains of leases a grant keeps at most: so many requests for one entitlement of one person are
// none that anybody decides. A lease whose chain is not kept ends when the ledger loses it.
const maxChains = 50

// restateEvery is how often a grant writes its holding again because it is told to, at most. Anybody may tell it, and
// must not use up what a sweep will need.
const restateEvery = time.Minute

// handleRestate writes the holding again when a sweep has found that the ledger lacks it.
func (g *run) handleRestate(ctx, safe workflow.Context) {
	told := workflow.GetSignalChannelWithOptions(
		ctx,
		contract.SignalRestate,
		workflow.SignalChannelOptions{
			Description: "Sent by a sweep: write the holding again, which the ledger may have lost",
		},
	)
	workflow.Go(safe, func(safe workflow.Context) {
		for {
			told.Receive(safe, nil)
			for told.ReceiveAsync(nil) { // once for all who have said so
			}
			g.restate = true
			wait.For(safe, restateEvery, "Listen to sweeps again", func() bool { return false })
		}
	})
}

// keepChains remembers by what the leases were decided, the newest of each, as long as they last.
func (g *run) keepChains(chains []contract.Chain) {
	all := append(slices.Clone(chains), g.chains...)
	g.chains = nil
	for _, chain := range all {
		request := chain.Request.Fact.ID
		_, held := g.leases.Find(request)
		if held && len(g.chains) < maxChains &&
			!slices.ContainsFunc(g.chains, func(kept contract.Chain) bool { return kept.Request.Fact.ID == request }) {
			g.chains = append(g.chains, chain)
		}
	}
}

// chainsBeside are those of the leases that nobody asks for anew.
func (g *run) chainsBeside(asks []*ask) []contract.Chain {
	return slices.DeleteFunc(slices.Clone(g.chains), func(chain contract.Chain) bool {
		return slices.ContainsFunc(asks, func(a *ask) bool { return a.lease.Request == chain.Request.Fact.ID })
	})
}
