package worker

import (
	"context"

	"curfew/internal/reload"
	"curfew/workflows/contract"
)

// named gives the activities that people read the names of the people whom a request names. They come from the
// configuration of the moment, and never from a workflow.
func named(directory *reload.Live, o outgoing) outgoing {
	with := func(status contract.Status, events []contract.Event) contract.Status {
		people := status.People()
		for _, event := range events {
			people = append(people, event.Actor)
		}
		status.Names = directory.Current().Names(people...)
		return status
	}
	comment, open, note, notify := o.comment, o.open, o.note, o.notify
	o.comment = func(ctx context.Context, in contract.CommentInput) (contract.Written, error) {
		in.Status = with(in.Status, in.Events)
		return comment(ctx, in)
	}
	o.open = func(ctx context.Context, in contract.OpenTicketInput) (contract.OpenTicketResult, error) {
		in.Status = with(in.Status, nil)
		return open(ctx, in)
	}
	o.note = func(ctx context.Context, in contract.AddNoteInput) (contract.Written, error) {
		in.Status = with(in.Status, in.Events)
		return note(ctx, in)
	}
	o.notify = func(ctx context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
		in.Status = with(in.Status, in.Events)
		return notify(ctx, in)
	}
	return o
}
