// Package config reads curfew.yaml: strictly, so that a mistake is an error with file, line, field and remedy, and
// never a default that nobody asked for.
package config

import (
	"encoding/json"
	"net/netip"

	"curfew/internal/people"
	"curfew/workflows/contract"
)

// Config is the whole configuration, checked.
type Config struct {
	Temporal   Temporal   `yaml:"temporal" doc:"Which Temporal server to use."`
	Server     Server     `yaml:"server" doc:"The HTTP API and the pages."`
	Metrics    Metrics    `yaml:"metrics" doc:"Where processes serve their metrics and their health."`
	Worker     Worker     `yaml:"worker" doc:"What workers may use."`
	Ledger     Ledger     `yaml:"ledger" doc:"Where Curfew's own record is: one of both."`
	Drift      Drift      `yaml:"drift" doc:"How live access is looked after."`
	Watchdog   Watchdog   `yaml:"watchdog" doc:"The watchdog ends what is past its end, without Temporal."`
	Sweep      Sweep      `yaml:"sweep" doc:"Sweeps compare what targets hold with the live grants."`
	Departures Departures `yaml:"departures" doc:"How access ends whose person or account is not in the directory any more."`
	Seals      Seals      `yaml:"seals" doc:"The keys with which the server seals what it writes to Temporal, and deciding workers their decisions."`
	people.Directory

	Tickets   Tickets             `yaml:"tickets" doc:"The tracker that holds tickets, and what stands for them."`
	Incidents Incidents           `yaml:"incidents" doc:"The systems whose incidents are evidence for access."`
	Notify    map[string]System   `yaml:"notify" doc:"The channels that notify people of requests, by names of your choice."`
	Hooks     map[string]Hook     `yaml:"hooks" doc:"The sources of webhooks, by names of your choice, which are a part of the paths that they are sent to."`
	Targets   map[string]Target   `yaml:"targets" doc:"The systems that Curfew grants access on, by names of your choice."`
	Defaults  Template            `yaml:"defaults" partial:"templates" doc:"What templates mean when they don't say, with the keys of [a template](#templates)."`
	Templates map[string]Template `yaml:"templates" inherits:"defaults" doc:"What people request, by names of your choice."`
}

// Temporal says which Temporal server to use.
type Temporal struct {
	Address   string `yaml:"address" otherwise:"Temporal's own environment and profile, then localhost:7233" doc:"Host and port of Temporal's frontend."`
	Namespace string `yaml:"namespace" otherwise:"Temporal's own environment and profile, then curfew" doc:"The namespace."`
}

// Server is the HTTP API.
type Server struct {
	Listen      string   `yaml:"listen" default:"127.0.0.1:8300" doc:"Host and port of the API and the pages, without TLS."`
	URL         string   `yaml:"url" otherwise:"http:// and listen; required where that stands for all addresses" doc:"The address at which people reach Curfew; links lead there. There are pages when it is https, or this machine."`
	SecretFiles []string `yaml:"secretFiles" max:"4" otherwise:"derived from seals.key, or from the secrets of hooks" doc:"Files with a secret that all servers share. The first one makes the ids of requests that hooks start, and seals the sign-ins of browsers; the others are still known."`
	Proxies     []string `yaml:"proxies" doc:"The addresses and networks of the proxies whose X-Forwarded-For Curfew trusts."`

	Trusted []netip.Prefix `yaml:"-"` // Proxies, decoded
}

// Metrics says where processes serve their metrics, and whether they are well, each on an address of its own.
type Metrics struct {
	Server string `yaml:"server" default:"127.0.0.1:8301" doc:"Host and port at which servers serve their metrics and health; none for nowhere."`
	Worker string `yaml:"worker" default:"127.0.0.1:8302" doc:"Host and port at which workers serve their metrics and health; none for nowhere."`
}

// MetricsNone is the address of a process that serves no metrics.
const MetricsNone = "none"

// Worker says what a worker may use.
type Worker struct {
	Memory int `yaml:"memory" default:"256" min:"128" doc:"The memory that a worker keeps to, in MiB: it holds as many requests and grants ready as fit, and reads the others from Temporal when they wake. GOMEMLIMIT, where it is set, bounds the rest."`
}

// Ledger says where Curfew's own record is: one of both.
type Ledger struct {
	SQLite   string `yaml:"sqlite" otherwise:"curfew.db beside the configuration, without postgres" doc:"A file, for processes on one host."`
	Postgres Secret `yaml:"postgres" doc:"The database, as a URL or a list of key=value, for processes on one host or several."`
}

// Drift says how live access is looked after.
type Drift struct {
	Every contract.Duration `yaml:"every" default:"15m" min:"1s" doc:"The interval between drift checks of live access."`
}

// Watchdog ends what is past its end, without Temporal.
type Watchdog struct {
	Grace contract.Duration `yaml:"grace" default:"30s" min:"1s" doc:"How long access may be past its deadline before the watchdog ends it; more than the clocks of Temporal and the ledger differ."`
}

// Departures says how access ends whose person or account is not in the directory any more.
type Departures struct {
	After contract.Duration `yaml:"after" default:"15m" min:"1s" max:"168h" doc:"How long after somebody, or an account of theirs, was missed first their access ends."`
}

// Sweep compares what targets hold with the live grants.
type Sweep struct {
	Every       contract.Duration `yaml:"every" default:"1h" min:"1m" doc:"The interval between sweeps."`
	Remove      bool              `yaml:"remove" doc:"Whether orphans are removed; otherwise they are only reported."`
	MaxRemovals int               `yaml:"maxRemovals" default:"10" min:"1" doc:"How many orphans one sweep may remove; when there are more, it removes none."`
}

