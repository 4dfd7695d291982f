package web

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"curfew/activities/ledger/sqlite"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/starter"
	"curfew/workflows/contract"
)

func TestP3WhatCouldNotBeSeenToBeGoneIsShownAsRemoved(t *testing.T) {
	t.Parallel()
	removed := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	hold := contract.HoldState{
		Access:    contract.Access{Target: "centre", Account: "ada", ReadBack: contract.ReadBackNone},
		RemovedAt: &removed,
	}
	pages := visit{starter: starterOf(t, &config.Config{}).Current(), shared: shared{now: time.Now}}
	status := contract.Status{
		State:   contract.StateEnded,
		Outcome: contract.OutcomeUnconfirmed,
		Holds:   []contract.HoldState{hold},
	}
	shown := pages.thingHeld(status, hold)
	require.Equal(t, linked{Before: "removed; Curfew can't confirm that it is gone"}, shown.Note)
	require.Contains(t, shown.Facts, fact{"readBack", "none: nobody can see the access go"})

	require.Equal(t, state{"removed, can't be confirmed", "alarm"}, pages.stateOf(status))
	require.Equal(
		t,
		linked{Before: "Curfew removed the access. It can't confirm that the access is gone."},
		pages.standing(status),
	)
}

// starterOf goes by a configuration, and reaches nothing.
func starterOf(t *testing.T, c *config.Config) *starter.Starter {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	nowhere, err := client.NewLazyClient(client.Options{})
	require.NoError(t, err)
	t.Cleanup(nowhere.Close)
	made, err := starter.New(starter.Options{Temporal: nowhere, Config: reload.Fixed(c), Ledger: store})
	require.NoError(t, err)
	return made
}
