package ticket

import (
	"context"
	"fmt"

	"curfew/activities"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Options of Activities.
type Options struct {
	System     System     // nil when no tracker is configured; then nothing is written
	References References // nil when requests name tickets by their keys alone
	// Page returns where a request can be looked at.
	Page func(request string) string
}

// Activities comments on a request's ticket, and opens one.
type Activities struct{ Options }

// New makes the activities of a tracker.
func New(o Options) *Activities { return &Activities{o} }

// Comment is the activity contract.ActivityTellTicket: one comment for each event, in order, and the link's present state.
// Where the request named a reference in place of the ticket, the first event links that back to the request.
func (a *Activities) Comment(ctx context.Context, in contract.CommentInput) error {
	if !ValidKey(in.Ticket) {
		return contract.Problemf(contract.KindInvalid, "ticket", "use a key like OPS-7", "%q is no ticket key", in.Ticket).Application()
	}
	if a.System == nil {
		return noTracker(in.Ticket)
	}
	for _, event := range in.Events {
		if err := a.System.Comment(ctx, in.Ticket, story.Of(event, in.Status)); err != nil {
			return activities.Error(err)
		}
	}
	if err := a.System.Link(ctx, in.Ticket, a.link(in.Status)); err != nil {
		return activities.Error(err)
	}
	return activities.Error(a.refer(ctx, in))
}

func noTracker(whose string) error {
	return contract.Problemf(contract.KindNotFound, "ticket", "configure the tracker of "+whose, "no tracker is configured").Application()
}

func (a *Activities) link(status contract.Status) Link {
	return Link{
		ID: status.ID, URL: a.Page(status.ID), Resolved: status.State == contract.StateEnded,
		Title:   fmt.Sprintf("Curfew %s: %s", status.Template, story.State(status)),
		Summary: fmt.Sprintf("Access of %s, asked for by %s", status.Subject, status.Requester),
	}
}

// refer links back from the reference that the request named. It comes last, and with the first events alone, so that a
// system other than the tracker that is down delays as few comments as it can.
func (a *Activities) refer(ctx context.Context, in contract.CommentInput) error {
	if a.References == nil || in.Status.Zephyr == "" || len(in.Events) == 0 || in.Events[0].Kind != contract.EventRequested {
		return nil
	}
	description := fmt.Sprintf("Curfew %s for %s", in.Status.Template, in.Status.Subject)
	return a.References.Link(ctx, in.Status.Zephyr, a.Page(in.Status.ID), description)
}
