package postgres_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger/ledgertest"
	"curfew/activities/ledger/postgres"
	"curfew/internal/config"
	server "curfew/internal/testserver/postgres"
)

func TestStore(t *testing.T) {
	t.Parallel()
	ledgertest.Run(t, func(t *testing.T) ledgertest.Store {
		t.Helper()
		dsn := newDatabase(t)
		var again func(t *testing.T) ledgertest.Store
		again = func(t *testing.T) ledgertest.Store {
			t.Helper()
			store := open(t, dsn)
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

// newDatabase makes a database that ends with the test, and returns the superuser's way there.
func newDatabase(t testing.TB) string {
	t.Helper()
	running := server.Start(t)
	return running.URL(server.Superuser, running.NewDatabase(t))
}

// open opens a store that the test's end closes.
func open(t testing.TB, dsn string) *postgres.Store {
	t.Helper()
	return openWith(t, postgres.Settings{DSN: config.SecretOf(dsn)})
}

func openWith(t testing.TB, settings postgres.Settings) *postgres.Store {
	t.Helper()
	store, err := postgres.Open(t.Context(), settings)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}
