package request

import (
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// outbox delivers events to one place, in order and in batches, beside the main coroutine: a place that is down holds
// nothing up but the end of the workflow.
type outbox struct {
	events    []contract.Event
	delivered int
	closed    bool
	refused   bool // an entry, for good
	again     bool // everything is to be delivered once more
}

func (o *outbox) add(event contract.Event) { o.events = append(o.events, event) }

// close lets run return once everything is delivered.
func (o *outbox) close() { o.closed = true }

func (o *outbox) drained() bool { return o.delivered == len(o.events) }

// run delivers until the outbox is closed and drained.
func (o *outbox) run(ctx workflow.Context, tell func(workflow.Context, []contract.Event)) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			_ = workflow.Await(ctx, func() bool { return o.closed || o.again || !o.drained() }) // ctx is never canceled
			if o.again {
				o.again, o.delivered = false, 0
			}
			if o.drained() {
				return
			}
			batch := o.events[o.delivered:len(o.events):len(o.events)]
			tell(ctx, batch)
			o.delivered += len(batch)
		}
	})
}

// runUnlessRefused does so with a place that may refuse entries for good, which is given to refused.
func (o *outbox) runUnlessRefused(ctx workflow.Context, tell func(workflow.Context, []contract.Event) error, refused func(workflow.Context, error)) {
	o.run(ctx, func(ctx workflow.Context, events []contract.Event) {
		if err := tell(ctx, events); err != nil {
			refused(ctx, err)
		}
	})
}

// channel notifies people.
type channel struct {
	outbox
	name   string
	thread string // what it answered last
}

// outboxes are all but the ledger's.
func (r *run) outboxes() []*outbox {
	all := []*outbox{r.ticket, r.incident}
	for _, c := range r.channels {
		all = append(all, &c.outbox)
	}
	return all
}

func (r *run) startOutboxes(ctx workflow.Context) {
	r.ledger.run(ctx, r.recordAll)
	r.ticket.runUnlessRefused(ctx, r.commentTicket, r.refused(r.ticket, contract.EventTicketAbandoned, ""))
	r.incident.runUnlessRefused(ctx, func(ctx workflow.Context, events []contract.Event) error {
		return addIncidentNote(ctx, contract.AddNoteInput{Incident: r.status.Incident, Events: events, Status: r.status, Provenance: r.provenance()})
	}, r.refused(r.incident, contract.EventIncidentAbandoned, ""))
	for _, c := range r.channels {
		c.runUnlessRefused(ctx, func(ctx workflow.Context, events []contract.Event) error {
			if c.refused {
				return nil // it has been down for long, and what people can't act on in time they need not hear of
			}
			result, err := notify(ctx, contract.NotifyInput{
				Channel: c.name, Events: events, To: r.notified.recipients(events), Status: r.status, Provenance: r.provenance(), Thread: c.thread,
			})
			if err == nil {
				c.thread = result.Thread
			}
			return err
		}, r.refused(&c.outbox, contract.EventChannelAbandoned, c.name+": "))
	}
}

// commentTicket comments on the ticket, and opens one before where that is to be done.
func (r *run) commentTicket(ctx workflow.Context, events []contract.Event) error {
	if r.status.Ticket == "" {
		opened, err := openTicket(ctx, contract.OpenTicketInput{Project: r.opening.Project, Type: r.opening.Type, Status: r.status, Provenance: r.provenance()})
		if err != nil {
			return err
		}
		r.status.Ticket = opened.Ticket
		r.appendEvent(ctx, contract.Event{Kind: contract.EventTicketOpened, Actor: contract.ActorCurfew, Detail: opened.Ticket})
		r.show(ctx)
	}
	return commentTicket(ctx, contract.CommentInput{Ticket: r.status.Ticket, Events: events, Status: r.status, Provenance: r.provenance()})
}

// refused puts it into the ledger, once, that a place takes no more entries.
func (r *run) refused(o *outbox, kind contract.EventKind, which string) func(workflow.Context, error) {
	return func(ctx workflow.Context, err error) {
		if !o.refused {
			o.refused = true
			r.appendEvent(ctx, contract.Event{Kind: kind, Actor: contract.ActorCurfew, Detail: which + contract.AsProblem(err).Error()})
		}
	}
}

// recordEvent advances the state and puts the event into every outbox.
func (r *run) recordEvent(ctx workflow.Context, kind contract.EventKind, actor, said, detail string) {
	r.recordEventTo(ctx, kind, actor, said, detail, nil)
}

// recordEventTo is happened for what asks something of some people.
func (r *run) recordEventTo(ctx workflow.Context, kind contract.EventKind, actor, said, detail string, to []string) {
	if !advance(&r.status, kind, workflow.Now(ctx)) {
		workflow.GetLogger(ctx).Error("an event came in a state that it does not fit", "event", kind, "state", r.status.State)
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
