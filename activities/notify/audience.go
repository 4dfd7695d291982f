package notify

import (
	"slices"

	"curfew/workflows/contract"
)

// party is a part of those whom an event can concern.
type party string

const (
	requester party = "the requester"
	subject   party = "the subject"
	reviewers party = "the reviewers"
	// undecided are reviewers who have said nothing about what is asked now: the request, or an extension of it.
	undecided party = "the reviewers who have not reviewed"
)

// concern says who is notified of a kind of event, and what it asks of them.
type concern struct {
	event contract.EventKind
	who   []party
	asks  Action
	// all is true when whoever did it is notified too. Otherwise nobody is notified of what they did themselves.
	all bool
}

var holders = []party{requester, subject}

// concerns has a row for each kind of event. Those without a party change what a channel shows, and notify nobody.
var concerns = []concern{
	{event: contract.EventRequested}, // review-asked follows when people are needed
	{event: contract.EventReviewAsked, who: []party{undecided}, asks: ActionReview},
	{event: contract.EventReminded, who: []party{undecided}, asks: ActionReview},
	{event: contract.EventReviewed},
	{event: contract.EventApproved, who: holders},
	{event: contract.EventDenied, who: holders, all: true},
	{event: contract.EventWithdrawn, who: holders, all: true},
	{event: contract.EventLapsed, who: holders, all: true},
	{event: contract.EventScheduled, who: holders},
	{event: contract.EventGranted, who: holders},
	{event: contract.EventFailed, who: holders, all: true},
	{event: contract.EventExtensionAsked, who: []party{undecided}, asks: ActionReview},
	{event: contract.EventExtensionDenied, who: holders},
	{event: contract.EventExtended, who: holders},
	{event: contract.EventEnding, who: holders, asks: ActionExtend},
	{event: contract.EventRevoking, who: holders},
	{event: contract.EventStuck, who: holders},
	{event: contract.EventExpired, who: holders, all: true},
	{event: contract.EventRevoked, who: holders, all: true},
	{event: contract.EventTakenOver, who: holders, all: true},
	{event: contract.EventUnconfirmed, who: holders, all: true},
	{event: contract.EventCertified},
	{event: contract.EventDrifted, who: holders},
	{event: contract.EventRestored, who: holders},
	{event: contract.EventBreakGlassUsed, who: []party{reviewers, requester}, all: true},
	{event: contract.EventBreakGlassReviewed, who: holders},
	{event: contract.EventBreakGlassReviewOverdue, who: []party{reviewers}, asks: ActionPostReview},
	{event: contract.EventTicketOpened},
	{event: contract.EventTicketAbandoned},
	{event: contract.EventIncidentAbandoned},
	{event: contract.EventChannelAbandoned},
}

// Audience is whom an event concerns, by their ids, each once, and what it asks of them. The reviewers are those who
// are named, or all when nobody is. A late event may ask for what is settled by then: it concerns nobody any more.
func Audience(event contract.Event, status contract.Status, named []string) (people []string, asks Action) {
	at := slices.IndexFunc(concerns, func(c concern) bool { return c.event == event.Kind })
	if at < 0 { // an event of a later release
		return nil, ActionNone
	}
	row := concerns[at]
	if !open(row.asks, status) {
		return nil, ActionNone
	}
	for _, party := range row.who {
		for _, person := range party.people(status, named) {
			if !slices.Contains(people, person) && (row.all || person != event.Actor) {
				people = append(people, person)
			}
		}
	}
	return people, row.asks
}

// open is true while what is asked for can still be done.
func open(asks Action, status contract.Status) bool {
	switch asks {
	case ActionReview:
		return AwaitsReview(status)
	case ActionExtend:
		return status.State == contract.StateActive
	case ActionPostReview:
		return status.NeedsPostReview()
	default:
		return true
	}
}

func (p party) people(status contract.Status, named []string) []string {
	if len(named) == 0 {
		named = status.Reviewers
	}
	switch p {
	case requester:
		return []string{status.Requester}
	case subject:
		return []string{status.Subject}
	case undecided:
		return slices.DeleteFunc(panel(status, named), func(person string) bool { return hasReviewed(status, person) })
	default:
		return panel(status, named)
	}
}

// panel are the reviewers who may review: nobody reviews for themselves.
func panel(status contract.Status, reviewers []string) []string {
	return slices.DeleteFunc(slices.Clone(reviewers), func(person string) bool {
		asked := status.Extension != nil && status.Extension.By == person
		return person == status.Requester || person == status.Subject || asked
	})
}

// hasReviewed is about what is asked now: who has reviewed the request may still review its extension.
func hasReviewed(status contract.Status, person string) bool {
	asked := status.AskedAt
	if status.Extension != nil {
		asked = status.Extension.At
	}
	return slices.ContainsFunc(status.Reviews, func(review contract.Review) bool {
		return review.Reviewer == person && !review.At.Before(asked)
	})
}
