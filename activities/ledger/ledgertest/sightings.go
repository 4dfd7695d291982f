package ledgertest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var sightings = []behaviour{
	{"come back as they were, one for each person", sightingsComeBack},
	{"are those of the last sign-in, in whatever order they come", keepTheLastSighting},
	{"are told from an instant on", sightingsSince},
	{"are refused when nobody could tell what they are", refuseSightings},
}

func sighting(person string, minutes int, groups ...string) ledger.Sighting {
	return ledger.Sighting{Person: person, Groups: groups, At: noon.Add(time.Duration(minutes) * time.Minute)}
}

func seen(t *testing.T, store Store, minutes int) []ledger.Sighting {
	t.Helper()
	all, err := store.Seen(t.Context(), elsewhere(noon.Add(time.Duration(minutes)*time.Minute)))
	require.NoError(t, err)
	return all
}

func see(t *testing.T, store Store, all ...ledger.Sighting) {
	t.Helper()
	for _, one := range all {
		one.At = elsewhere(one.At)
		require.NoError(t, store.See(t.Context(), one))
	}
}

func sightingsComeBack(t *testing.T, store Store) {
	bob, ada := sighting("p-bob", 0, "日本語 \"", `a\b`, "<&>"), sighting("p-ada", 1)
	see(t, store, bob, ada)
	for _, view := range []Store{store, store.Again(t)} {
		require.Equal(t, []ledger.Sighting{ada, bob}, seen(t, view, 0))
	}
}

func keepTheLastSighting(t *testing.T, store Store) {
	see(t, store, sighting("p-ada", 1, "sre"), sighting("p-ada", 0, "root"))
	require.Equal(t, []ledger.Sighting{sighting("p-ada", 1, "sre")}, seen(t, store, 0))

	see(t, store, sighting("p-ada", 1, "dba"))
	require.Equal(
		t,
		[]ledger.Sighting{sighting("p-ada", 1, "dba")},
		seen(t, store, 0),
		"of one moment, the last counts",
	)

	see(t, store, sighting("p-ada", 2))
	require.Equal(t, []ledger.Sighting{sighting("p-ada", 2)}, seen(t, store, 0))
}

func sightingsSince(t *testing.T, store Store) {
	see(t, store, sighting("p-ada", 1, "sre"), sighting("p-bob", 3, "sre"))

	require.Len(t, seen(t, store, 1), 2)
	require.Equal(t, []ledger.Sighting{sighting("p-bob", 3, "sre")}, seen(t, store, 2))
	require.Empty(t, seen(t, store, 4))
}

func refuseSightings(t *testing.T, store Store) {
	for name, change := range map[string]func(*ledger.Sighting){
		"of nobody":       func(s *ledger.Sighting) { s.Person = "" },
		"no time":         func(s *ledger.Sighting) { s.At = time.Time{} },
		"very many":       func(s *ledger.Sighting) { s.Groups = make([]string, 1001) },
		"very long names": func(s *ledger.Sighting) { s.Groups = []string{strings.Repeat("x", 257)} },
	} {
		t.Log(name)
		odd := sighting("p-ada", 0, "sre")
		change(&odd)
		requireKind(t, contract.KindInvalid, store.See(t.Context(), odd))
	}
	require.Empty(t, seen(t, store, -1))
}