// Seals has the keys with which the server seals what it writes to Temporal, and deciding workers their decisions.
// Without it anybody who can write to the Temporal namespace can ask and approve in anybody's name.
type Seals struct {
	Key     string `yaml:"key" doc:"The file of the server's private key, which no other process needs."`
	Decider string `yaml:"decider" doc:"The file of the private key of workers that decide; those of targets need none."`
	Keys    string `yaml:"keys" doc:"The file of the public keys, for every process; required beside the other two."`
}

// Target is a system that access is granted on.
type Target struct {
	Kind      string `yaml:"kind" doc:"What sort of system it is; required. All keys but kind and taskQueue are the kind's own."`
	TaskQueue string `yaml:"taskQueue" otherwise:"the workers that serve all others" doc:"The task queue of the workers that reach the target."`

	// Settings are the kind's own, decoded and checked: what Kind.Settings returned. They are nil where this process
	// does not serve the target.
	Settings any `yaml:"-"`
	// Fault says why a target that this process serves can't be connected to: its credentials are not there.
	Fault error `yaml:"-"`
}

// Template is a named bundle of entitlements with its rules.
type Template struct {
	Description  string              `yaml:"description" own:"is what one template is good for" doc:"What the template is good for; not among defaults."`
	Entitlements []Entitlement       `yaml:"entitlements" required:"list at least one" own:"is what one template gives" doc:"What the template gives, all or nothing; not among defaults."`
	Requesters   Requesters          `yaml:"requesters" otherwise:"everybody" doc:"Who may ask."`
	OnBehalf     OnBehalf            `yaml:"onBehalf" default:"false" doc:"Whether somebody may ask for somebody else: true for all who may ask, or a list of groups."`
	Duration     Durations           `yaml:"duration" required:"" doc:"How long access may last."`
	StartWithin  contract.Duration   `yaml:"startWithin" otherwise:"access begins when it is approved" doc:"How far ahead a start may be scheduled."`
	Extension    Extension           `yaml:"extension" doc:"How access may be extended, within its longest duration."`
	Pending      contract.Duration   `yaml:"pending" default:"1h" doc:"How long a request waits for reviews before it lapses."`
	Reminders    []contract.Duration `yaml:"reminders" max:"10" doc:"How long after it was asked reviewers are reminded, the first first."`
	Warnings     []contract.Duration `yaml:"warnings" max:"10" otherwise:"[10m]" doc:"How long before the end the subject is warned, the longest first."`
	Ticket       Ticket              `yaml:"ticket" doc:"Whether a request names a ticket, and which one counts; a word is short for use."`
	Incident     *Incident           `yaml:"incident" otherwise:"none is asked for" doc:"Which incident a request must name."`
	EndWith      []string            `yaml:"endWith" enum:"ticket,incident" doc:"What ends access early: that the ticket is closed, that the incident is resolved."`
	Sessions     string              `yaml:"sessions" default:"end" enum:"end,keep" doc:"What becomes of the subject's open sessions when access ends."`
	Drift        string              `yaml:"drift" default:"report" enum:"report,restore" doc:"What is done about access that somebody else took away while it was live."`
	Automatic    []Constraint        `yaml:"automatic" doc:"Conditions any of which approves a request without a review; each has a name and a condition."`
	Approval     Approval            `yaml:"approval" doc:"The approval rule, in its short form."`
	Approvals    []ApprovalRule      `yaml:"approvals" doc:"The approval rules, all of which must be met; in the place of approval."`
	Constraints  []Constraint        `yaml:"constraints" doc:"Conditions all of which must hold, beside those of defaults."`
	BreakGlass   BreakGlass          `yaml:"breakGlass" otherwise:"nobody" doc:"Who may open the access at once, to be reviewed afterwards."`
	Notify       []string            `yaml:"notify" otherwise:"all channels" doc:"The channels that notify people of requests for it."`

	// Digest identifies everything above: hex, the same however the file is laid out.
	Digest string `yaml:"-"`
}

// Whether a request for a template must name a ticket.
const (
	TicketRequired = "required"
	TicketOptional = "optional"
	TicketNone     = "none"
)

// What becomes of the subject's open sessions when access ends.
const (
	SessionsEnd  = "end"
	SessionsKeep = "keep"
)

// What is done about access that somebody else took away while it was live.
const (
	DriftReport  = "report"
	DriftRestore = "restore"
)

// Entitlement is one thing that a template gives. Beside target, its keys are those of the target's kind.
type Entitlement struct {
	Target   string          `yaml:"target" required:"name one of targets" doc:"The target that it is given on. All keys but target and readBack are those of the target's kind."`
	Spec     json.RawMessage `yaml:"-"` // as Kind.Normalize returned it
	ReadBack string          `yaml:"readBack" enum:"none" doc:"Where the template accepts that nobody can see the access go: none."`
}

// Durations bounds how long access may last.
type Durations struct {
	Min           contract.Duration `yaml:"min" otherwise:"any" doc:"The shortest duration that people may request."`
	Default       contract.Duration `yaml:"default" required:"write how long access lasts if nobody says, like 1h" doc:"How long access lasts if nobody says."`
	Max           contract.Duration `yaml:"max" required:"write the longest that access may last, like 4h" doc:"The longest that access may last, extensions included."`
	MaxContinuous contract.Duration `yaml:"maxContinuous" otherwise:"not bounded" doc:"How long somebody may have the access without a break, by however many requests."`
}
