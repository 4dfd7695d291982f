// Package targettest is the conformance suite of connectors: what the port promises to the rest of Curfew, tried on the
// real system of each kind.
package targettest

import (
	"encoding/json"
	"slices"
	"sync"
	"testing"

	"curfew/activities/target"
)

// Fixture is one connector on its real system, and a second way to that system that does not lead through the
// connector.
type Fixture struct {
	// Connector is what is tried.
	Connector target.Connector
	// Entitlement is as the kind's Normalize returned it. Nobody holds it yet.
	Entitlement json.RawMessage
	// Limits are the kind's.
	Limits target.Limits

	// Accounts makes a fresh subject that the target knows and that has no access, and returns its name there.
	Accounts func(t *testing.T) string
	// OddAccounts does so for names with all that the target allows of quotes, spaces and letters outside ASCII.
	OddAccounts func(t *testing.T) []string
	// UnknownAccount is well-formed, but the target knows no such subject.
	UnknownAccount string
	// Can asks the target itself, as the subject where that is possible, whether the access works at this moment.
	Can func(t *testing.T, account string) bool
	// Snapshot is everything at the target that decides about access through this entitlement, of all subjects but one,
	// always in the same order.
	Snapshot func(t *testing.T, except string) string

	// WrongCredentials leads to the same target, which refuses it.
	WrongCredentials target.Connector
	// Down leads to where nothing listens.
	Down target.Connector
	// Slow leads to a server that takes calls and never answers, like Silent; nil for targets that are no servers.
	Slow target.Connector
	// Secrets are the texts that no error may show, those of WrongCredentials and Down included.
	Secrets []string

	// GiveStanding gives a subject the same access as an administrator would, past Curfew; nil where there is no such
	// way.
	GiveStanding func(t *testing.T, account string)
	// LoseReply lets the next change reach the target, which makes it, and lets its answer get lost; nil where that
	// can't be arranged.
	LoseReply func(t *testing.T)
	// Gateway lets the next change reach the target, which makes it, and lets a gateway before it answer 502; nil where
	// no gateway can stand before the target.
	Gateway func(t *testing.T)
	// OpenSession opens something as the subject that uses the access, and returns whether it still works. Needed when
	// the connector is a target.SessionEnder.
	OpenSession func(t *testing.T, account string) (works func() bool)

	// Nameless is true for a kind of which the target has nothing that can't be renamed. Its page says so.
	Nameless bool
	// Rename gives a subject another name at the target, as an administrator would, and returns it. What the subject
	// has moves along. Nil where subjects have no names, or none that change.
	Rename func(t *testing.T, account string) string
	// Blind lets the target answer from now on as if nobody had any access; nil where that can't be arranged.
	Blind func(t *testing.T)
	// Lie lets the target answer changes from now on as if it made them, and make none, until it is honest again.
	Lie func(t *testing.T) (honest func())
}

// behaviour is one promise of the port.
type behaviour struct {
	name string
	try  func(t *testing.T, tr trial)
	// applies tells whether the promise says anything about this connector; nil when it is for all.
	applies func(Fixture) bool
}

// Run tries every promise of the port, each on a fixture of its own and all at once: fixtures share nothing that one
// of them changes.
func Run(t *testing.T, newFixture func(t *testing.T) Fixture) {
	t.Helper()
	for _, promise := range slices.Concat(access, proof, lies, gateways, expiry, overlaps, interruptions, refusals, options, listing) {
		t.Run(promise.name, func(t *testing.T) {
			t.Parallel()
			fixture := newFixture(t)
			if promise.applies != nil && !promise.applies(fixture) {
				t.Skip("nothing is promised about this by such a connector")
			}
			promise.try(t, trial{Fixture: fixture, known: &sync.Map{}})
		})
	}
}
