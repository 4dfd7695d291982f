package ticket

import (
	"curfew/internal/config"
	"curfew/internal/signing"
)

// Kind describes a sort of tracker, before any is opened.
type Kind struct {
	Name  string // as written in the configuration, and System.Name: "jira"
	Title string // as people write it: "Jira"
	// Settings returns a pointer to an empty struct that a tracker's settings are decoded into, by its tags.
	Settings func() Settings
	// CheckAccount refuses what can't be a person's account at such a tracker; nil where everything can be one. Like
	// CheckProject it returns a *contract.Problem.
	CheckAccount func(account string) error
	// CheckProject refuses what can't be the key of a project, which its tickets' keys begin with.
	CheckProject func(key string) error
	// Webhooks are what such a tracker sends of its tickets; nil when Curfew reads none.
	Webhooks *Webhooks
}

// Settings describe one tracker. Open does not wait for the tracker to be up; Check does.
type Settings interface {
	Open() (System, error)
}

// ReferencesKind describes a sort of system whose references stand for tickets.
type ReferencesKind struct {
	Name  string // as written in the configuration
	Title string // as people write it
	// Tracker names the kind of tracker whose tickets the references lead to.
	Tracker string
	// Settings returns a pointer to an empty struct that the settings are decoded into, by its tags.
	Settings func() ReferencesSettings
}

// ReferencesSettings describe one such system, beside the tracker that is open.
type ReferencesSettings interface {
	OpenBeside(tracker System) (References, error)
}

// Webhooks are what a kind of tracker sends.
type Webhooks struct {
	// Opened and Changed are the events that mean something, in the tracker's words.
	Opened, Changed string

	Verifier func(secrets []config.Secret) signing.Verifier
	// Read reads what was verified. An error is a *contract.Problem.
	Read func(body []byte) (Notice, error)
}

// Notice is one webhook about a ticket: a hint, after which the ticket is read again.
type Notice struct {
	Event  string // in the tracker's words
	Ticket string
	Moved  bool   // the ticket's status is among the changes
	Change string // what Move.ID will say of them
}
