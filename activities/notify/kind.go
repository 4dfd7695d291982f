package notify

import (
	"context"
	"net/http"

	"curfew/internal/config"
	"curfew/internal/signing"
)

// Kind describes a sort of channel, before any is opened.
type Kind struct {
	Name  string // as written in the configuration: "slack"
	Title string // as people write it: "Slack"
	// Accounts is what Channel.System is of such channels; empty where a channel addresses no person in particular.
	Accounts string
	// Settings returns a pointer to an empty struct that a channel's settings are decoded into, by its tags.
	Settings func() Settings
	// CheckAccount refuses what can't be a person's account on such a channel. It returns a *contract.Problem.
	CheckAccount func(account string) error
	// Webhooks are what such a channel sends when somebody presses a button; nil when nobody can.
	Webhooks *Webhooks
}

// Settings describe one channel. Open calls nobody; server is where people reach Curfew.
type Settings interface {
	Open(server string) (Channel, error)
}

// Webhooks are what a kind of channel sends.
type Webhooks struct {
	Verifier func(secrets []config.Secret) signing.Verifier
	// Read reads what was verified. An error is a *contract.Problem.
	Read func(body []byte) (Press, error)
	// Answer tells whoever pressed a button what came of it, at the address that the press came with. An error does not
	// repeat that address, which is good for whoever knows it.
	Answer func(ctx context.Context, client *http.Client, address, text string) error
}

// Press is what somebody did with a message.
type Press struct {
	// IDs name the delivery, the first that is not empty; they are signed with it.
	IDs      []string
	Event    string // in the channel's words, or Action
	Account  string // of whoever pressed
	Action   string // contract.ButtonApprove or contract.ButtonDeny; empty for anything else
	Value    string // of the button
	AnswerTo string // the address that takes an answer
	Idle     bool   // nothing is to be done, as it should be
}
