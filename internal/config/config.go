// Package config reads curfew.yaml: strictly, so that a mistake is an error with file, line, field and remedy, and
// never a default that nobody asked for.
package config

import (
	"encoding/json"
	"net/netip"
	"time"

	"curfew/workflows/contract"
)

// Config is the whole configuration, checked.
type Config struct {
	Temporal Temporal `yaml:"temporal"`
	Server   Server   `yaml:"server"`
	Metrics  Metrics  `yaml:"metrics"`
	Ledger   Ledger   `yaml:"ledger"`
	Drift    Drift    `yaml:"drift"`
	Watchdog Watchdog `yaml:"watchdog"`
	Sweep    Sweep    `yaml:"sweep"`
	// Departures says when access ends of whom the directory does not have any more.
	Departures Departures `yaml:"departures"`
	Roles      Roles      `yaml:"roles"`
	Seals      Seals      `yaml:"seals"`
	Tickets    Tickets    `yaml:"tickets"`
	// Incidents are the systems whose incidents are evidence for access.
	Incidents Incidents `yaml:"incidents"`
	// Notify maps the name of a channel that notifies people of requests to what it is.
	Notify map[string]Channel `yaml:"notify"`
	// Hooks maps the name of a source of webhooks to how it is known and what it may do.
	Hooks  map[string]Hook   `yaml:"hooks"`
	OIDC   *OIDC             `yaml:"oidc"` // nil: people have no other tokens than those of the file
	People map[string]Person `yaml:"people"`
	// Leavers are the people of the file who have left. They are not among People, nor in any group or role.
	Leavers map[string]Person `yaml:"-"`
	// Vacated are the roles that have lost everybody whom the file names.
	Vacated []string `yaml:"-"`
	// ServiceTokens maps the name that a token goes by to what it may do.
	ServiceTokens map[string]ServiceToken `yaml:"serviceTokens"`
	Groups        map[string]Group        `yaml:"groups"` // who belongs to a group, by its name
	// Directories are systems that know who belongs to groups, by the name that groups refer to.
	Directories map[string]Directory `yaml:"directories"`
	Targets     map[string]Target    `yaml:"targets"`
	Defaults    Template             `yaml:"defaults"` // what templates mean when they don't say
	Templates   map[string]Template  `yaml:"templates"`
}

// Temporal says which Temporal server to use. What is empty is taken from Temporal's own TEMPORAL_* environment and
// profile.
type Temporal struct {
	Address   string `yaml:"address"`
	Namespace string `yaml:"namespace"` // contract.Namespace when nothing else says so
}

// Server is the HTTP API.
type Server struct {
	Listen string `yaml:"listen"` // default 127.0.0.1:8300
	URL    string `yaml:"url"`    // how people reach it, for links; default http://<listen>
	// SecretFiles each hold a secret that all servers share. The first one makes the ids of requests that entry points
	// start, and seals the sign-ins of browsers; the others are still known.
	SecretFiles []string `yaml:"secretFiles"`
	// Proxies are the addresses and networks of the proxies whose X-Forwarded-For is believed.
	Proxies []string `yaml:"proxies"`

	Trusted []netip.Prefix `yaml:"-"` // Proxies, decoded
}

// Metrics says where processes serve their metrics, and whether they are well, each on an address of its own.
type Metrics struct {
	Server string `yaml:"server"` // default 127.0.0.1:8301; MetricsNone for nowhere
	Worker string `yaml:"worker"` // default 127.0.0.1:8302; MetricsNone for nowhere
}

// MetricsNone is the address of a process that serves no metrics.
const MetricsNone = "none"

// Ledger says where Curfew's own record is: one of both.
type Ledger struct {
	SQLite   string `yaml:"sqlite"`   // a file, for one host; default curfew.db beside the configuration
	Postgres Secret `yaml:"postgres"` // a database's URL, for workers on several hosts
}

// Drift says how live access is looked after.
type Drift struct {
	Every contract.Duration `yaml:"every"` // between looks at each live access; default 15m
}

// Watchdog ends what is past its end, without Temporal.
type Watchdog struct {
	Grace contract.Duration `yaml:"grace"` // how long past its end access may be; default 30s
}

// Departures says how access ends whose person or account is not in the directory any more.
type Departures struct {
	After contract.Duration `yaml:"after"` // how long after it was missed first; default 15m
}

// Sweep compares what targets hold with the live grants.
type Sweep struct {
	Every       contract.Duration `yaml:"every"`       // default 1h
	Remove      bool              `yaml:"remove"`      // take orphans away; otherwise they are only reported
	MaxRemovals int               `yaml:"maxRemovals"` // of one sweep; when there are more, none is removed; default 10
}

// Seals has the keys with which the server seals what it writes to Temporal, and deciding workers their decisions.
// Without it anybody who can write to the Temporal namespace can ask and approve in anybody's name.
type Seals struct {
	Key     string `yaml:"key"`     // the file of the server's private key, which no other process needs
	Decider string `yaml:"decider"` // the file of the private key of workers that decide; those of targets need none
	Keys    string `yaml:"keys"`    // the file of the public keys, for everybody
}

// Roles says who may do more than ask and review.
type Roles struct {
	Auditors  []string `yaml:"auditors"`  // read everything, and change nothing
	Operators []string `yaml:"operators"` // read everything, see to stuck revokes and sweeps, and end access early
	Admins    []string `yaml:"admins"`    // and take stuck access over, by name
}

