package config

import (
	"curfew/workflows/contract"
)

// People are those named, and the members of groups.
type People struct {
	People []string `yaml:"people"`
	Groups []string `yaml:"groups"`
}

// Requesters are those who may ask.
type Requesters struct {
	People []string `yaml:"people"`
	Groups []string `yaml:"groups"`
	// BindSubject holds that whoever gets the access is one of them too.
	BindSubject bool `yaml:"bindSubject"`
}

// OnBehalf says who may ask for somebody else: `true` for all who may ask, or the names of groups.
type OnBehalf struct {
	Anybody bool
	Groups  []string
}

// Ticket says whether a request names a ticket, and which one counts. Its short form is one of the Ticket constants.
type Ticket struct {
	Use      string   `yaml:"use"` // TicketRequired (the default), TicketOptional or TicketNone
	Projects []string `yaml:"projects"`
	Statuses []string `yaml:"statuses"`
	// RequesterIs is what the requester must be to it: contract.RoleAssignee, contract.RoleReporter, or one of both.
	RequesterIs []string `yaml:"requesterIs"`
	// Open is where one is opened for a request that is approved without.
	Open TicketPlace `yaml:"open"`
}

// Incident says which incident counts; a template that has it asks for one.
type Incident struct {
	Services     []string `yaml:"services"`
	Open         bool     `yaml:"open"`
	Acknowledged bool     `yaml:"acknowledged"`
	OnCall       int      `yaml:"onCall"` // the highest level of escalation at which the requester may be on call; 0: need not be
}

// Condition is a CEL expression that is true or false, compiled when the file is read.
type Condition string

// Constraint is a condition with a name, and the message for people when it does not hold.
type Constraint struct {
	Name      string    `yaml:"name"`
	Message   string    `yaml:"message"`
	Condition Condition `yaml:"condition"`
}

// Approval is the short form of one approval rule: how many of whom must approve.
type Approval struct {
	Count int      `yaml:"count"`
	From  []string `yaml:"from"`
}

// ApprovalRule is how many of whom must approve, how many deny, and who is asked when that takes long.
type ApprovalRule struct {
	Name    string            `yaml:"name"`
	People  []string          `yaml:"people"`
	Groups  []string          `yaml:"groups"`
	Approve int               `yaml:"approve"` // default 1
	Deny    int               `yaml:"deny"`    // default 1
	After   contract.Duration `yaml:"after"`   // since the request was asked
	Then    People            `yaml:"then"`    // who may review too from then on
}

// Extension bounds how access may be extended, beside the longest duration.
type Extension struct {
	Most   *int              `yaml:"most"`   // any number when left out; 0: none
	Total  contract.Duration `yaml:"total"`  // of all together
	Review bool              `yaml:"review"` // reviewers approve each anew
}

// BreakGlass lets the members of groups open at once.
type BreakGlass struct {
	Groups       []string          `yaml:"groups"`
	MaxDuration  contract.Duration `yaml:"maxDuration"`
	ReviewWithin contract.Duration `yaml:"reviewWithin"`
	// Ticket is opened when the request has none.
	Ticket TicketPlace `yaml:"ticket"`
	// Once refuses it to whoever waits for the review of an earlier use.
	Once bool `yaml:"once"`
}

// TicketPlace is where a ticket is opened; the zero value for nowhere.
type TicketPlace struct {
	Project string `yaml:"project"` // its key
	Type    string `yaml:"type"`    // of the issue, by its name
}

// What can end access early, beside people.
const (
	EndWithTicket   = "ticket"   // it is closed
	EndWithIncident = "incident" // it is resolved
)
