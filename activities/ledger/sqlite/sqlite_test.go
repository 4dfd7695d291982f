package sqlite_test

import (
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger/ledgertest"
	"curfew/activities/ledger/sqlite"
)

func TestStore(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t *testing.T) ledgertest.Store {
		t.Helper()
		path := newPath(t)
		var again func(t *testing.T) ledgertest.Store
		again = func(t *testing.T) ledgertest.Store {
			t.Helper()
			store := open(t, path)
			return ledgertest.Store{
				Events:     store,
				Holdings:   store,
				Alarms:     store,
				Decisions:  store,
				Sightings:  store,
				Tombstones: store,
				Freezes:    store,
				Departures: store,
				Counter:    store,
				Again:      again,
			}
		}
		return again(t)
	})
}

func newPath(t testing.TB) string {
	t.Helper()
	return filepath.Join(t.TempDir(), "ledger.db")
}

// open opens a store that the test's end closes.
func open(t testing.TB, path string) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
