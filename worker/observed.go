package worker

import (
	"context"
	"time"

	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// Observer is told of what a worker does. It must be quick.
type Observer interface {
	target.Observer
	ledger.RecordObserver
	// OutboxEmptied is told of an attempt to deliver what an outbox of a request had.
	OutboxEmptied(outbox string, events int, oldest time.Time, err error)
	// Notified is told how many events were sent on a channel, wait for another attempt, or failed.
	Notified(channel string, sent, waiting, failed int)
}

// The outboxes of a request.
const (
	outboxLedger   = "ledger"
	outboxTicket   = "ticket"
	outboxIncident = "incident"
	outboxChannel  = "channel"
)

// observed has an observer told of each delivery of what requests say.
func observed(observer Observer, o outgoing) outgoing {
	if observer == nil {
		return o
	}
	emptied := func(outbox string, events []contract.Event, rest int, err error) {
		if len(events) > 0 && (err != nil || rest == 0) {
			observer.OutboxEmptied(outbox, len(events), events[0].At, err)
		}
	}
	record, comment, note, notify := o.record, o.comment, o.note, o.notify
	o.record = func(ctx context.Context, in contract.RecordInput) (contract.RecordResult, error) {
		result, err := record(ctx, in)
		emptied(outboxLedger, in.Events, result.Missing, err)
		return result, err
	}
	o.comment = func(ctx context.Context, in contract.CommentInput) (contract.Written, error) {
		written, err := comment(ctx, in)
		emptied(outboxTicket, in.Events, written.Rest, err)
		return written, err
	}
	o.note = func(ctx context.Context, in contract.AddNoteInput) (contract.Written, error) {
		written, err := note(ctx, in)
		emptied(outboxIncident, in.Events, written.Rest, err)
		return written, err
	}
	o.notify = func(ctx context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
		result, err := notify(ctx, in)
		emptied(outboxChannel, in.Events, result.Rest, err)
		if err != nil {
			observer.Notified(in.Channel, 0, 0, len(in.Events))
		} else {
			observer.Notified(in.Channel, len(in.Events)-result.Rest, result.Rest, 0)
		}
		return result, err
	}
	return o
}
