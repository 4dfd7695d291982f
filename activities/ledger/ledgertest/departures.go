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
	{"remember the first confirmation of a directory", confirmations},
	{"are confirmed by somebody, and by a digest", refuseConfirmations},
}

func absence(t *testing.T, store Store) {
	absent := func(store Store, names ...string) map[string]ledger.Absence {
		t.Helper()
		all, err := store.Absent(t.Context(), names)
		require.NoError(t, err)
		require.Len(t, all, len(names))
		return all
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
