package config

import "curfew/workflows/contract"

// Hook is a source of webhooks. Its key in Config.Hooks is a part of the path that it is sent to.
type Hook struct {
	// Verify says how a delivery shows where it comes from: one of the Verify constants.
	Verify string `yaml:"verify"`
	// Secrets are shared with the source; every one of them is good, so that it can change over from one to the next.
	Secrets []Secret `yaml:"secrets"`
	// Person is in whose name a source with VerifyBearer or VerifyStandard asks, when it names nobody itself. MayName
	// lets it name others.
	Person  string `yaml:"person"`
	MayName bool   `yaml:"mayName"`
	// Routes say which deliveries start which requests; the first that fits.
	Routes []Route `yaml:"routes"`
	// Decisions are for Jira: the statuses that a ticket is moved to by whoever approves or denies the request that it
	// started. Nobody decides by moving tickets unless they are written.
	Decisions Decisions `yaml:"decisions"`
}

// How a delivery shows where it comes from.
const (
	VerifyPagerDuty = "pagerduty"
	VerifyJira      = "jira"
	VerifySlack     = "slack"
	VerifyStandard  = "standard-webhooks"
	VerifyBearer    = "bearer"
)

// Route starts requests for a template. What is left out fits everything.
type Route struct {
	Template string            `yaml:"template"`
	Duration contract.Duration `yaml:"duration"` // the template's default when left out
	// Of an incident.
	Service  string `yaml:"service"`
	Urgency  string `yaml:"urgency"`
	Priority string `yaml:"priority"`
	// On are the events that start it, like incident.triggered; default incident.triggered, incident.acknowledged,
	// incident.reassigned and incident.priority_updated.
	On []string `yaml:"on"`
	// Of a Jira issue: its project, its type or request type.
	Project     string `yaml:"project"`
	IssueType   string `yaml:"issueType"`
	RequestType string `yaml:"requestType"`
}

// Decisions are statuses of tickets that decide.
type Decisions struct {
	Approve string `yaml:"approve"`
	Deny    string `yaml:"deny"`
}
