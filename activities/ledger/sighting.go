package ledger

import (
	"context"
	"encoding/json"
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

// CheckSighting says what is wrong with a sighting, and returns it as stores keep it: with the time in UTC.
func CheckSighting(sighting Sighting) (Sighting, error) {
	switch {
	case sighting.Person == "":
		return sighting, contract.Invalid("the sighting is of nobody").At("person").Advise("say who signed in")
	case sighting.At.IsZero():
		return sighting, contract.Invalid("the sighting of %s has no time", sighting.Person).At("at").Advise("say when")
	case len(sighting.Groups) > mostSighted:
		return sighting, contract.Invalid("%s is in too many", sighting.Person).
			At("groups").
			Advise(fmt.Sprintf("name %d at most", mostSighted))
	}
	for _, group := range sighting.Groups {
		if len(group) > longestName {
			return sighting, contract.Invalid("one of %s's is too long", sighting.Person).
				At("groups").
				Advise(fmt.Sprintf("keep names to %d bytes", longestName))
		}
	}
	sighting.At = sighting.At.UTC()
	return sighting, nil
}

// EncodeGroups is the JSON that stores keep of a sighting's groups.
func EncodeGroups(groups []string) (string, error) { return encode(groups) }

// DecodeGroups reads what EncodeGroups wrote.
func DecodeGroups(text string) ([]string, error) {
	var groups []string
	if err := json.Unmarshal([]byte(text), &groups); err != nil {
		return nil, fmt.Errorf("read groups that the ledger keeps: %w", err)
	}
	return groups, nil
}
