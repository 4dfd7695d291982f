package incident

import (
	"curfew/internal/config"
	"curfew/internal/signing"
)

// Kind describes a sort of incident system, before any is opened.
type Kind struct {
	Name  string // as written in the configuration, and System.Name: "pagerduty"
	Title string // as people write it: "PagerDuty"
	// Settings returns a pointer to an empty struct that a system's settings are decoded into, by its tags.
	Settings func() Settings
	// CheckAccount refuses what can't be a person's account there. It returns a *contract.Problem.
	CheckAccount func(account string) error
	// Webhooks are what such a system sends of its incidents; nil when Curfew reads none.
	Webhooks *Webhooks
}

// Settings describe one incident system. Open does not wait for the system to be up; Check does.
type Settings interface {
	Open() (System, error)
}

// Webhooks are what a kind of incident system sends.
type Webhooks struct {
	config.IncidentEvents

	Verifier func(secrets []config.Secret) signing.Verifier
	// Read reads what was verified. An error is a *contract.Problem; the notice counts beside it.
	Read func(body []byte) (Notice, error)
	// Lenient is true for systems that stop sending when they are told that they have sent nonsense.
	Lenient bool
}

// Notice is one webhook about an incident: a hint, after which the incident is read again.
type Notice struct {
	ID       string // of the delivery, signed with it; empty when it has none
	Event    string // in the system's words
	Incident string
	Trial    bool // somebody tries whether webhooks arrive
}
