package ticket

import (
	"context"
	"fmt"
	"strings"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Activities tells a request's story on its ticket.
type Activities struct {
	system System
	page   func(request string) string
}

// New makes the activities of a tracker; nil when none is configured, and then nothing is told. page returns where a
// request can be looked at.
func New(system System, page func(request string) string) *Activities {
	return &Activities{system: system, page: page}
}

// Tell is the activity contract.ActivityTellTicket: one comment for each event, in order, and the link's present state.
func (a *Activities) Tell(ctx context.Context, in contract.TellInput) error {
	if !ValidKey(in.Ticket) {
		return contract.Problemf(contract.KindInvalid, "ticket", "use a key like OPS-7", "%q is no ticket key", in.Ticket).Application()
	}
	if a.system == nil {
		return contract.Problemf(contract.KindNotFound, "ticket", "configure the tracker of "+in.Ticket, "no tracker is configured").Application()
	}
	for _, event := range in.Events {
		if err := a.system.Comment(ctx, in.Ticket, entry(event, in.Status)); err != nil {
			return activities.Error(err)
		}
	}
	return activities.Error(a.system.Link(ctx, in.Ticket, a.link(in.Status)))
}

func (a *Activities) link(status contract.Status) Link {
	return Link{
		ID: status.ID, URL: a.page(status.ID), Resolved: status.State == contract.StateEnded,
		Title:   fmt.Sprintf("Curfew %s: %s", status.Template, standing(status)),
		Summary: fmt.Sprintf("Access of %s, asked for by %s", status.Subject, status.Requester),
	}
}

// standing is the request's state in few words.
func standing(status contract.Status) string {
	switch {
	case status.Stuck:
		return "stuck, the access could not be taken away"
	case status.State == contract.StateActive:
		return "active until " + status.Until.UTC().Format("2006-01-02 15:04 UTC")
	case status.State == contract.StateEnded:
		return string(status.Outcome)
	}
	return string(status.State)
}

// headlines say what happened, in the words of whoever reads the ticket. %s is the actor.
var headlines = map[contract.EventKind]string{
	contract.EventRequested:       "Access requested by %s",
	contract.EventReviewed:        "Reviewed by %s; not decided yet",
	contract.EventApproved:        "Access approved by %s",
	contract.EventDenied:          "Access denied by %s",
	contract.EventWithdrawn:       "Request taken back by %s",
	contract.EventLapsed:          "Request lapsed",
	contract.EventGranted:         "Access granted",
	contract.EventFailed:          "Access could not be granted; nothing is left behind",
	contract.EventExtensionAsked:  "Extension asked for by %s; it waits for a reviewer",
	contract.EventExtensionDenied: "Extension refused by %s",
	contract.EventExtended:        "Access extended by %s",
	contract.EventRevoking:        "Access is being ended by %s",
	contract.EventStuck:           "Access could not be taken away yet; Curfew goes on trying",
	contract.EventTakenOver:       "Access could not be taken away: it may still be there, and a person answers for it",
	contract.EventCertified:       "A certificate was handed to %s",
	contract.EventDrifted:         "Access was taken away by somebody else",
	contract.EventRestored:        "Access that somebody else took away was given again",
	contract.EventExpired:         "Access has ended at its deadline",
	contract.EventRevoked:         "Access was ended early by %s",
}

// actors that are no person, in words.
var actors = map[string]string{
	contract.ActorPolicy:   "the policy",
	contract.ActorDeadline: "the deadline",
	contract.ActorCurfew:   "Curfew",
	contract.ActorSignal:   "a signal from Temporal",
	contract.ActorCanceled: "a cancellation in Temporal",
}

func entry(event contract.Event, status contract.Status) Entry {
	headline, known := headlines[event.Kind]
	if !known {
		headline = string(event.Kind)
	}
	if strings.Contains(headline, "%s") {
		actor, isRole := actors[event.Actor]
		if !isRole {
			actor = event.Actor
		}
		headline = fmt.Sprintf(headline, actor)
	}
	e := Entry{Marker: event.ID(), Headline: headline, Said: event.Said}
	if event.Kind == contract.EventRequested {
		e.Lines = append(e.Lines, fmt.Sprintf("Template %s for %s, subject %s", status.Template, status.Duration, status.Subject))
	}
	if event.Detail != "" {
		e.Lines = append(e.Lines, strings.Split(event.Detail, "\n")...)
	}
	e.Lines = append(e.Lines, "At "+event.At.UTC().Format("2006-01-02 15:04:05 UTC"))
	return e
}
