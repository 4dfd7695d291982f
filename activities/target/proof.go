package target

import (
	"context"
	"fmt"
	"slices"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// known adds what the holding's workers know of an access beyond its name.
func (a Access) known(proof ledger.Proof) Access {
	a.Identity, a.Shown = proof.Identity, proof.Shown
	return a
}

// AccessOf is what a connector is asked about a holding.
func AccessOf(holding ledger.Holding) Access {
	return access(holding.Access, holding.Leases).known(holding.Proof)
}

// grantsOwn is what a grant itself knows of access that it has put there: it was seen.
func grantsOwn(command contract.EndCommand) ledger.Proof {
	return ledger.Proof{Identity: command.Identity, Shown: command.Mine}
}

// isRefusal is true when the target itself has answered that it won't: what it was asked can't take effect any more.
func isRefusal(err error) bool {
	problem, known := contract.ProblemOf(err)
	return known && (problem.Refused || isFinal(problem))
}

// isFinal is true for what the same call would be answered again.
func isFinal(problem *contract.Problem) bool {
	return problem.Kind == contract.KindCapacity || slices.Contains(contract.Final, string(problem.Kind))
}

// doubt says why it proves nothing that a look has not found the access; empty when it is gone. The view must have
// shown presence, at the target that the access was given on.
func doubt(state State, proof ledger.Proof, foundBefore bool) string {
	switch {
	case state.Doubt != "":
		return state.Doubt
	case proof.Hidden && !proof.Shown:
		return "the target answered that it granted the access, and has never shown it"
	case isElsewhere(state, proof) && !foundBefore:
		return fmt.Sprintf("it is another system (%s) than the one that the access was granted on (%s)",
			contract.Shorten(state.Identity.Target, 100), contract.Shorten(proof.Identity.Target, 100))
	default:
		return ""
	}
}

// isElsewhere is true when another system answers than the one that the access was granted on.
func isElsewhere(state State, proof ledger.Proof) bool {
	was, is := proof.Identity.Target, state.Identity.Target
	return was != "" && is != "" && was != is
}

// wayOut is what settles a doubt.
func wayOut(state State, proof ledger.Proof) string {
	if isElsewhere(state, proof) {
		return "let the target's settings lead to the former one again; or, if the access is gone there or both are the same system, " +
			"have an admin settle it with `curfew stuck takeover`, as in docs/stuck.md"
	}
	return "let the target show the access, or make sure that it is gone and take it over with `curfew stuck takeover`, as in docs/stuck.md"
}

// confirmGone looks whether the access is gone. It returns false when it can't be seen and nobody expects that.
func confirmGone(
	ctx context.Context,
	connector Connector,
	gone Access,
	proof ledger.Proof,
	foundBefore bool,
) (confirmed bool, err error) {
	state, err := connector.Inspect(ctx, gone)
	if err == nil && state.Held {
		return false, contract.Unavailable("the target said that access was revoked, but still shows it")
	}
	if gone.Unread {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("reading the target back: %w", err)
	}
	if why := doubt(state, proof, foundBefore); why != "" {
		return false, contract.Unavailable("Curfew removed the access and can't confirm that it is gone: %s", why).
			Advise(wayOut(state, proof))
	}
	return true, nil
}
