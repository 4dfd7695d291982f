package ledgertest

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var decisions = []behaviour{
	{"come back as they were, in the order in which they were made", decisionsComeBack},
	{"are those of one request", decisionsOfOneRequest},
	{"are refused when nobody could tell what they are", refuseDecisions},
}

func decisionsComeBack(t *testing.T, store Store) {
	whole, bare := decision(1), ledger.Decision{
		Request: requestID(
			1,
		),
		At:          noon,
		Ruling:      contract.RulingDeny,
		Why:         "\x00 日本語 \"",
		Explanation: json.RawMessage(`null`),
	}
	requireWhole(t, whole)
	want := []ledger.Decision{whole, bare, decision(3), decision(2), whole}
	for _, one := range want {
		one.At = elsewhere(one.At)
		require.NoError(t, store.Decide(t.Context(), one))
	}
	for _, view := range []Store{store, store.Again(t)} {
		got, err := view.DecisionsOf(t.Context(), requestID(1))
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func decisionsOfOneRequest(t *testing.T, store Store) {
	other := decision(2)
	other.Request = requestID(2)
	for _, one := range []ledger.Decision{decision(1), other} {
		require.NoError(t, store.Decide(t.Context(), one))
	}
	got, err := store.DecisionsOf(t.Context(), requestID(2))
	require.NoError(t, err)
	require.Equal(t, []ledger.Decision{other}, got)
	none, err := store.DecisionsOf(t.Context(), requestID(3))
	require.NoError(t, err)
	require.Empty(t, none)
}

func refuseDecisions(t *testing.T, store Store) {
	for name, change := range map[string]func(*ledger.Decision){
		"no request":           func(d *ledger.Decision) { d.Request = "" },
		"no ruling":            func(d *ledger.Decision) { d.Ruling = "" },
		"no time":              func(d *ledger.Decision) { d.At = time.Time{} },
		"no explanation":       func(d *ledger.Decision) { d.Explanation = nil },
		"no JSON":              func(d *ledger.Decision) { d.Explanation = json.RawMessage(`{`) },
		"too long explanation": func(d *ledger.Decision) { d.Explanation = json.RawMessage(`"` + strings.Repeat("x", 1<<20) + `"`) },
	} {
		t.Log(name)
		odd := decision(1)
		change(&odd)
		requireKind(t, contract.KindInvalid, store.Decide(t.Context(), odd))
	}
	kept, err := store.DecisionsOf(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Empty(t, kept)
}
