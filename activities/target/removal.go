package target

import (
	"context"
	"slices"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// removed is what a revoke found.
type removed struct {
	absent      bool // there was nothing to take away
	sessions    int  // that were ended
	unconfirmed bool // nobody can see that it is gone, and nobody expects to
	remnants    []string
	unasked     error // why it is not known whether there are remnants
}

// remove takes the access away, ends what the subject has open with it, and sees that it is gone. Access that the
// target refuses to take away and does not hold is gone as well.
func remove(
	ctx context.Context,
	connector Connector,
	gone Access,
	proof ledger.Proof,
	keepSessions bool,
) (removed, error) {
	gone = gone.known(proof)
	var found removed
	revoked, remnants, err := revoke(ctx, connector, gone)
	if err != nil {
		if !refusedAndGone(ctx, connector, gone, proof, err) {
			return removed{}, err
		}
		revoked, err = AlreadyAbsent, nil
	}
	found.absent = revoked == AlreadyAbsent
	if ender, ok := as[SessionEnder](connector); ok && !keepSessions {
		found.sessions, err = timed(
			connector,
			"EndSessions",
			func() (int, error) { return ender.EndSessions(ctx, gone) },
		)
	}
	found.remnants, found.unasked = remnants.find(ctx)
	if err != nil {
		return removed{remnants: found.remnants}, err
	}
	confirmed, err := confirmGone(ctx, connector, gone, proof, !found.absent)
	found.unconfirmed = !confirmed
	found.absent = found.absent && confirmed
	return found, err
}

// remove takes the access of a holding away, and reports what outlives it.
func (s *systems) remove(
	ctx context.Context,
	connector Connector,
	of ledger.Holding,
	keepSessions bool,
) (removed, error) {
	gone, err := remove(ctx, connector, access(of.Access, of.Leases), of.Proof, keepSessions)
	s.reportRemnants(ctx, of.Access, of.Leases, gone)
	s.lines[of.Access.Target].doubt(ctx, err)
	return gone, err
}

// takeAway ends the access of a holding that is locked and that nothing holds up any more, and returns the holding as
// it is to be then. It is closed, unless a cut-off attempt to grant may still land: then somebody has to come again.
// Standing access stays.
func (s *systems) takeAway(
	ctx context.Context, connector Connector, holding ledger.Holding, keepSessions bool, now func() time.Time,
) (ledger.Holding, removed, error) {
	var gone removed
	if !holding.Standing {
		var err error
		if gone, err = s.remove(ctx, connector, holding, keepSessions); err != nil {
			return holding, gone, err
		}
		if holding.SettledAt.After(now()) {
			return holding, gone, nil
		}
		holding.Proof.Unconfirmed = gone.unconfirmed
		holding.Proof.Absent = gone.absent &&
			holding.SettledAt.IsZero() // a cut-off attempt need not have given anything
		if gone.absent && wasCutOff(holding) {
			holding.Uses = usesOf(holding).unused().list()
		}
	}
	return closed(holding, now()), gone, nil
}

// closed is a holding of access that is gone now.
func closed(holding ledger.Holding, now time.Time) ledger.Holding {
	holding = over(holding, now)
	holding.GoneAt, holding.SettledAt = now.UTC(), time.Time{}
	return holding
}

// refusedAndGone is true when a revoke was refused and a look proves that there is nothing to revoke.
func refusedAndGone(ctx context.Context, connector Connector, gone Access, proof ledger.Proof, cause error) bool {
	if !isRefusal(cause) {
		return false
	}
	state, err := connector.Inspect(ctx, gone)
	return err == nil && !state.Held && doubt(state, proof, false) == ""
}

// RemoveMarked takes away what a connector has listed, and sees that it is listed no more. What the target refuses to
// take away and does not list is gone as well. The errors are in the order of what was found; nil where it is gone.
func RemoveMarked(ctx context.Context, lister Lister, found []Marked) []error {
	errs := make([]error, len(found))
	for i, one := range found {
		errs[i] = lister.Remove(ctx, one)
	}
	if len(found) == 0 {
		return nil
	}
	left, err := lister.List(ctx)
	for i, one := range found {
		refused := errs[i] != nil
		switch still := slices.ContainsFunc(left, func(other Marked) bool { return other.Key == one.Key }); {
		case refused && (!isRefusal(errs[i]) || err != nil || still):
		case err != nil:
			errs[i] = err
		case still:
			errs[i] = contract.Unavailable("the target said that %s was removed, but still lists it", one.Key)
		default:
			errs[i] = nil
		}
	}
	return errs
}
