package incident

import (
	"context"
	"slices"

	"curfew/activities/narrate"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Activities adds notes about a request to its incident.
type Activities struct {
	systems Systems
	page    func(request string) string
}

// New makes the activities of all incident systems that are configured. page returns where a request can be looked at.
func New(systems Systems, page func(request string) string) *Activities {
	return &Activities{systems: systems, page: page}
}

// noted are the events that concern those who work on an incident: who has access and until when, who was refused it,
// and what went wrong with it. The ticket says how it came to that.
var noted = map[contract.EventKind]bool{
	contract.EventDenied:         true,
	contract.EventBreakGlassUsed: true,
	contract.EventGranted:        true,
	contract.EventFailed:         true,
	contract.EventExtended:       true,
	contract.EventStuck:          true,
	contract.EventTakenOver:      true,
	contract.EventUnconfirmed:    true,
	contract.EventExpired:        true,
	contract.EventRevoked:        true,
}

// AddNote is the activity contract.ActivityAddIncidentNote: one note for each event that concerns an incident's
// readers, in order.
func (a *Activities) AddNote(ctx context.Context, in contract.AddNoteInput) (contract.Written, error) {
	system := a.systems.For(in.Incident)
	if system == nil {
		return contract.Written{}, contract.NotFound("no incident system that is configured has an incident %.60q", in.Incident).
			At("incident").
			Advise("configure the system that it is in").
			Application()
	}
	written, _, err := narrate.Write(ctx, in.Events, in.Status, struct{}{},
		func(ctx context.Context, entry narrate.Entry, _ *struct{}) error {
			if !noted[entry.Event.Kind] {
				return nil
			}
			return system.AddNote(ctx, in.Incident, a.entry(entry.Event, entry.Status))
		})
	return written, err
}

// entry says whose access it is about, which those who read the incident alone could not know, and where to see more.
func (a *Activities) entry(event contract.Event, status contract.Status) story.Entry {
	e := story.Of(event, status, a.page)
	e.Lines = slices.Insert(
		e.Lines,
		0,
		"Template "+status.Template+", subject "+story.Person(status.Names, status.Subject),
	)
	e.Lines = append(e.Lines, a.page(status.ID))
	return e
}
