package target

import (
	"context"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// stopsFor reads what has ended of all that the holding and a command name. While that can't be read, or while
// everything is frozen, nothing is granted.
func stopsFor(ctx context.Context, locked ledger.Locked, asked contract.Leases) (ledger.Stops, error) {
	stops, err := locked.Stops(ctx, append(asked.Requests(), locked.Holding().Leases.Requests()...)...)
	switch {
	case err != nil:
		return stops, contract.Unavailable("what has ended can't be read, so nothing is granted: %v", err)
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

// recordReleased puts on record that requests have given up their leases on a grant for good, and returns those that it
// could not.
func (a *Activities) recordReleased(ctx context.Context, grant string, requests []string) (owed []string) {
	released := ledger.Released(grant, requests)
	if err := a.record(ctx, grant, released); err != nil {
		for _, t := range released {
			owed = append(owed, t.Request)
		}
	}
	return owed
}

func (a *Activities) record(ctx context.Context, grant string, tombstones []contract.Tombstone) error {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), recordWithin)
	defer done()
	err := a.tombstones.AddTombstones(ctx, tombstones...)
	if err != nil {
		a.log.Warn("an end is not on record yet", zapGrant(grant), zapError(err))
	}
	return err
}

// clockSkew is how far the clocks of a Temporal cluster may differ.
const clockSkew = 10 * time.Second

// checkEpoch refuses a command of a grant that is to begin later: its token would outrank those of the grant that there
// is.
func (a *Activities) checkEpoch(
	ctx context.Context,
	access contract.Access,
	token contract.Token,
	clock serverClock,
) error {
	if token.Epoch <= clock.now().Add(clockSkew).UnixNano() {
		return nil
	}
	problem := contract.Forbidden("its epoch is still to come, so no grant has handed it out").At("token")
	a.raise(ctx, access, []contract.Refusal{{Problem: *problem}})
	return problem
}
