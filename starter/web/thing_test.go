package web

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestP3WhatCouldNotBeSeenToBeGoneIsShownAsRemoved(t *testing.T) {
	t.Parallel()
	removed := time.Date(2026, 11, 23, 21, 0, 0, 0, time.UTC)
	hold := contract.HoldState{
		Access:    contract.Access{Target: "centre", Account: "ada", ReadBack: contract.ReadBackNone},
		RemovedAt: &removed,
	}
	pages := &Pages{config: config.Fixed(&config.Config{}), now: time.Now}
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
