package request

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// outbox delivers events to one place, in order and in batches, beside the main coroutine: a place that is down holds
// nothing up but the end of the workflow. It is open for as long as the workflow runs: what is said to a request while
// it waits for its places belongs into its story too.
type outbox struct {
	events    []contract.Event
	delivered int
	beside    int  // what is still on its way beside the events
	again     bool // everything is to be delivered once more
	taken     bool // what waits is on its way
}

func (o *outbox) add(event contract.Event) { o.events = append(o.events, event) }

func (o *outbox) waiting() bool { return o.delivered < len(o.events) }

func (o *outbox) drained() bool { return !o.waiting() && o.beside == 0 && !o.again }

// take returns what waits, for somebody to deliver. Nobody else delivers until they say what became of it.
func (o *outbox) take() []contract.Event {
	if o.taken || !o.waiting() {
		return nil
	}
	o.taken = true
	return o.events[o.delivered:len(o.events):len(o.events)]
}

// settle says that so many events, which were taken, are delivered; zero puts them back.
func (o *outbox) settle(n int) {
	o.taken = false
	o.delivered += n
}

// run delivers until the workflow is over.
func (o *outbox) run(ctx workflow.Context, tell func(workflow.Context, []contract.Event)) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		// ctx is canceled when the workflow is over.
		for workflow.Await(ctx, func() bool { return !o.taken && (o.again || o.waiting()) }) == nil {
			if o.again {
				o.again, o.delivered = false, 0
			}
			batch := o.take()
			tell(ctx, batch)
			o.settle(len(batch))
		}
	})
}

// outboxes are all but the ledger's.
func (r *run) outboxes() []*outbox {
	all := []*outbox{&r.ticket.outbox, &r.incident.outbox}
	for _, c := range r.channels {
		all = append(all, &c.outbox)
	}
	return all
}

func (r *run) startOutboxes(ctx workflow.Context) {
	r.ledger.run(ctx, r.recordAll)
	r.deliver(ctx, r.ticket)
	r.deliver(ctx, r.incident)
	for _, c := range r.channels {
		r.deliver(ctx, &c.place)
	}
}

// recordEvent advances the state and puts the event into every outbox.
func (r *run) recordEvent(ctx workflow.Context, kind contract.EventKind, actor, said, detail string) {
	r.tell(ctx, contract.Event{Kind: kind, Actor: actor, Said: said, Detail: detail}, nil)
}

// recordEventTo is recordEvent for what asks something of some people.
func (r *run) recordEventTo(ctx workflow.Context, kind contract.EventKind, actor, said, detail string, to []string) {
	r.tell(ctx, contract.Event{Kind: kind, Actor: actor, Said: said, Detail: detail}, to)
}

// recordSettled is recordEvent for what follows from the history before this workflow task, its instant included: the
// task comes to the same event when it is run again, because the worker has died. So the task itself records it
// (recordAll). Only the main coroutine may call it, which runs before all others, in answer to what it waited for. An
// instant of zero is for what is not settled.
func (r *run) recordSettled(ctx workflow.Context, at time.Time, kind contract.EventKind, actor, detail string) {
	if at.IsZero() {
		r.recordEvent(ctx, kind, actor, "", detail)
		return
	}
	if last := r.ledger.events[len(r.ledger.events)-1].At; at.Before(last) {
		at = last // another clock
	}
	r.settled = r.status.Seq + 1
	r.tell(ctx, contract.Event{Kind: kind, At: at, Actor: actor, Detail: detail}, nil)
}

func (r *run) tell(ctx workflow.Context, event contract.Event, to []string) {
	r.awaitConclusion(ctx)
	if event.At.IsZero() {
		event.At = workflow.Now(ctx)
	}
	if !advance(&r.status, event.Kind, event.At) {
		workflow.GetLogger(ctx).
			Error("an event came in a state that it does not fit", "event", event.Kind, "state", r.status.State)
	}
	event = r.appendEvent(ctx, event)
	r.notified.address(event, to)
	if r.status.Ticket != "" || r.opening.Project != "" {
		r.ticket.add(event)
	}
	if r.fact().Terms.UpdateIncident {
		r.incident.add(event)
	}
	for _, c := range r.channels {
		c.add(event)
	}
	r.show(ctx)
}

// awaitConclusion keeps others from telling anything while the main coroutine looks what has become of the access: the
// number of the event that it comes to must be the same when the workflow task is run again.
func (r *run) awaitConclusion(ctx workflow.Context) {
	_ = workflow.Await(ctx, func() bool { return !r.concluding }) // ctx is never canceled
}

// notifyOnly is for what is of no interest to tickets and incidents.
func (r *run) notifyOnly(ctx workflow.Context, kind contract.EventKind, detail string, to []string) {
	event := r.appendEvent(ctx, contract.Event{Kind: kind, Actor: contract.ActorCurfew, Detail: detail})
	r.notified.address(event, to)
	for _, c := range r.channels {
		c.add(event)
	}
}

// appendEvent numbers an event and puts it into the ledger.
func (r *run) appendEvent(ctx workflow.Context, event contract.Event) contract.Event {
	r.awaitConclusion(ctx)
	r.status.Seq++
	event.Request, event.Seq = r.status.ID, r.status.Seq
	if event.At.IsZero() {
		event.At = workflow.Now(ctx)
	}
	if asked := r.fact().AskedAt; event.Kind == contract.EventRequested && !asked.IsZero() && asked.Before(event.At) {
		event.At = asked // the same also when the workflow is reset to its beginning
	}
	r.ledger.add(event)
	return event
}
