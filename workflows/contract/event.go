package contract

import (
	"fmt"
	"time"
)

// Event is one entry of a request's story. Seq counts from 1 without gaps.
type Event struct {
	Request string    `json:"request"`
	Seq     int       `json:"seq"`
	Kind    EventKind `json:"kind"`
	At      time.Time `json:"at"`
	// Actor is a person's opaque id, or one of the Actor constants.
	Actor string `json:"actor"`
	// Said is text that a person typed: never to be trusted, always to be escaped.
	Said string `json:"said,omitempty"`
	// Detail is Curfew's own words.
	Detail string `json:"detail,omitempty"`
	// Headline says in a sentence what happened, with people's names. The server sets it when it shows the event.
	Headline string `json:"headline,omitempty"`
}

// Actors that are no person.
const (
	ActorPolicy    = "curfew:policy"
	ActorDeadline  = "curfew:deadline"
	ActorCurfew    = "curfew"
	ActorWatchdog  = "curfew:watchdog"
	ActorSweep     = "curfew:sweep"
	ActorTicket    = "curfew:ticket"    // it was closed
	ActorIncident  = "curfew:incident"  // it was resolved
	ActorDirectory = "curfew:directory" // the person or the account is not there any more
	ActorLedger    = "curfew:ledger"    // it refused an event that access rests on
	ActorSignal    = "temporal:signal"  // somebody with rights on the Temporal namespace
	ActorCanceled  = "temporal:cancel"
)

// IsSystem is true of an actor that is no person, and so needs no seal to be named.
func IsSystem(actor string) bool {
	switch actor {
	case ActorPolicy,
		ActorDeadline,
		ActorCurfew,
		ActorWatchdog,
		ActorSweep,
		ActorTicket,
		ActorIncident,
		ActorDirectory,
		ActorLedger,
		ActorSignal,
		ActorCanceled:
		return true
	}
	return false
}

// ID is unique over all requests, and the marker of the event's comment on the ticket.
func (e Event) ID() string { return fmt.Sprintf("%s/%d", e.Request, e.Seq) }

// RecordInput is the activity "ledger.Record".
type RecordInput struct {
	Events     []Event    `json:"events"`
	Status     Status     `json:"status"`
	Provenance Provenance `json:"provenance"`
	// Refused are the numbers of earlier events that the ledger has refused: it does not miss them.
	Refused []int `json:"refused,omitempty"`
	// Keep has the answer repeat the story, for who records it by a local activity: only its answer is in the history,
	// and the history has every story.
	Keep bool `json:"keep,omitempty"`
}

// RecordResult answers it.
type RecordResult struct {
	// Missing is the number of the first event before these that the ledger does not have: it was restored from an
	// older copy, say. Nothing was recorded then; the events from that number on are to be.
	Missing int `json:"missing,omitempty"`
	// Story is what was recorded, where it was to be kept.
	Story *RecordInput `json:"story,omitempty"`
}

// CommentInput is the activity "ticket.Comment": one comment for each event, and the live state.
type CommentInput struct {
	Ticket     string     `json:"ticket"`
	Events     []Event    `json:"events"`
	Status     Status     `json:"status"`
	Provenance Provenance `json:"provenance"`
}

// OpenTicketInput is the activity "ticket.Open": a ticket for a request that has none.
type OpenTicketInput struct {
	Project    string     `json:"project"`
	Type       string     `json:"type"`
	Status     Status     `json:"status"`
	Provenance Provenance `json:"provenance"`
}

// OpenTicketResult answers it. There is no ticket while the tracker is blocked.
type OpenTicketResult struct {
	Written
	Ticket string `json:"ticket"`
}

// AddNoteInput is the activity "incident.AddNote": one note for each event.
type AddNoteInput struct {
	Incident   string     `json:"incident"`
	Events     []Event    `json:"events"`
	Status     Status     `json:"status"`
	Provenance Provenance `json:"provenance"`
}

// NotifyInput is the activity "notify.Send": one message for each event that concerns somebody.
type NotifyInput struct {
	Channel string  `json:"channel"` // by its configured name
	Events  []Event `json:"events"`
	// To are those whom an event asks something of, by its number, when that is not clear from its kind.
	To         map[int][]string `json:"to,omitempty"`
	Status     Status           `json:"status"`
	Provenance Provenance       `json:"provenance"`
	// Thread is what the channel answered to the message before.
	Thread string `json:"thread,omitempty"`
	// Only is the one person whom the events are still to reach; empty when it is everybody whom they concern.
	Only string `json:"only,omitempty"`
}

// NotifyResult answers it.
type NotifyResult struct {
	Written
	Thread string `json:"thread,omitempty"`
	// Late are the persons whom the channel puts off. Everybody else whom an event concerns has its message.
	Late []LeftOut `json:"late,omitempty"`
}