// Tickets says which trackers hold tickets.
type Tickets struct {
	Jira   *Jira   `yaml:"jira"`
	Zephyr *Zephyr `yaml:"zephyr"`
}

// Zephyr is the test management of a Jira site, whose test cycles and executions a request may name in the place of a
// ticket.
type Zephyr struct {
	URL   string `yaml:"url"`   // of the REST API; default https://api.zephyrscale.smartbear.com/v2
	Token Secret `yaml:"token"` // a user's API key
}

// Jira is one Jira site.
type Jira struct {
	URL        string `yaml:"url"`
	Deployment string `yaml:"deployment"` // JiraCloud or JiraDataCenter
	User       string `yaml:"user"`       // the e-mail of Curfew's own account; cloud only
	Token      Secret `yaml:"token"`      // cloud: API token; datacenter: personal access token
}

// The deployments of Jira, which differ in how Curfew says who it is.
const (
	JiraCloud      = "cloud"
	JiraDataCenter = "datacenter"
)

// Person is an entry of the directory. The key in Config.People is the person's opaque id.
type Person struct {
	Name  string `yaml:"name"`
	Token Secret `yaml:"token"` // the bearer token that stands for this person at the API
	// Login is what OIDC.PersonClaim says of the person, and Subject what the claim sub says. Either will do; a subject
	// is safer, because a provider gives none away twice.
	Login   string `yaml:"login"`
	Subject string `yaml:"subject"`
	// Accounts maps a target's name to the person's name on it.
	Accounts map[string]string `yaml:"accounts"`
	// Left is true for somebody who has left: they may do nothing any more, and all their access ends at once.
	Left bool `yaml:"left"`
}

// Target is a system that access is granted on.
type Target struct {
	Kind string `yaml:"kind"`
	// TaskQueue names the workers that reach the target; empty for those that serve all others.
	TaskQueue string `yaml:"taskQueue"`
	// Settings are the kind's own, decoded and checked: what Kind.Settings returned. They are nil where this process
	// does not serve the target.
	Settings any `yaml:"-"`
	// Fault says why a target that this process serves can't be connected to: its credentials are not there.
	Fault error `yaml:"-"`
}

// Template is a named bundle of entitlements with its rules.
type Template struct {
	Description  string              `yaml:"description"`
	Entitlements []Entitlement       `yaml:"entitlements"`
	Requesters   Requesters          `yaml:"requesters"` // everybody when nobody is named
	OnBehalf     OnBehalf            `yaml:"onBehalf"`
	Duration     Durations           `yaml:"duration"`
	StartWithin  contract.Duration   `yaml:"startWithin"` // how far ahead a start may be scheduled; none when left out
	Extension    Extension           `yaml:"extension"`
	Pending      contract.Duration   `yaml:"pending"`   // how long a request waits for reviews; default 1h
	Reminders    []contract.Duration `yaml:"reminders"` // how long after it was asked reviewers are reminded
	Warnings     []contract.Duration `yaml:"warnings"`  // how long before the end the subject is warned; default 10m
	Ticket       Ticket              `yaml:"ticket"`
	Incident     *Incident           `yaml:"incident"`
	EndWith      []string            `yaml:"endWith"`  // EndWithTicket, EndWithIncident
	Sessions     string              `yaml:"sessions"` // SessionsEnd (the default) or SessionsKeep
	Drift        string              `yaml:"drift"`    // DriftReport (the default) or DriftRestore
	Automatic    []Constraint        `yaml:"automatic"`
	Approval     Approval            `yaml:"approval"`  // one rule, in the short form
	Approvals    []ApprovalRule      `yaml:"approvals"` // or several, all of which must be met
	Constraints  []Constraint        `yaml:"constraints"`
	BreakGlass   BreakGlass          `yaml:"breakGlass"`
	Notify       []string            `yaml:"notify"` // the channels that notify people of it; all when left out
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
	Target string          `yaml:"target"`
	Spec   json.RawMessage `yaml:"-"` // as Kind.Normalize returned it
	// ReadBack is empty, or contract.ReadBackNone where the template accepts that nobody can see the access go.
	ReadBack string `yaml:"readBack"`
}

// Durations bounds how long access may last.
type Durations struct {
	Min     contract.Duration `yaml:"min"` // any when left out
	Default contract.Duration `yaml:"default"`
	Max     contract.Duration `yaml:"max"`
	// MaxContinuous bounds how long somebody has the access without a break, by however many requests; not at all when
	// left out.
	MaxContinuous contract.Duration `yaml:"maxContinuous"`
}

// Kind is what the configuration must know of a kind of target.
type Kind struct {
	// Settings returns a pointer to an empty struct to decode a target's own settings into, by its yaml tags. Fields
	// may be strings, ints, bools, Secret, contract.Duration, and lists, maps and structs of these. If it has a method
	// Validate() error, that is called too; like Normalize it returns a *contract.Problem that names the field.
	Settings func() any
	// Normalize checks an entitlement and returns it as canonical JSON.
	Normalize func(entitlement json.RawMessage) (json.RawMessage, error)
	// Names returns what an entitlement gives at the target, where it says more than that; nil where it does not. Two
	// that give the same are one only when they are written the same.
	Names func(entitlement json.RawMessage) string
	// MaxDuration is the longest access that the kind allows; zero means any.
	MaxDuration time.Duration
	// KnowsHolders is true when such a system can be asked who holds an entitlement, and so be a directory.
	KnowsHolders bool
}
