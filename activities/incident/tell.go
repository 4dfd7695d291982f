package incident

import (
	"context"
	"slices"

	"curfew/activities"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Activities tells a request's story on its incident.
type Activities struct {
	systems Systems
}

// New makes the activities of all incident systems that are configured.
func New(systems Systems) *Activities { return &Activities{systems: systems} }

// told are the events that concern those who work on an incident: who has access and until when, who was refused it, and
// what went wrong with it. How it came to that is told on the ticket.
var told = map[contract.EventKind]bool{
	contract.EventDenied:      true,
	contract.EventGlassBroken: true,
	contract.EventGranted:     true,
	contract.EventFailed:      true,
	contract.EventExtended:    true,
	contract.EventStuck:       true,
	contract.EventTakenOver:   true,
	contract.EventExpired:     true,
	contract.EventRevoked:     true,
}

// Tell is the activity contract.ActivityTellIncident: one note for each event that concerns an incident's readers, in order.
func (a *Activities) Tell(ctx context.Context, in contract.TellIncidentInput) error {
	system := a.systems.For(in.Incident)
	if system == nil {
		return contract.Problemf(contract.KindNotFound, "incident", "configure the system that it is in",
			"no incident system that is configured has an incident %.60q", in.Incident).Application()
	}
	for _, event := range in.Events {
		if !told[event.Kind] {
			continue
		}
		if err := system.Note(ctx, in.Incident, entry(event, in.Status)); err != nil {
			return activities.Error(err)
		}
	}
	return nil
}

// entry says whose access it is about, which those who read the incident alone could not know.
func entry(event contract.Event, status contract.Status) story.Entry {
	e := story.Of(event, status)
	e.Lines = slices.Insert(e.Lines, 0, "Template "+status.Template+", subject "+status.Subject)
	return e
}
