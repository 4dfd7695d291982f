package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var census = []behaviour{
	{"counts nothing in an empty ledger", countNothing},
	{"counts requests that have not ended, by state and template, and those that are stuck", countRequests},
	{"counts open holdings by target, and those past their end", countHoldings},
}

func countNothing(t *testing.T, store Store) {
	counted, err := store.Census(t.Context())
	require.NoError(t, err)
	require.Equal(t, ledger.Census{}, counted)
}

func countRequests(t *testing.T, store Store) {
	for i, status := range []contract.Status{
		{State: contract.StatePending, Template: "debug"},
		{State: contract.StatePending, Template: "debug"},
		{State: contract.StateActive, Template: "debug"},
		{State: contract.StateRevoking, Template: `od\d`, Stuck: true},
		{State: contract.StateRevoking, Template: `od\d`},
		{State: contract.StateEnded, Outcome: contract.OutcomeRevoked, Template: "debug"},
	} {
		status.ID, status.Seq = requestID(i), 1
		event := contract.Event{Request: status.ID, Seq: 1, Kind: contract.EventRequested, At: noon, Actor: "p-ada"}
		require.NoError(t, store.Append(t.Context(), []contract.Event{event}, status))
	}
	counted, err := store.Census(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []ledger.RequestCount{
		{State: contract.StatePending, Template: "debug", Requests: 2},
		{State: contract.StateActive, Template: "debug", Requests: 1},
		{State: contract.StateRevoking, Template: `od\d`, Requests: 2, Stuck: 1},
	}, counted.Requests)
	require.Empty(t, counted.Holdings)
}

func countHoldings(t *testing.T, store Store) {
	now, err := store.Now(t.Context())
	require.NoError(t, err)
	for grant, holding := range map[string]ledger.Holding{
		"grant/a": {Access: contract.Access{Target: "orders-db"}, Open: true, Until: now.Add(time.Hour)},
		"grant/b": {Access: contract.Access{Target: "orders-db"}, Open: true, Until: now.Add(-time.Hour)},
		"grant/c": {Access: contract.Access{Target: "orders-db"}, Until: now.Add(-time.Hour)},
		"grant/d": {Access: contract.Access{Target: `l\d`}, Open: true, Until: now.Add(time.Hour)},
	} {
		holding.Grant = grant
		save(t, store, holding)
	}
	counted, err := store.Census(t.Context())
	require.NoError(t, err)
	require.ElementsMatch(t, []ledger.HoldingCount{
		{Target: "orders-db", Open: 2, Overdue: 1}, {Target: `l\d`, Open: 1},
	}, counted.Holdings)
	require.Empty(t, counted.Requests)
}
