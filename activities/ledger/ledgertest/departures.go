package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var departures = []behaviour{
	{"know how long something has been absent, until it is back", absence},
	{"keep what one process finds absent while another does not", absenceByOne},
	{"remember the first confirmation of a directory", confirmations},
	{"are confirmed by somebody, and by a digest", refuseConfirmations},
}

// observes has an observer say all that it finds absent.
func observes(
	t *testing.T, store Store, observer string, lapse time.Duration, names ...string,
) map[string]ledger.Absence {
	t.Helper()
	all, err := store.Absent(
		t.Context(),
		ledger.Observation{Observer: observer, Absent: names, Lapse: lapse},
	)
	require.NoError(t, err)
	require.Len(t, all, len(names))
	return all
}

func absenceByOne(t *testing.T, store Store) {
	first := observes(t, store, `new\file`, time.Hour, "p-ada", "p-bob")
	require.Empty(t, observes(t, store, "old", time.Hour))
	again := observes(t, store.Again(t), `new\file`, time.Hour, "p-ada")
	require.Equal(t, first["p-ada"].Since, again["p-ada"].Since, "another process's file does not bring her back")
	taken := observes(t, store, "newer", time.Hour, "p-ada", "p-bob")
	require.Equal(t, first["p-ada"].Since, taken["p-ada"].Since, "a process goes on counting where another began")
	require.True(t, taken["p-bob"].Since.After(first["p-bob"].Since), "he was back")

	// A process that says nothing any more is gone, and what it has found with it.
	require.Empty(t, observes(t, store, "old", -time.Second))
	require.True(t, observes(t, store, "newest", time.Hour, "p-ada")["p-ada"].Since.After(first["p-ada"].Since))
}

func absence(t *testing.T, store Store) {
	absent := func(store Store, names ...string) map[string]ledger.Absence {
		t.Helper()
		return observes(t, store, "a process", time.Hour, names...)
	}
	require.Empty(t, absent(store))
	first := absent(store, "p-ada", `p-eve/db/a\b`)
	require.Less(t, first["p-ada"].Lasts, time.Minute)
	require.GreaterOrEqual(t, first[`p-eve/db/a\b`].Lasts, time.Duration(0))
	began := time.Now()
	require.Eventually(
		t,
		func() bool { return time.Since(began) > 50*time.Millisecond },
		time.Minute,
		10*time.Millisecond,
	)
	other := store.Again(t)
	later := absent(other, "p-ada", "p-bob")
	require.GreaterOrEqual(
		t,
		later["p-ada"].Lasts,
		first["p-ada"].Lasts+50*time.Millisecond,
		"another process goes on counting",
	)
	require.Equal(t, first["p-ada"].Since, later["p-ada"].Since)
	require.Less(t, later["p-bob"].Lasts, later["p-ada"].Lasts)
	require.Empty(t, absent(store))
	again := absent(store, "p-ada")
	require.True(t, again["p-ada"].Since.After(later["p-ada"].Since), "what was back begins anew")
}

func confirmations(t *testing.T, store Store) {
	_, err := store.ConfirmedDirectory(t.Context(), "d1")
	require.ErrorIs(t, err, ledger.ErrNotFound)
	require.NoError(t, store.ConfirmDirectory(t.Context(), ledger.Confirmation{Digest: "d1", By: "p-ada"}))
	require.NoError(t, store.ConfirmDirectory(t.Context(), ledger.Confirmation{Digest: "d1", By: "p-eve"}))
	kept, err := store.Again(t).ConfirmedDirectory(t.Context(), "d1")
	require.NoError(t, err)
	require.Equal(t, "p-ada", kept.By)
	require.WithinDuration(t, time.Now(), kept.At, time.Minute)
	_, err = store.ConfirmedDirectory(t.Context(), "d2")
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func refuseConfirmations(t *testing.T, store Store) {
	for _, odd := range []ledger.Confirmation{{By: "p-ada"}, {Digest: "d1"}} {
		requireKind(t, contract.KindInvalid, store.ConfirmDirectory(t.Context(), odd))
	}
}
