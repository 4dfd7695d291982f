package contract

import (
	"fmt"
	"time"
)

// EventKind is what happened to a request.
type EventKind string

// What can happen to a request. Those with a state's or an outcome's name are its transitions.
const (
	EventRequested       EventKind = "requested"
	EventReviewed        EventKind = "reviewed"
	EventApproved        EventKind = "approved"
	EventDenied          EventKind = "denied"
	EventWithdrawn       EventKind = "withdrawn"
	EventLapsed          EventKind = "lapsed"
	EventGranted         EventKind = "granted"
	EventFailed          EventKind = "failed"
	EventExtensionAsked  EventKind = "extension-asked"
	EventExtensionDenied EventKind = "extension-denied"
	EventExtended        EventKind = "extended"
	EventRevoking        EventKind = "revoking"
	EventStuck           EventKind = "stuck"
	EventExpired         EventKind = "expired"
	EventRevoked         EventKind = "revoked"
	EventTakenOver       EventKind = "taken-over"       // a person answers for access that could not be taken away
	EventCertified       EventKind = "certified"        // a certificate was handed to the subject
	EventDrifted         EventKind = "drifted"          // somebody else took the access away while it was live
	EventRestored        EventKind = "restored"         // and Curfew gave it again, as the template says
	EventTicketAbandoned EventKind = "ticket-abandoned" // the ticket refused an entry; it stands in the ledger only
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
}

// Actors that are no person.
const (
	ActorPolicy   = "curfew:policy"
	ActorDeadline = "curfew:deadline"
	ActorCurfew   = "curfew"
	ActorWatchdog = "curfew:watchdog"
	ActorSweep    = "curfew:sweep"
	ActorSignal   = "temporal:signal" // somebody with rights on the Temporal namespace
	ActorCanceled = "temporal:cancel"
)

// ID is unique over all requests, and the marker of the event's comment on the ticket.
func (e Event) ID() string { return fmt.Sprintf("%s/%d", e.Request, e.Seq) }

// RecordInput is the activity "ledger.Record".
type RecordInput struct {
	Events []Event `json:"events"`
	Status Status  `json:"status"`
}

// TellInput is the activity "ticket.Tell": one comment for each event, and the live state.
type TellInput struct {
	Ticket string  `json:"ticket"`
	Events []Event `json:"events"`
	Status Status  `json:"status"`
}

// DecideInput is the activity "policy.Decide".
type DecideInput struct {
	Request Sealed[Request]  `json:"request"`
	Reviews []Sealed[Review] `json:"reviews,omitempty"`
	// Total is how long the access would last with an extension; zero when none is asked for.
	Total Duration `json:"total,omitzero"`
}

// Decision answers it.
type Decision struct {
	Ruling    Ruling   `json:"ruling"`
	Why       string   `json:"why"`
	Approvals int      `json:"approvals"`
	Needed    int      `json:"needed"`
	From      []string `json:"from,omitempty"` // who may review
}

// Ruling is what the policy says.
type Ruling string

// The rulings of the policy.
const (
	RulingGrant  Ruling = "grant"
	RulingReview Ruling = "review" // more reviews are needed
	RulingDeny   Ruling = "deny"
)
