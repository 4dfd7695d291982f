package target

import (
	"context"
	"slices"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// proven is true when a grant says that it has put the access there, and shows that this was decided. Nobody else can
// have Curfew take away what it never gave.
func (a *Activities) proven(ctx context.Context, command contract.EndCommand) bool {
	return command.Mine && a.shown(ctx, command.Access, command.Chain)
}

// shown is true when a chain shows that an access was decided.
func (a *Activities) shown(ctx context.Context, access contract.Access, chain *contract.Chain) bool {
	if a.verifier == nil {
		return true
	}
	var proof contract.Chain
	if chain != nil {
		proof = *chain
	}
	if _, err := a.verifier.AnyDate().Allows(proof, proof.Request.Fact.ID, access); err != nil {
		a.raise(ctx, access, []contract.Refusal{{Request: proof.Request.Fact.ID, Problem: *contract.AsProblem(err)}})
		return false
	}
	return true
}

// knowsBetter is true when the ledger has forgotten access that a grant has put there: it has forgotten the decision as
// well, as one that was restored from a backup has. A ledger that knows the decision may be right, or have been copied
// after the decision and before the access was given. Then the access is said to be gone only when it is not there:
// nobody can tell whether it is Curfew's.
func (a *Activities) knowsBetter(ctx context.Context, connector Connector, command contract.EndCommand) (bool, error) {
	if !a.proven(ctx, command) {
		return false, nil
	}
	if forgotten, err := a.forgotten(ctx, command.Chain); err != nil || forgotten {
		return forgotten, err
	}
	wanted := access(command.Access, command.Leases).known(grantsOwn(command))
	state, err := connector.Inspect(ctx, wanted)
	switch {
	case err != nil:
		return false, err
	case state.Held || wanted.Unread || doubt(state, grantsOwn(command), false) != "":
		return false, contract.Unavailable("its grant says that it gave the access, and the ledger, which knows the decision, has nothing of it: it may be an older copy").
			Advise("if Curfew gave it, remove it by hand; if it was there before, take it over with `curfew stuck takeover`, as in docs/stuck.md")
	}
	return false, nil
}

// lost is true when the ledger has lost the holding of what a grant holds up: it has not even the command that it took
// last.
func (a *Activities) lost(ctx context.Context, before ledger.Holding, command contract.GrantCommand) (bool, error) {
	if !before.Token.Before(command.Known) || command.Standing || !a.shown(ctx, command.Access, command.Held) {
		return false, nil
	}
	return a.forgotten(ctx, command.Held)
}

// forgotten is true when the ledger does not know that a request was granted.
func (a *Activities) forgotten(ctx context.Context, chain *contract.Chain) (bool, error) {
	if a.verifier == nil {
		return true, nil
	}
	decisions, err := a.decisions.DecisionsOf(ctx, chain.Request.Fact.ID)
	return err == nil && !grants(decisions), err
}

// onRecord refuses a lease of a request whose decision the ledger has lost: it may have lost its end too. Every
// decision is there before anybody learns of it.
func (a *Activities) onRecord(ctx context.Context, request string) error {
	decisions, err := a.decisions.DecisionsOf(ctx, request)
	switch {
	case err != nil:
		return contract.Unavailable("the ledger can't be read, so nothing is granted: %v", err)
	case !grants(decisions):
		return contract.Closed("the ledger has lost the decision: it was restored from an older copy, which may not know either that the request has ended").
			At("lease").
			Advise("make a new request")
	}
	return nil
}

// isLive is true when access that a grant wants written again is at its target: that opens nothing.
func isLive(ctx context.Context, connector Connector, command contract.GrantCommand) (bool, error) {
	wanted := access(command.Access, command.Leases).known(ledger.Proof{Identity: command.Identity, Shown: true})
	if wanted.Unread {
		return true, nil
	}
	state, err := connector.Inspect(ctx, wanted)
	return state.Held, err
}

// grants is true when one of the decisions about a request was to grant it.
func grants(decisions []ledger.Decision) bool {
	return slices.ContainsFunc(decisions, func(decision ledger.Decision) bool {
		return decision.About == "" && decision.Ruling == contract.RulingGrant
	})
}

// remembered is a holding that was lost, as its grant knows it. Its leases have to show again that they were decided.
func remembered(command contract.GrantCommand) ledger.Holding {
	return ledger.Holding{
		Grant: command.Access.GrantID(), Access: command.Access, Token: command.Known, Open: true, Until: command.Until,
		Proof: ledger.Proof{Identity: command.Identity, Shown: true},
	}
}
