package config

import "curfew/workflows/contract"

// Hook is a source of webhooks. Its key in Config.Hooks is a part of the path that it is sent to.
type Hook struct {
	Verify    string    `yaml:"verify" required:"write the kind of system that sends, or standard-webhooks or bearer for a program" doc:"How a delivery shows where it comes from: the kind of system that sends it, or standard-webhooks or bearer for a program."`
	Secrets   []Secret  `yaml:"secrets" required:"list at least one reference like env:NAME; without a secret everybody could send" max:"4" doc:"The secrets that are shared with the source. Every one of them is good, so that the source can change over from one to the next."`
	Person    string    `yaml:"person" doc:"In whose name a program asks that names nobody itself; for standard-webhooks and bearer."`
	MayName   bool      `yaml:"mayName" doc:"Whether a program may name the person in whose name it asks; for standard-webhooks and bearer."`
	Routes    []Route   `yaml:"routes" doc:"Which deliveries start which requests; the first that fits."`
	Decisions Decisions `yaml:"decisions" doc:"The statuses to which a ticket is moved by whoever decides the request that it started. Without them nobody decides by moving tickets."`

	// Accounts is what people's accounts are called on the system that sends; empty for a program.
	Accounts string `yaml:"-"`
}

// How a delivery shows where it comes from that a program sends.
const (
	VerifyStandard = "standard-webhooks"
	VerifyBearer   = "bearer"
)

// Route starts requests for a template. What is left out fits everything.
type Route struct {
	Template    string            `yaml:"template" required:"name what is asked for" doc:"The template that the source requests."`
	Duration    contract.Duration `yaml:"duration" otherwise:"the template's default" doc:"How long the access lasts."`
	Service     string            `yaml:"service" doc:"The id of an incident's service."`
	Urgency     string            `yaml:"urgency" doc:"An incident's urgency."`
	Priority    string            `yaml:"priority" doc:"The name of an incident's priority."`
	On          []string          `yaml:"on" otherwise:"triggered, acknowledged, reassigned or of another priority" doc:"The events of an incident that start the request."`
	Project     string            `yaml:"project" doc:"The key of a ticket's project; required for tickets."`
	IssueType   string            `yaml:"issueType" doc:"A ticket's type, by its name."`
	RequestType string            `yaml:"requestType" doc:"The request type of the portal that a ticket came through, by its name."`
}

// Decisions are statuses of tickets that decide.
type Decisions struct {
	Approve string `yaml:"approve" doc:"The status that approves."`
	Deny    string `yaml:"deny" doc:"The status that denies."`
}
