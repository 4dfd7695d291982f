package request

import (
	"slices"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// channel notifies people.
type channel struct {
	place
	name   string
	thread string // what it answered last
	silent bool   // it has been down for long, and what people can't act on in time they need not hear of
}

// newPlaces makes the places where the request's story is written.
func (r *run) newPlaces() {
	r.ticket = &place{
		key: "ticket", abandoned: contract.EventTicketAbandoned, write: r.commentTicket,
		words: func() string {
			if r.status.Ticket == "" {
				return "the project " + r.opening.Project
			}
			return "the ticket " + r.status.Ticket
		},
	}
	r.incident = &place{
		key:       "incident",
		abandoned: contract.EventIncidentAbandoned,
		words:     func() string { return "the incident " + r.status.Incident },
		write: func(ctx workflow.Context, events []contract.Event) (contract.Written, error) {
			return addIncidentNote(
				ctx,
				contract.AddNoteInput{
					Incident:   r.status.Incident,
					Events:     events,
					Status:     r.status,
					Provenance: r.provenance(),
				},
			)
		},
	}
	for _, name := range r.fact().Terms.Channels {
		c := &channel{name: name}
		c.place = place{
			key:       "channel/" + name,
			abandoned: contract.EventChannelAbandoned,
			words:     func() string { return "the channel " + name },
			write: func(ctx workflow.Context, events []contract.Event) (contract.Written, error) {
				return r.notifyOn(ctx, c, events)
			},
		}
		r.channels = append(r.channels, c)
	}
}

// commentTicket comments on the ticket, and opens one before where that is to be done.
func (r *run) commentTicket(ctx workflow.Context, events []contract.Event) (contract.Written, error) {
	var opening contract.Written
	if r.status.Ticket == "" {
		opened, err := openTicket(
			ctx,
			contract.OpenTicketInput{
				Project:    r.opening.Project,
				Type:       r.opening.Type,
				Status:     r.status,
				Provenance: r.provenance(),
			},
		)
		if err != nil {
			return contract.Written{}, err
		}
		if opened.Ticket == "" {
			return contract.Written{Rest: len(events), Blocked: opened.Blocked}, nil
		}
		r.status.Ticket, opening = opened.Ticket, opened.Written
		r.appendEvent(
			ctx,
			contract.Event{Kind: contract.EventTicketOpened, Actor: contract.ActorCurfew, Detail: opened.Ticket},
		)
		r.show(ctx)
	}
	written, err := commentTicket(
		ctx,
		contract.CommentInput{Ticket: r.status.Ticket, Events: events, Status: r.status, Provenance: r.provenance()},
	)
	written.LeftOut = append(opening.LeftOut, written.LeftOut...)
	return written, err
}

// notifyOn notifies people on a channel.
func (r *run) notifyOn(ctx workflow.Context, c *channel, events []contract.Event) (contract.Written, error) {
	if c.silent {
		return contract.Written{}, nil
	}
	result, err := notify(ctx, contract.NotifyInput{
		Channel:    c.name,
		Events:     events,
		To:         r.notified.recipients(events),
		Status:     r.status,
		Provenance: r.provenance(),
		Thread:     c.thread,
	})
	if err != nil {
		problem, known := contract.ProblemOf(err)
		c.silent = !known || !slices.Contains(contract.Final, string(problem.Kind))
		return contract.Written{}, err
	}
	c.thread = result.Thread
	for _, late := range result.Late {
		r.notifyLater(ctx, c, late)
	}
	return result.Written, nil
}

// notifyLater goes on trying to reach one person with one event. Nobody else waits for that.
func (r *run) notifyLater(ctx workflow.Context, c *channel, late contract.LeftOut) {
	for _, event := range c.events {
		if event.Seq != late.Seq {
			continue
		}
		events := []contract.Event{event}
		c.beside++
		workflow.Go(ctx, func(ctx workflow.Context) {
			result, err := notify(ctx, contract.NotifyInput{
				Channel:    c.name,
				Events:     events,
				To:         r.notified.recipients(events),
				Only:       late.Person,
				Status:     r.status,
				Provenance: r.provenance(),
				Thread:     c.thread,
			})
			if err != nil {
				late.Why = contract.AsProblem(err).Error()
				result.LeftOut = []contract.LeftOut{late}
			}
			r.leaveOut(ctx, &c.place, result.LeftOut)
			c.beside--
		})
	}
}
