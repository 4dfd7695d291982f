package ticket

import (
	"context"

	"curfew/activities/narrate"
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

// Comment is the activity contract.ActivityCommentTicket: one comment for each event, in order, and the link's present
// state. Where the request named a reference in place of the ticket, the first event links that back to the request.
func (a *Activities) Comment(ctx context.Context, in contract.CommentInput) (contract.Written, error) {
	if !ValidKey(in.Ticket) {
		return contract.Written{}, contract.Invalid("%q is no ticket key", in.Ticket).
			At("ticket").
			Advise("use a key like OPS-7").
			Application()
	}
	if a.System == nil {
		return contract.Written{}, noTracker(in.Ticket)
	}
	written, _, err := narrate.Write(ctx, in.Events, in.Status, struct{}{},
		func(ctx context.Context, entry narrate.Entry, _ *struct{}) error {
			return a.System.Comment(ctx, in.Ticket, story.Of(entry.Event, entry.Status, a.Page))
		})
	if err != nil || written.Blocked != "" {
		return written, err
	}
	return a.links(ctx, in, written)
}

func noTracker(whose string) error {
	return contract.NotFound("no tracker is configured").
		At("ticket").
		Advise("configure the tracker of " + whose).
		Application()
}
