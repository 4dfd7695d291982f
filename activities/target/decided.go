package target

import (
	"context"

	"curfew/workflows/contract"
)

// proven is true when a grant says that it has put the access there, and shows that this was decided. Nobody else can have
// Curfew take away what it never gave.
func (a *Activities) proven(ctx context.Context, command contract.EndCommand) bool {
	switch {
	case !command.Mine:
		return false
	case a.verifier == nil:
		return true
	}
	var proof contract.Chain
	if command.Chain != nil {
		proof = *command.Chain
	}
	if _, err := a.verifier.AnyDate().Allows(proof, proof.Request.Fact.ID, command.Access); err != nil {
		a.raise(ctx, command.Access, []contract.Refusal{{Request: proof.Request.Fact.ID, Problem: *contract.AsProblem(err)}})
		return false
	}
	return true
}

// knowsBetter is true when the ledger has forgotten access that a grant has put there: it has forgotten the decision as well,
// as one that was restored from a backup has. A ledger that knows the decision has had the holding too, and is right.
func (a *Activities) knowsBetter(ctx context.Context, command contract.EndCommand) (bool, error) {
	if !a.proven(ctx, command) {
		return false, nil
	}
	if a.verifier == nil {
		return true, nil
	}
	decisions, err := a.decisions.DecisionsOf(ctx, command.Chain.Request.Fact.ID)
	for _, decision := range decisions {
		if decision.About == "" && decision.Ruling == contract.RulingGrant {
			return false, err
		}
	}
	return err == nil, err
}
