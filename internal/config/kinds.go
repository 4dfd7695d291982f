package config

import (
	"encoding/json"
	"time"
)

// Kinds are what the configuration must know of the systems that this program can use, by the names that their kinds
// have in the file.
type Kinds struct {
	Targets    map[string]Kind
	Trackers   map[string]SystemKind
	References map[string]SystemKind // what stands for tickets
	Incidents  map[string]SystemKind
	Channels   map[string]SystemKind
}

// Kind is what the configuration must know of a kind of target.
type Kind struct {
	// Settings returns a pointer to an empty struct to decode a target's own settings into, by its tags. Fields may be
	// strings, ints, bools, Secret, contract.Duration, and lists, maps and structs of these. If it has a method
	// Validate() error, that is called too; like Normalize it returns a *contract.Problem that names the field, or
	// several that are joined.
	Settings func() any
	// Entitlement is the zero value of the struct of the kind's entitlements, described by its tags json and doc.
	Entitlement any
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

// SystemKind is what the configuration must know of a kind of tracker, incident system or channel.
type SystemKind struct {
	Title    string     // as people write it
	Settings func() any // as Kind.Settings
	// Accounts is what people's accounts on such a system are called; empty where people have none.
	Accounts string
	// CheckAccount refuses what can't be such an account; nil where everything can be one.
	CheckAccount func(account string) error
	// CheckProject refuses what can't be the key of a tracker's project.
	CheckProject func(key string) error
	// Beside is the kind of tracker without which the system is of no use; empty where there is none.
	Beside string
	// Webhooks are what such a system sends; nil when Curfew reads none.
	Webhooks *Webhooks
}

// Webhooks are what a kind of system sends.
type Webhooks struct {
	Of     Subject
	Events IncidentEvents // of incidents
}

// Subject is what webhooks are about.
type Subject string

// The subjects of webhooks.
const (
	OfTickets   Subject = "ticket"
	OfIncidents Subject = "incident"
	OfMessages  Subject = "message" // somebody has pressed a button
	OfOrders    Subject = "order"   // a program asks in somebody's name
)

// IncidentEvents are the events of a kind of incident system, in its own words.
type IncidentEvents struct {
	// Usual start requests where a route names none.
	Usual []string
	// Resolved ends access with its incident.
	Resolved string
	// Starts is true for events that can start requests.
	Starts func(event string) bool
	// Urgencies are all that an incident can have.
	Urgencies []string
}
