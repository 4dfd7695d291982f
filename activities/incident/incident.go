// Package incident is the port to the systems whose incidents are a ground for access.
package incident

import (
	"context"
)

// System is one incident system. Errors are *contract.Problem; any other error counts as unavailable and is tried again.
type System interface {
	// Name is what people's accounts on the system are called in the directory, like "pagerduty".
	Name() string
	// Find reads an incident by its id; a missing one is a NotFound problem that names the field "incident".
	Find(ctx context.Context, id string) (Incident, error)
	// OnCall tells who is on call for a service at this moment. Doubt is an error, or nobody; it is never a guess.
	OnCall(ctx context.Context, service string) ([]OnCall, error)
	// Check tries the credentials and privileges without changing anything.
	Check(ctx context.Context) error
}

// Incident is what Curfew needs to know of an incident.
type Incident struct {
	ID           string
	Service      string // its id at the system, as templates name it
	Title        string
	Urgency      string // in the system's words
	Open         bool   // it is not resolved
	Acknowledged bool   // somebody has taken it on
}

// OnCall is one person's turn.
type OnCall struct {
	Account string // at the system
	Level   int    // of escalation, from 1
}
