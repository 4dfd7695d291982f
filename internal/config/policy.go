package config

import (
	"curfew/workflows/contract"
)

// People are those named, and the members of groups.
type People struct {
	People []string `yaml:"people" doc:"Ids of people."`
	Groups []string `yaml:"groups" doc:"Groups, all of whose members are meant."`
}

// Requesters are those who may ask.
type Requesters struct {
	People      []string `yaml:"people" doc:"Ids of people who may ask."`
	Groups      []string `yaml:"groups" doc:"Groups whose members may ask."`
	BindSubject bool     `yaml:"bindSubject" doc:"Whether who gets the access must be one of them too."`
}

// OnBehalf says who may ask for somebody else: `true` for all who may ask, or the names of groups.
type OnBehalf struct {
	Anybody bool
	Groups  []string
}

// Ticket says whether a request names a ticket, and which one counts. Its short form is one of the Ticket constants.
type Ticket struct {
	Use         string      `yaml:"use" default:"required" enum:"required,optional,none" doc:"Whether a request names a ticket."`
	Projects    []string    `yaml:"projects" otherwise:"any" doc:"The keys of the projects whose tickets count."`
	Statuses    []string    `yaml:"statuses" otherwise:"any" doc:"The statuses in which a ticket counts."`
	RequesterIs []string    `yaml:"requesterIs" enum:"assignee,reporter" otherwise:"anybody" doc:"What the requester must be to the ticket, or one of both."`
	Open        TicketPlace `yaml:"open" otherwise:"none is opened" doc:"Where a ticket is opened for a request that is approved without one."`
}

// Incident says which incident counts; a template that has it asks for one.
type Incident struct {
	Services     []string `yaml:"services" otherwise:"any" doc:"The ids of the services whose incidents count."`
	Open         bool     `yaml:"open" doc:"Whether the incident must be open."`
	Acknowledged bool     `yaml:"acknowledged" doc:"Whether somebody must have taken the incident on."`
	OnCall       int      `yaml:"onCall" min:"1" otherwise:"need not be on call" doc:"The highest level of escalation at which the requester may be on call."`
}

// Condition is a CEL expression that is true or false, compiled when the file is read.
type Condition string

// Constraint is a condition with a name, and the message for people when it does not hold.
type Constraint struct {
	Name      string    `yaml:"name" required:"give it a name, like security" doc:"A name of your choice."`
	Message   string    `yaml:"message" doc:"What Curfew answers when the condition does not hold; required among constraints."`
	Condition Condition `yaml:"condition" required:"write an expression that is true or false; docs/policy.md says how" doc:"A CEL expression that is true or false."`
}

// Approval is the short form of one approval rule: how many of whom must approve.
type Approval struct {
	Count int      `yaml:"count" min:"1" doc:"How many must approve."`
	From  []string `yaml:"from" doc:"The people who may review. Reviews of the requester and the subject never count."`
}

// ApprovalRule is how many of whom must approve, how many deny, and who is asked when that takes long.
type ApprovalRule struct {
	Name    string            `yaml:"name" required:"give it a name, like security" doc:"A name of your choice."`
	People  []string          `yaml:"people" doc:"Ids of people who may review."`
	Groups  []string          `yaml:"groups" doc:"Groups whose members may review."`
	Approve int               `yaml:"approve" default:"1" min:"1" doc:"How many must approve."`
	Deny    int               `yaml:"deny" default:"1" min:"1" doc:"How many deny the request."`
	After   contract.Duration `yaml:"after" otherwise:"never" doc:"How long after the request was asked others may review too."`
	Then    People            `yaml:"then" doc:"Who may review too from then on."`
}

// Extension bounds how access may be extended, beside the longest duration.
type Extension struct {
	Most   *int              `yaml:"most" min:"0" otherwise:"any number" doc:"How many extensions a request may have; 0 for none."`
	Total  contract.Duration `yaml:"total" otherwise:"not bounded" doc:"How long all extensions of a request may be together."`
	Review bool              `yaml:"review" doc:"Whether reviewers approve each extension anew."`
}

// BreakGlass lets the members of groups open at once.
type BreakGlass struct {
	Groups       []string          `yaml:"groups" required:"name the groups whose members may use break-glass access" doc:"The groups whose members may use break-glass access."`
	MaxDuration  contract.Duration `yaml:"maxDuration" required:"write the longest that such access may last, like 30m" doc:"The longest that such access may last."`
	ReviewWithin contract.Duration `yaml:"reviewWithin" required:"write within what time a second person has to review it, like 24h" doc:"Within what time a second person reviews it."`
	Ticket       TicketPlace       `yaml:"ticket" otherwise:"none is opened" doc:"Where a ticket is opened when the request has none."`
	Once         bool              `yaml:"once" doc:"Whether it is refused to whoever waits for the review of an earlier use."`
}

// TicketPlace is where a ticket is opened; the zero value for nowhere.
type TicketPlace struct {
	Project string `yaml:"project" required:"write its key, like OPS" doc:"The key of the project."`
	Type    string `yaml:"type" required:"write the name of an issue type of the project, like Task" doc:"The type of the ticket, by its name, like Task."`
}

// What can end access early, beside people.
const (
	EndWithTicket   = "ticket"   // it is closed
	EndWithIncident = "incident" // it is resolved
)
