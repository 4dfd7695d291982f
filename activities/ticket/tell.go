package ticket

import (
	"context"
	"fmt"

	"curfew/activities"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Activities tells a request's story on its ticket.
type Activities struct {
	system System
	page   func(request string) string
}

// New makes the activities of a tracker; nil when none is configured, and then nothing is told. page returns where a
// request can be looked at.
func New(system System, page func(request string) string) *Activities {
	return &Activities{system: system, page: page}
}

// Tell is the activity contract.ActivityTellTicket: one comment for each event, in order, and the link's present state.
func (a *Activities) Tell(ctx context.Context, in contract.TellInput) error {
	if !ValidKey(in.Ticket) {
		return contract.Problemf(contract.KindInvalid, "ticket", "use a key like OPS-7", "%q is no ticket key", in.Ticket).Application()
	}
	if a.system == nil {
		return contract.Problemf(contract.KindNotFound, "ticket", "configure the tracker of "+in.Ticket, "no tracker is configured").Application()
	}
	for _, event := range in.Events {
		if err := a.system.Comment(ctx, in.Ticket, story.Of(event, in.Status)); err != nil {
			return activities.Error(err)
		}
	}
	return activities.Error(a.system.Link(ctx, in.Ticket, a.link(in.Status)))
}

func (a *Activities) link(status contract.Status) Link {
	return Link{
		ID: status.ID, URL: a.page(status.ID), Resolved: status.State == contract.StateEnded,
		Title:   fmt.Sprintf("Curfew %s: %s", status.Template, story.State(status)),
		Summary: fmt.Sprintf("Access of %s, asked for by %s", status.Subject, status.Requester),
	}
}
