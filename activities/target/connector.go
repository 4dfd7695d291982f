// Package target is the port to the systems that access is granted on. A connector knows its system; this package
// knows how access is put there, ended on time, fenced against late attempts and seen to be gone.
package target

import (
	"context"
	"encoding/json"
	"time"

	"curfew/workflows/contract"
)

// Connector changes access on one target. Its methods are safe to repeat, to overlap and to be cancelled half-way: what
// is already as asked is success. Errors are *contract.Problem; any other error counts as unavailable and is tried
// again.
type Connector interface {
	// Grant gives access until an end, or moves the end of access that it gave.
	Grant(ctx context.Context, access Access) (Granted, error)
	// Revoke takes away what Grant gave, whatever the end that it was given with. It asks the target to do so whatever
	// a look says: a target that shows nothing may hold the access all the same.
	Revoke(ctx context.Context, access Access) (Revoked, error)
	// Inspect reads what the target holds, by what can't be renamed and by name: Held is true when either has it.
	Inspect(ctx context.Context, access Access) (State, error)
}

// Kind describes a sort of target, before any is connected to.
type Kind struct {
	Name string // as written in the configuration: "postgres"
	// Settings returns a pointer to an empty struct that a target's settings are decoded into, by its yaml tags.
	Settings func() Settings
	// Entitlement is the zero value of the struct that this kind's entitlements are decoded into; FieldsOf describes
	// it.
	Entitlement any
	// Normalize checks an entitlement as it is written in a template and returns it as canonical JSON. The error is a
	// *contract.Problem that names the field, the fault and the fix.
	Normalize func(entitlement json.RawMessage) (json.RawMessage, error)
	// Names returns what an entitlement, as Normalize returned it, gives at the target, where it says more than that;
	// nil where it does not. A configuration has one way to write each.
	Names  func(entitlement json.RawMessage) string
	Limits Limits
	// Use says how people use the access, with {account}, {target} and {request} for what they need to know.
	Use string
	// KnowsHolders is true when the connectors are HolderTellers.
	KnowsHolders bool
}

// Settings connects to the target that it describes. Open does not wait for the target to be up; Checker does.
type Settings interface {
	Open() (Connector, error)
}

// Checker tries credentials and privileges without changing anything.
type Checker interface {
	Check(ctx context.Context) error
}

// ProofChecker tells whether access to an entitlement could be seen to go. Connectors whose targets may show nothing
// are.
type ProofChecker interface {
	// CheckProof fails when the target shows nobody's access to the entitlement, or to anything like it. It changes
	// nothing.
	CheckProof(ctx context.Context, entitlement json.RawMessage) error
}

// Pinger finds out whether the target can be reached, at little cost and in little time. What it finds dead of the
// connections that the connector keeps is dropped, so that the next call does not wait for it.
type Pinger interface {
	// Ping returns nil when the target answers, whatever it answers.
	Ping(ctx context.Context) error
}

// Vetter looks at an entitlement before anybody asks for it.
type Vetter interface {
	// Vet refuses, as Grant would, an entitlement whose holders could make their access last. Where the entitlement
	// says that this is known, it returns a warning in place of the error; empty when there is nothing to say.
	Vet(ctx context.Context, entitlement json.RawMessage) (warning string, err error)
}

// RemnantTeller finds what outlives the access.
type RemnantTeller interface {
	// RevokeTelling does what Revoke does. What it returns finds out afterwards what the holders of the access have
	// given on or made with it: nobody waits for that before the access is gone.
	RevokeTelling(ctx context.Context, access Access) (Revoked, Remnants, error)
}

// Remnants says what outlives access that was revoked, one line for each.
type Remnants func(ctx context.Context) ([]string, error)

// SessionEnder ends what the subject has open. It returns after it has seen that those sessions are gone, and says how
// many there were.
type SessionEnder interface {
	EndSessions(ctx context.Context, access Access) (int, error)
}

// Lister finds what carries Curfew's mark at the target, also when Curfew has lost track of it.
type Lister interface {
	// List returns everything that carries the mark, in the order of its keys.
	List(ctx context.Context) ([]Marked, error)
	// Remove takes away one thing that List has returned, and nothing else. What is gone already is success.
	Remove(ctx context.Context, found Marked) error
}

// Marked is access at the target that carries Curfew's mark.
type Marked struct {
	Key string // the Access.Key that it was given with
	// Account is who has it, as far as the mark tells.
	Account string
	Until   time.Time // the end that the target itself will enforce; zero when it enforces none
}

// HolderTeller finds out who holds an entitlement, so that such a system can be asked who belongs to a group.
type HolderTeller interface {
	// Holders returns those of some accounts that hold an entitlement, in any order. An entitlement that is not there
	// is an error: it is held by nobody only as far as somebody has mistyped it.
	Holders(ctx context.Context, entitlement json.RawMessage, accounts []string) ([]string, error)
}

// CapacityTeller knows how much room the target has.
type CapacityTeller interface {
	Capacity(ctx context.Context) (Capacity, error)
}

// Capacity is how many accesses the target holds, whoever gave them, and how many it can hold.
type Capacity struct{ Used, Max int }

// CertificateIssuer signs certificates that let the subject in while the access lasts.
type CertificateIssuer interface {
	// Issue signs a public key of the subject's, one line as in a file of authorized keys, until the end that the
	// access was last granted with, and returns the certificate as such a line. It is refused while the access is not
	// open. A revoke takes back all that was issued for the access.
	Issue(ctx context.Context, access Access, publicKey []byte) (certificate []byte, err error)
}

// Access is what a connector is asked for.
type Access struct {
	// Key is the same for every call about this grant and differs from every other grant's: 32 hex digits.
	Key         string
	Entitlement json.RawMessage // as Normalize returned it
	Account     string
	Until       time.Time // set for Grant
	Reference   string    // a ticket or incident to show beside the access; may be empty

	// Identity is what can't be renamed of the access, as Inspect has told it; empty before the first look. At the
	// target that it was taken from, the connector acts on what it names.
	Identity contract.Identity
	// Shown is true when the target has shown this access since it was given.
	Shown bool
	// Unread is true when nobody expects to see the access, with readBack: none.
	Unread bool
}

// Granted says what Grant found.
type Granted string

// The results of Grant.
const (
	AccessGranted Granted = "granted"
	AlreadyThere  Granted = "already there"
)

// Revoked says what Revoke found.
type Revoked string

// The results of Revoke.
const (
	AccessRevoked Revoked = "revoked"
	AlreadyAbsent Revoked = "already absent"
)

// State is what a target holds.
type State struct {
	// Held is true when the subject has the entitlement at this moment by a route that Revoke would close.
	Held bool
	// Until is the end that the target itself will enforce; zero when it enforces none.
	Until time.Time
	// Identity is what can't be renamed of what was looked for. Its target is told also when the access is not there.
	Identity contract.Identity
	// Doubt says why it proves nothing that the access was not seen: the view was empty, and has never shown anything.
	// Empty when it is proof.
	Doubt string
}

// Limits is what a target can't do.
type Limits struct {
	// MaxDuration is the longest access that the target allows; zero means that it sets no limit.
	MaxDuration time.Duration
	// EnforcesExpiry is true when the target ends the access by itself: the second lock.
	EnforcesExpiry bool
	// FewConnections is true when the target may take no new connection at a deadline: one is kept open while access is
	// live.
	FewConnections bool
	// Settles is how long a call that was cut off can still take effect.
	Settles time.Duration
}
