package request

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// recordAll puts events into the ledger. When it refuses them together they are recorded one by one, so that one that
// can't be recorded costs none of the others.
func (r *run) recordAll(ctx workflow.Context, events []contract.Event) {
	events = r.recordable(events)
	if r.recordItself(ctx, events) {
		return
	}
	if len(events) != 1 && (len(events) == 0 || r.recordWhole(ctx, events) == nil) {
		return
	}
	for _, event := range events {
		if err := r.recordWhole(ctx, []contract.Event{event}); err != nil {
			r.refusedEvents = append(r.refusedEvents, event.Seq)
			r.noteRefusal(ctx, event, contract.AsProblem(err))
		}
	}
}

// recordWhole records events and, where the ledger has lost what came before them, all that it has lost: it was
// restored from an older copy, and the request knows its whole story.
func (r *run) recordWhole(ctx workflow.Context, events []contract.Event) error {
	for {
		result, err := record(ctx, r.story(events))
		if err != nil || result.Missing == 0 {
			return err
		}
		// On its own: if the ledger refuses these events, it is still to have what came before them.
		r.recordAll(ctx, r.ledger.events[result.Missing-1:events[0].Seq-1])
	}
}

// recordItself has the workflow task record an event that it comes to again when it is run again. It is false when that
// is not done: the ledger was slow, or did not take it.
func (r *run) recordItself(ctx workflow.Context, events []contract.Event) bool {
	if len(events) != 1 || events[0].Seq != r.settled {
		return false
	}
	result, err := recordLocally(ctx, r.story(events))
	return err == nil && result.Missing == 0
}

// story is what the ledger is told with some events.
func (r *run) story(events []contract.Event) contract.RecordInput {
	return contract.RecordInput{
		Events: events, Status: r.status, Provenance: r.provenance(), Refused: r.refusedEvents,
	}
}

// carry takes what waits for the ledger, so that an activity records it before it does its own work. It is nil when
// nothing waits, or when it is on its way already. Whoever carries it says what became of it, by carried.
func (r *run) carry() *contract.RecordInput {
	events := r.ledger.take()
	if events == nil {
		return nil
	}
	if events = r.recordable(events); len(events) == 0 {
		r.ledger.settle(0)
		return nil
	}
	story := r.story(events)
	return &story
}

// carried says whether the ledger has what an activity carried. What it has not, or may not have, is recorded on its
// own.
func (r *run) carried(story *contract.RecordInput, recorded bool) {
	switch {
	case story == nil:
	case recorded:
		r.ledger.settle(story.Events[len(story.Events)-1].Seq - r.ledger.delivered)
	default:
		r.ledger.settle(0)
	}
}

// awaitRecorded waits until the ledger has everything, or the request is ended.
func (r *run) awaitRecorded(ctx workflow.Context) {
	told := len(r.ledger.events)
	// ctx is never canceled.
	_ = workflow.Await(ctx, func() bool { return r.ledger.delivered >= told || r.endRequest != nil })
}

// recordable are those of some events that the ledger has not refused.
func (r *run) recordable(events []contract.Event) []contract.Event {
	return slices.DeleteFunc(
		slices.Clone(events),
		func(event contract.Event) bool { return slices.Contains(r.refusedEvents, event.Seq) },
	)
}

// noteRefusal tells operators that the ledger refuses an event, and ends what must not go on without it.
func (r *run) noteRefusal(ctx workflow.Context, event contract.Event, problem *contract.Problem) {
	workflow.GetLogger(ctx).
		Error("the ledger refused an event", "event", event.ID(), "kind", event.Kind, "error", problem.Error())
	r.alarm(
		ctx,
		contract.AlarmNotRecorded,
		int64(event.Seq),
		fmt.Sprintf("The ledger refused the event %s (%s): %s", event.ID(), event.Kind, problem.Error()),
	)
	if row, _ := event.Kind.Row(); row.Decisive {
		r.incomplete = true
		r.endBy(contract.ActorLedger, "The ledger refused the event "+event.ID()+".")
	}
}

// neverGranted is true when the request failed before the access clock started, because the ledger refused an event.
func (r *run) neverGranted() bool { return r.incomplete && r.status.GrantedAt == nil }

// recordNoAccess concludes a request that was ended before anything was granted.
func (r *run) recordNoAccess(ctx workflow.Context) {
	if r.neverGranted() {
		r.recordEvent(ctx, contract.EventFailed, contract.ActorCurfew, "", r.endRequest.Fact.Reason)
		return
	}
	r.recordEvent(ctx, contract.EventWithdrawn, r.endRequest.Fact.By, r.endRequest.Fact.Reason, "")
}
