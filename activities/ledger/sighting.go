package ledger

import (
	"context"
	"fmt"
	"time"

	"curfew/workflows/contract"
)

// Sightings remember what the provider said of people when they last signed in, for groups that nobody else knows.
type Sightings interface {
	// See remembers a sighting in the place of an earlier one of the same person; a later one stays.
	See(ctx context.Context, sighting Sighting) error
	// Seen returns the sightings at an instant or later, in the order of the persons' ids.
	Seen(ctx context.Context, since time.Time) ([]Sighting, error)
}

// Sighting is one sign-in.
type Sighting struct {
	Person string    // the id
	Groups []string  // those that the provider named, by its names
	At     time.Time // when it did
}

const (
	mostSighted = 1000 // groups of one person
	longestName = 256  // bytes of a group's name
)

// CheckSighting says what is wrong with a sighting, and returns it as stores keep it: with the time in UTC, and the
// groups as text.
func CheckSighting(sighting Sighting) (Sighting, string, error) {
	if err := sighting.check(); err != nil {
		return Sighting{}, "", err
	}
	sighting.At = sighting.At.UTC()
	groups, err := encode(sighting.Groups)
	return sighting, groups, err
}

func (sighting Sighting) check() error {
	switch {
	case sighting.Person == "":
		return contract.Invalid("the sighting is of nobody").At("person").Advise("say who signed in")
	case sighting.At.IsZero():
		return contract.Invalid("the sighting of %s has no time", sighting.Person).At("at").Advise("say when")
	case len(sighting.Groups) > mostSighted:
		return contract.Invalid("%s is in too many", sighting.Person).
			At("groups").
			Advise(fmt.Sprintf("name %d at most", mostSighted))
	}
	for _, group := range sighting.Groups {
		if len(group) > longestName {
			return contract.Invalid("one of %s's is too long", sighting.Person).
				At("groups").
				Advise(fmt.Sprintf("keep names to %d bytes", longestName))
		}
	}
	return nil
}

// DecodeGroups reads what CheckSighting wrote of a sighting's groups.
func DecodeGroups(text string) (groups []string, err error) {
	err = decode(text, &groups, "groups")
	return groups, err
}
