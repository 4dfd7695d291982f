package ledgertest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var holdings = []behaviour{
	{"are empty before they are saved", emptyBeforeSaved},
	{"come back as they were, in UTC", holdingComesBack},
	{"keep times that are not set", keepNoTimes},
	{"are replaced as a whole", replaceHolding},
	{"are not saved without their lock", saveNeedsLock},
	{"are due when they are open and past their end, soonest first", dueSoonestFirst},
	{"are looked for in numbers that make sense", refuseDueLimit},
}

func emptyBeforeSaved(t *testing.T, store Store) {
	held := lock(t, store, "grant/a")
	require.Zero(t, held.Holding())
	held.Unlock()
	require.Zero(t, load(t, store, "grant/a"), "a lock alone leaves nothing behind")

	_, err := store.Lock(t.Context(), "")
	requireKind(t, contract.KindInvalid, err)
}

func holdingComesBack(t *testing.T, store Store) {
	want := wholeHolding(time.Time.UTC)
	requireWhole(t, want)
	requireWhole(t, want.Access)
	requireWhole(t, want.Token)
	requireWhole(t, want.Leases[0])
	save(t, store, wholeHolding(elsewhere))

	for _, door := range []Store{store, store.Again(t)} {
		got := load(t, door, want.Grant)
		require.Equal(t, want, got)
		require.Equal(t, want.Grant, got.Access.GrantID(), "the entitlement keeps its bytes")
	}
}

func keepNoTimes(t *testing.T, store Store) {
	want := ledger.Holding{Grant: "grant/a"}
	save(t, store, want)
	require.Equal(t, want, load(t, store, want.Grant))
}

func replaceHolding(t *testing.T, store Store) {
	held := lock(t, store, wholeHolding(time.Time.UTC).Grant)
	require.NoError(t, held.Save(t.Context(), wholeHolding(time.Time.UTC)))
	require.Equal(t, wholeHolding(time.Time.UTC), held.Holding())
	bare := ledger.Holding{Grant: wholeHolding(time.Time.UTC).Grant}
	require.NoError(t, held.Save(t.Context(), bare))
	require.Equal(t, bare, held.Holding())
	held.Unlock()
	require.Equal(t, bare, load(t, store, bare.Grant))
}

func saveNeedsLock(t *testing.T, store Store) {
	held := lock(t, store, "grant/a")
	require.Error(t, held.Save(t.Context(), ledger.Holding{Grant: "grant/b"}), "the lock is on another one")
	require.NoError(t, held.Save(t.Context(), ledger.Holding{Grant: "grant/a", Open: true}))
	held.Unlock()
	require.Error(t, held.Save(t.Context(), ledger.Holding{Grant: "grant/a"}), "the lock is gone")

	require.True(t, load(t, store, "grant/a").Open)
	require.Zero(t, load(t, store, "grant/b"))
}

func dueSoonestFirst(t *testing.T, store Store) {
	for _, one := range []ledger.Holding{
		{Grant: "grant/later", Open: true, Until: noon.Add(-time.Second)},
		{Grant: "grant/closed", Until: noon.Add(-time.Hour)},
		{Grant: "grant/at-the-instant", Open: true, Until: noon},
		{Grant: "grant/soonest", Open: true, Until: elsewhere(noon.Add(-time.Minute))},
		{Grant: "grant/just", Open: true, Until: noon.Add(-time.Nanosecond)},
		{Grant: "grant/no-end", Open: true},
		{Grant: "grant/tomorrow", Open: true, Until: noon.Add(24 * time.Hour)},
		{Grant: "grant/was-open", Open: true, Until: noon.Add(-time.Hour)},
		{Grant: "grant/was-open", Until: noon.Add(-time.Hour)},
	} {
		save(t, store, one)
	}
	want := []string{"grant/no-end", "grant/soonest", "grant/later", "grant/just"}
	for limit := 1; limit <= len(want)+1; limit++ {
		due, err := store.Due(t.Context(), elsewhere(noon), limit)
		require.NoError(t, err)
		var got []string
		for _, one := range due {
			require.Equal(t, load(t, store, one.Grant), one)
			got = append(got, one.Grant)
		}
		require.Equal(t, want[:min(limit, len(want))], got)
	}
}

func refuseDueLimit(t *testing.T, store Store) {
	for _, limit := range []int{0, -1} {
		_, err := store.Due(t.Context(), noon, limit)
		requireKind(t, contract.KindInvalid, err)
	}
}

// lock takes a holding; the test's end lets go of it.
func lock(t *testing.T, store Store, grant string) ledger.Locked {
	t.Helper()
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	t.Cleanup(held.Unlock)
	return held
}

func load(t *testing.T, store Store, grant string) ledger.Holding {
	t.Helper()
	held := lock(t, store, grant)
	defer held.Unlock()
	return held.Holding()
}

func save(t *testing.T, store Store, holding ledger.Holding) {
	t.Helper()
	held := lock(t, store, holding.Grant)
	defer held.Unlock()
	require.NoError(t, held.Save(t.Context(), holding))
}
