package target

import (
	"context"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// stopsFor reads what has ended of all that the holding and a command name. While that can't be read, or while everything is
// frozen, nothing is granted.
func stopsFor(ctx context.Context, locked ledger.Locked, asked contract.Leases) (ledger.Stops, error) {
	stops, err := locked.Stops(ctx, append(asked.Requests(), locked.Holding().Leases.Requests()...)...)
	switch {
	case err != nil:
		return stops, contract.Problemf(contract.KindUnavailable, "", "", "what has ended can't be read, so nothing is granted: %v", err)
	case stops.Freeze.Frozen:
		return stops, stops.Freeze.Problem()
	}
	return stops, nil
}

// withoutEnded leaves out the leases of requests that have ended, whatever seals they show.
func withoutEnded(leases contract.Leases, stops ledger.Stops) (alive contract.Leases, refused []contract.Refusal) {
	alive = stops.Alive(leases)
	for _, request := range leases.Requests() {
		if by, ended := stops.Ended[request]; ended {
			refused = append(refused, contract.Refusal{Request: request, Problem: *ledger.Over(by)})
		}
	}
	return alive, refused
}

// recordWithin is how long an end waits to be put on record, after it was carried out.
const recordWithin = 2 * time.Second

// recordEnds puts on record that requests have given up their leases on a grant for good, and returns those that it could
// not: whoever has ended them owes that.
func (a *Activities) recordEnds(ctx context.Context, grant string, kind contract.EndKind, by, reason string, requests []string) (owed []contract.Tombstone) {
	for _, request := range requests {
		t := contract.Tombstone{Request: request, Grant: grant, Kind: kind, By: by, Reason: reason}
		if t, err := ledger.CheckTombstone(t); err == nil { // no lease is taken under any other id
			owed = append(owed, t)
		}
	}
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	if err := a.tombstones.AddTombstones(ctx, owed...); err != nil {
		a.log.Warn("an end is not on record yet", zapGrant(grant), zapError(err))
		return owed
	}
	return nil
}

// clockSkew is how far the clocks of a Temporal cluster may differ.
const clockSkew = 10 * time.Second

// checkEpoch refuses a command of a grant that is to begin later: its token would outrank those of the grant that there is.
func (a *Activities) checkEpoch(ctx context.Context, access contract.Access, token contract.Token, clock serverClock) error {
	if token.Epoch <= clock.now().Add(clockSkew).UnixNano() {
		return nil
	}
	problem := contract.Problemf(contract.KindForbidden, "token", "", "its epoch is still to come, so no grant has handed it out")
	a.raise(ctx, access, []contract.Refusal{{Problem: *problem}})
	return problem
}
