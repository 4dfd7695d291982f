package target

import (
	"context"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// inTime refuses access whose time is over already: its target, the ledger or a worker took longer than it was to last.
func inTime(leases contract.Leases, now time.Time) error {
	if leases.End().After(now) {
		return nil
	}
	return contract.Overdue("the time of the access was over before the target could give it").
		Advise("see that the target, the ledger and the workers run and answer; a request tries again by itself")
}

// lookBefore finds what is there before the first grant: such access is standing. Where nobody expects to see the
// access, the target may refuse the look.
func lookBefore(ctx context.Context, connector Connector, wanted Access, opened *ledger.Holding) error {
	state, err := connector.Inspect(ctx, wanted)
	if err != nil && !(wanted.Unread && isRefusal(err)) {
		return err
	}
	opened.Standing, opened.Proof.Identity = state.Held, state.Identity
	return nil
}

// put gives the access, sees that it is there, and notes in the holding what that tells. former is the holding as it
// was.
func put(
	ctx context.Context,
	connector Connector,
	wanted Access,
	former ledger.Holding,
	holding *ledger.Holding,
	now time.Time,
) (Granted, error) {
	wanted = wanted.known(holding.Proof)
	granted, err := connector.Grant(ctx, wanted)
	switch {
	case err != nil && isRefusal(err):
		return putRefused(ctx, connector, wanted, err, former, holding, now)
	case err != nil:
		return "", err
	case wanted.Unread:
		return granted, nil
	}
	state, err := connector.Inspect(ctx, wanted)
	switch {
	case err != nil:
		return "", err
	case !state.Held:
		holding.Proof.Hidden = true
		return "", contract.Unavailable("the target said that access was granted, but does not show it")
	case endsEarly(state, wanted):
		return "", contract.Unavailable("the target said that access was granted until %s, and shows that it will end it at %s", wanted.Until.UTC().Format(time.RFC3339), state.Until.UTC().Format(time.RFC3339)).
			Advise("see in the target who changes the end, if this persists")
	}
	shown(holding, state)
	return granted, nil
}

// coarse is how exactly a target keeps an end at least: some know whole seconds only.
const coarse = time.Second

// endsEarly is true when the target will end the access by itself before the end that it was asked for.
func endsEarly(state State, wanted Access) bool {
	return !state.Until.IsZero() && state.Until.Before(wanted.Until.Add(-coarse))
}

// shown notes that the target has shown the access, and by which identity.
func shown(holding *ledger.Holding, state State) {
	holding.Proof = ledger.Proof{Identity: state.Identity, Shown: true}
}

// putRefused looks what is there after a grant was refused. Access as it was wished is done, and was there before if
// this was the first attempt. A first attempt that left nothing is over at once: there is nothing for an end to do.
func putRefused(
	ctx context.Context,
	connector Connector,
	wanted Access,
	refusal error,
	former ledger.Holding,
	holding *ledger.Holding,
	now time.Time,
) (Granted, error) {
	state, err := connector.Inspect(ctx, wanted)
	problem, _ := contract.ProblemOf(refusal)
	first := !former.Open && !former.SettledAt.After(now)
	switch {
	case err == nil && state.Held && problem.Refused && !endsEarly(state, wanted):
		shown(holding, state)
		holding.Standing = holding.Standing || first
		return AlreadyThere, nil
	case first && isFinal(problem) && !state.Held && (err == nil || wanted.Unread):
		*holding = closed(*holding, now)
	}
	return "", refusal
}
