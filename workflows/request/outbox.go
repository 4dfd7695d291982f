package request

import (
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
}

func (o *outbox) add(event contract.Event) { o.events = append(o.events, event) }

func (o *outbox) waiting() bool { return o.delivered < len(o.events) }

func (o *outbox) drained() bool { return !o.waiting() && o.beside == 0 && !o.again }

// run delivers until the workflow is over.
func (o *outbox) run(ctx workflow.Context, tell func(workflow.Context, []contract.Event)) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		// ctx is canceled when the workflow is over.
		for workflow.Await(ctx, func() bool { return o.again || o.waiting() }) == nil {
			if o.again {
				o.again, o.delivered = false, 0
			}
			batch := o.events[o.delivered:len(o.events):len(o.events)]
			tell(ctx, batch)
			o.delivered += len(batch)
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
	r.recordEventTo(ctx, kind, actor, said, detail, nil)
}

// recordEventTo is happened for what asks something of some people.
func (r *run) recordEventTo(ctx workflow.Context, kind contract.EventKind, actor, said, detail string, to []string) {
	if !advance(&r.status, kind, workflow.Now(ctx)) {
		workflow.GetLogger(ctx).
			Error("an event came in a state that it does not fit", "event", kind, "state", r.status.State)
	}
	event := r.appendEvent(ctx, contract.Event{Kind: kind, Actor: actor, Said: said, Detail: detail})
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
	r.status.Seq++
	event.Request, event.Seq, event.At = r.status.ID, r.status.Seq, workflow.Now(ctx)
	if asked := r.fact().AskedAt; event.Kind == contract.EventRequested && !asked.IsZero() && asked.Before(event.At) {
		event.At = asked // the same also when the workflow is reset to its beginning
	}
	r.ledger.add(event)
	return event
}
