package starter_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestAStuckRequestIsListedAlthoughItsGrantDoesNotSaySo(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	house.Config.Roles.Operators = []string{"bob"}
	status := startertest.Status(contract.StateRevoking)
	until := time.Now().Add(-time.Minute).UTC().Truncate(time.Millisecond)
	access := contract.Access{
		Target:      "orders-db",
		Entitlement: []byte(`{"role":"reader"}`),
		Person:      "alice",
		Account:     "alice",
	}
	status.Stuck, status.Until, status.Holds = true, &until, []contract.HoldState{
		{Access: access, Held: true, Problem: "orders-db does not answer"},
	}
	house.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventStuck, Actor: contract.ActorCurfew})

	list, err := house.Starter.Current().Stuck(t.Context(), "bob")

	require.NoError(t, err)
	require.Len(t, list, 1)
	require.Equal(t, []string{status.ID}, list[0].Requests)
	require.Equal(t, access.GrantID(), list[0].ID)
	require.Equal(t, "orders-db does not answer", list[0].Problem)
	require.True(t, until.Equal(list[0].Since))
}

func TestAccessThatAnotherRequestKeptUpIsFollowedToItsEnd(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	access := contract.Access{
		Target:      "orders-db",
		Entitlement: []byte(`{"role":"reader"}`),
		Person:      "alice",
		Account:     "alice",
	}
	kept, keeper := startertest.Status(contract.StateEnded), startertest.Status(contract.StateActive)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	later := until.Add(time.Hour)
	keeper.Until, keeper.Holds = &later, []contract.HoldState{{Access: access, Held: true}}
	kept.Holds = []contract.HoldState{{Access: access, HeldUntil: &until, HeldBy: keeper.ID}}
	house.Record(t, kept, contract.Event{Seq: 1, Kind: contract.EventExpired, Actor: contract.ActorDeadline})
	house.Record(t, keeper, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: contract.ActorCurfew})

	shown, err := house.Starter.Current().Get(t.Context(), "alice", kept.ID)
	require.NoError(t, err)
	require.Equal(
		t,
		"This request has ended. alice still has the access through request "+keeper.ID+" until "+later.Format(
			"2006-01-02 15:04:05 UTC",
		)+".",
		shown.Summary,
		"as it was extended since",
	)

	gone := time.Now().UTC().Truncate(time.Millisecond)
	keeper.State, keeper.Outcome, keeper.EndedAt, keeper.Seq = contract.StateEnded, contract.OutcomeRevoked, &gone, 1
	keeper.Holds[0] = contract.HoldState{Access: access, GoneAt: &gone}
	house.Record(t, keeper, contract.Event{Seq: 2, Kind: contract.EventRevoked, Actor: "alice"})
	shown, err = house.Starter.Current().Get(t.Context(), "alice", kept.ID)
	require.NoError(t, err)
	require.Equal(t, "The time is over, and the access was seen to be gone.", shown.Summary)
}
