package worker

import (
	"context"

	"curfew/activities/provenance"
	"curfew/workflows/contract"
)

// outgoing are the activities that record, write or send what workflows say.
type outgoing struct {
	record  func(context.Context, contract.RecordInput) (contract.RecordResult, error)
	alarm   func(context.Context, contract.AlarmInput) error
	comment func(context.Context, contract.CommentInput) (contract.Written, error)
	open    func(context.Context, contract.OpenTicketInput) (contract.OpenTicketResult, error)
	note    func(context.Context, contract.AddNoteInput) (contract.Written, error)
	notify  func(context.Context, contract.NotifyInput) (contract.NotifyResult, error)
}

// guarded puts a guard before them, where seals are checked.
func guarded(o Options, t outgoing) outgoing {
	t = observed(o.Observer, named(o.Config, t))
	if o.Verifier != nil {
		guard := guardOf(o)
		t = outgoing{
			record: guard.Record(t.record), alarm: guard.Alarm(t.alarm), comment: guard.Comment(t.comment, t.open),
			open: guard.Open(t.open), note: guard.AddNote(t.note), notify: guard.Notify(t.notify),
		}
	}
	return t
}

func registerOutgoing(r Registry, t outgoing) {
	register(r, map[string]any{
		contract.ActivityRecord:          t.record,
		contract.ActivityAlarm:           t.alarm,
		contract.ActivityCommentTicket:   t.comment,
		contract.ActivityOpenTicket:      t.open,
		contract.ActivityAddIncidentNote: t.note,
		contract.ActivityNotify:          t.notify,
	})
}

func guardOf(o Options) *provenance.Guard {
	return provenance.New(
		provenance.Options{
			Verifier:  o.Verifier,
			Events:    o.Events,
			Holdings:  o.Holdings,
			Decisions: o.Decisions,
			Alarms:    o.Alarms,
		},
	)
}

// recordFor puts on record what the workflow of a request has had recorded in its life, with the guard before it where
// seals are checked.
func recordFor(o Options) func(context.Context, string, contract.RecordInput) (contract.RecordResult, error) {
	record := bookOf(o).Record
	if o.Verifier != nil {
		record = guardOf(o).Record(record)
	}
	return func(ctx context.Context, workflow string, in contract.RecordInput) (contract.RecordResult, error) {
		return record(provenance.Of(ctx, workflow), in)
	}
}
