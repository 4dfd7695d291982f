// Package notify is the port to the channels that notify people of requests: chat, mail and webhooks.
package notify

import (
	"context"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Channel is one way to notify people. Errors are *contract.Problem; any other error counts as unavailable and is tried
// again. A channel only carries messages: people act on them through Curfew's entry points, with their own rights.
type Channel interface {
	// System is what people's accounts on the channel are called in the directory, like "slack" or "mail"; empty for a
	// channel that addresses no person in particular.
	System() string
	// Send sends one message. A repeated attempt, with the same Event.ID, sends it once wherever the channel can know
	// that it was sent. What it returns counts also with an error, which is about the message, and about all who are
	// not reached.
	Send(ctx context.Context, m Message) (Sent, error)
	// Check tries the credentials and sends nobody a message.
	Check(ctx context.Context) error
}

// Message is one event of a request, for those whom it concerns.
type Message struct {
	Event  contract.Event
	Entry  story.Entry     // the event in words; Entry.Said is untrusted
	Status contract.Status // when it is sent, which may be later than the event
	// To are the persons whom it concerns. A channel that everybody on it can read shows it even when there is nobody.
	To   []Recipient
	Asks contract.Action // what those in To may want to do about it
	Page string          // the address of the request's page
	// Digest is that of what reviewers are shown to review; empty when there is nothing.
	Digest string
	// Thread is what Send returned for the message before, of the same request; empty for the first.
	Thread string
}

// Sent is what came of a message.
type Sent struct {
	// Thread is what the channel needs to know to put the next message of the same request in the place of this one;
	// empty when it needs nothing.
	Thread string
	// Reached are persons who have the message. A channel that addresses nobody in particular reaches all or none, and
	// leaves it empty.
	Reached []string
	// Late are persons whom the channel puts off, and Refused those whom it will never reach, each with the reason.
	Late, Refused map[string]string
}

// Recipient is one person who is notified.
type Recipient struct {
	Person  string
	Name    string
	Account string // on Channel.System; never empty unless that is
}
