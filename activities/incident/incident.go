// Package incident is the port to incident systems: it reads incidents, which are evidence for access, and adds notes
// to them.
package incident

import (
	"context"
	"time"

	"curfew/activities/story"
)

// System is one incident system. Errors are *contract.Problem; any other error counts as unavailable and is tried
// again.
type System interface {
	// Name is what people's accounts on the system are called in the directory, like "pagerduty".
	Name() string
	// Recognizes is true for what has the form of an incident's id here, as people write it in a request. No two
	// systems recognize the same.
	Recognizes(id string) bool
	// Find reads an incident by its id; a missing one is a NotFound problem that names the field "incident".
	Find(ctx context.Context, id string) (Incident, error)
	// OnCall returns who is on call for a service at this moment. Doubt is an error, or nobody; it is never a guess.
	OnCall(ctx context.Context, service string) ([]OnCall, error)
	// AddNote adds an entry to the incident's log once: when our own account has already written one with this marker,
	// nothing is added.
	AddNote(ctx context.Context, id string, entry story.Entry) error
	// Check tries the credentials and privileges without changing anything.
	Check(ctx context.Context) error
}

// Incident is what Curfew needs to know of an incident.
type Incident struct {
	ID           string
	Service      string    // its id at the system, as templates name it
	Title        string    // untrusted
	OpenedAt     time.Time // when it began: always the same
	URL          string    // where people look at it
	Urgency      string    // in the system's words
	Priority     string    // in the system's words; empty when it has none
	Open         bool      // it is not resolved, or was merged into one that is not
	MergedInto   string    // the incident that goes on in its place; empty when it was not merged
	Acknowledged bool      // somebody has taken it on
	// Responders are the accounts of those who are assigned to it now.
	Responders []string
}

// OnCall is one person's on-call shift.
type OnCall struct {
	Account string // at the system
	Level   int    // of escalation, from 1
}

// Systems are all that are configured.
type Systems []System

// For finds the system that an incident is in; nil when none recognizes its id.
func (s Systems) For(id string) System {
	for _, system := range s {
		if system.Recognizes(id) {
			return system
		}
	}
	return nil
}
