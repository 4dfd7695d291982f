package starter

import (
	"context"
	"slices"

	"curfew/activities/ledger"
	"curfew/internal/identity"
)

// mostSeen is how many people's last sign-ins are kept at hand, so that not every call of theirs is a write.
const mostSeen = 10_000

// RecordSignIn remembers which groups a sign-in at the provider has named, of those that groups of the configuration
// are made of. A caller who is recognized by the same sign-in again costs nothing.
func (s *Snapshot) RecordSignIn(ctx context.Context, caller identity.Caller) error {
	claimed := s.config.Claimed()
	if caller.Means != identity.MeansOIDC || caller.At.IsZero() || s.sightings == nil || len(claimed) == 0 {
		return nil
	}
	seen := ledger.Sighting{
		Person: caller.Person,
		At:     caller.At,
		Groups: slices.DeleteFunc(
			slices.Clone(caller.Groups),
			func(name string) bool { return !slices.Contains(claimed, name) },
		),
	}
	if last, known := s.seen.Get(caller.Person); known &&
		(seen.At.Before(last.At) || seen.At.Equal(last.At) && slices.Equal(seen.Groups, last.Groups)) {
		return nil
	}
	if err := s.sightings.See(ctx, seen); err != nil {
		return err
	}
	s.seen.Add(caller.Person, seen)
	return nil
}
