package request

import (
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// outbox tells events to one place, in order and in batches, beside the main coroutine: a place that is down holds
// nothing up but the end of the workflow.
type outbox struct {
	events []contract.Event
	told   int
	closed bool
}

func (o *outbox) add(event contract.Event) { o.events = append(o.events, event) }

// close lets run return once everything is told.
func (o *outbox) close() { o.closed = true }

func (o *outbox) drained() bool { return o.told == len(o.events) }

// run tells until the outbox is closed and drained. What the place refuses for good is given to refused.
func (o *outbox) run(ctx workflow.Context, tell func(workflow.Context, []contract.Event) error, refused func(workflow.Context, error)) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		for {
			_ = workflow.Await(ctx, func() bool { return o.closed || !o.drained() }) // ctx is never canceled
			if o.drained() {
				return
			}
			batch := o.events[o.told:len(o.events):len(o.events)]
			if err := tell(ctx, batch); err != nil {
				refused(ctx, err)
			}
			o.told += len(batch)
		}
	})
}

func (r *run) tellLedgerAndTicket(ctx workflow.Context) {
	r.ledger.run(ctx, func(ctx workflow.Context, events []contract.Event) error {
		return record(ctx, contract.RecordInput{Events: events, Status: r.status})
	}, func(ctx workflow.Context, err error) {
		workflow.GetLogger(ctx).Error("the ledger refused events", "request", r.status.ID, "error", err)
	})
	r.ticket.run(ctx, func(ctx workflow.Context, events []contract.Event) error {
		return tell(ctx, contract.TellInput{Ticket: r.status.Ticket, Events: events, Status: r.status})
	}, r.ticketRefused)
}

// ticketRefused puts it into the ledger, once, that the ticket takes no more entries.
func (r *run) ticketRefused(ctx workflow.Context, err error) {
	if r.ticketAbandoned {
		return
	}
	r.ticketAbandoned = true
	r.note(ctx, r.ledger, contract.EventTicketAbandoned, contract.ActorCurfew, "", contract.AsProblem(err).Error())
}

// happened advances the state, and tells the ledger and the ticket.
func (r *run) happened(ctx workflow.Context, kind contract.EventKind, actor, said, detail string) {
	if !advance(&r.status, kind, workflow.Now(ctx)) {
		workflow.GetLogger(ctx).Error("an event came in a state that it does not fit", "event", kind, "state", r.status.State)
	}
	event := r.note(ctx, r.ledger, kind, actor, said, detail)
	if r.status.Ticket != "" {
		r.ticket.add(event)
	}
	r.show(ctx)
}

func (r *run) note(ctx workflow.Context, o *outbox, kind contract.EventKind, actor, said, detail string) contract.Event {
	r.status.Seq++
	event := contract.Event{
		Request: r.status.ID, Seq: r.status.Seq, Kind: kind, At: workflow.Now(ctx), Actor: actor, Said: said, Detail: detail,
	}
	o.add(event)
	return event
}
