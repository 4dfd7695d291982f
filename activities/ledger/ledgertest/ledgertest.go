// Package ledgertest is what every store of the ledger must do, as one suite of tests that each of them runs.
package ledgertest

import (
	"testing"

	"curfew/activities/ledger"
)

// Store is a store under test, empty at first.
type Store struct {
	ledger.Events
	ledger.Holdings
	ledger.Alarms
	ledger.Decisions
	ledger.Sightings
	ledger.Tombstones
	ledger.Freezes
	ledger.Departures
	ledger.Counter
	// Again opens the same store once more, as another process would. The test's end closes it.
	Again func(t *testing.T) Store
}

// behaviour is one thing that a store must do.
type behaviour struct {
	name string
	test func(t *testing.T, store Store)
}

// Run tests a kind of store. Each behaviour is tried on a store of its own that open makes and the test's end closes.
func Run(t *testing.T, open func(t *testing.T) Store) {
	t.Helper()
	for _, group := range []struct {
		name       string
		behaviours []behaviour
	}{
		{"events", events},
		{"list", list},
		{"holdings", holdings},
		{"locks", locks},
		{"alarms", alarms},
		{"decisions", decisions},
		{"sightings", sightings},
		{"tombstones", tombstones},
		{"freezes", freezes},
		{"departures", departures},
		{"census", census},
	} {
		for _, one := range group.behaviours {
			t.Run(group.name+"/"+one.name, func(t *testing.T) {
				t.Parallel()
				one.test(t, open(t))
			})
		}
	}
}
