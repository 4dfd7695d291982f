package ledgertest

import (
	"fmt"
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
	{"are due when they are open and past their end, soonest first, page by page", dueSoonestFirst},
	{"are due at the targets that are asked for", dueAtTargets},
	{"are due by the ledger's clock", dueByTheLedgersClock},
	{"are held while they are open, and told of when they went lately, page by page", heldOnTarget},
	{"are looked for in pages of fifty unless told", holdingsByFifty},
	{"are not looked for in pages that are no pages", refuseHoldingPages},
	{"are read while somebody has their lock", readWhileLocked},
	{"tell the tokens of their newest commands while somebody has their lock", tokensWhileLocked},
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
	requireWhole(t, want.Uses[0])
	requireWhole(t, want.Proof)
	requireWhole(t, want.Proof.Identity)
	save(t, store, wholeHolding(elsewhere))

	for _, view := range []Store{store, store.Again(t)} {
		got := load(t, view, want.Grant)
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
		{Grant: "grant/just-too", Open: true, Until: noon.Add(-time.Minute).Add(time.Nanosecond)},
		{Grant: "grant/just", Open: true, Until: noon.Add(-time.Minute).Add(time.Nanosecond)},
		{Grant: "grant/no-end", Open: true},
		{Grant: "grant/tomorrow", Open: true, Until: noon.Add(24 * time.Hour)},
		{Grant: "grant/was-open", Open: true, Until: noon.Add(-time.Hour)},
		{Grant: "grant/was-open", Until: noon.Add(-time.Hour)},
	} {
		save(t, store, one)
	}
	want := []string{"grant/no-end", "grant/soonest", "grant/just", "grant/just-too", "grant/later"}
	for limit := 1; limit <= len(want)+1; limit++ {
		filter := ledger.DueFilter{Before: elsewhere(noon), Limit: limit}
		got := pages(t, limit, func() ([]ledger.Holding, error) { return store.Due(t.Context(), filter) },
			func(last ledger.Holding) { filter.After = last.DueCursor() })
		require.Equal(t, want, grants(got))
		for _, one := range got {
			require.Equal(t, load(t, store, one.Grant), one)
		}
	}
}

func dueByTheLedgersClock(t *testing.T, store Store) {
	began := time.Now()
	now, err := store.Now(t.Context())
	require.NoError(t, err)
	require.WithinRange(
		t,
		now,
		began.Add(-time.Second),
		time.Now().Add(time.Second),
		"its clock is this machine's here",
	)
	for name, ago := range map[string]time.Duration{"grant/a": 2 * time.Hour, "grant/b": 20 * time.Minute, "grant/c": -20 * time.Minute} {
		save(t, store, ledger.Holding{Grant: name, Open: true, Until: now.Add(-ago)})
	}
	for past, want := range map[time.Duration][]string{
		0: {"grant/a", "grant/b"}, time.Hour: {"grant/a"}, -time.Hour: {"grant/a", "grant/b", "grant/c"}, 3 * time.Hour: nil,
	} {
		due, err := store.Due(t.Context(), ledger.DueFilter{Past: past})
		require.NoError(t, err)
		require.Equal(t, want, grants(due), past)
	}
}

func dueAtTargets(t *testing.T, store Store) {
	for i, target := range []string{"orders-db", "lightrun-prod", "orders-db", "orders-db-2", `say "'x`} {
		save(t, store, ledger.Holding{
			Grant: fmt.Sprintf("grant/%d", i), Access: contract.Access{Target: target}, Open: true,
			Until: noon.Add(time.Duration(i) * time.Second),
		})
	}
	for _, asked := range []struct {
		targets, want []string
	}{
		{nil, []string{"grant/0", "grant/1", "grant/2", "grant/3", "grant/4"}},
		{[]string{"orders-db"}, []string{"grant/0", "grant/2"}},
		{[]string{"nowhere", `say "'x`, "lightrun-prod", "lightrun-prod"}, []string{"grant/1", "grant/4"}},
		{[]string{"nowhere"}, nil},
	} {
		filter := ledger.DueFilter{Before: noon.Add(time.Hour), Targets: asked.targets, Limit: 2}
		got := pages(t, 2, func() ([]ledger.Holding, error) { return store.Due(t.Context(), filter) },
			func(last ledger.Holding) { filter.After = last.DueCursor() })
		require.Equal(t, asked.want, grants(got))
	}
}

func heldOnTarget(t *testing.T, store Store) {
	here, elsewhereThan := contract.Access{Target: "orders-db"}, contract.Access{Target: "orders-db-2"}
	for _, one := range []ledger.Holding{
		{Grant: "grant/e", Access: here, Open: true, Until: noon},
		{Grant: "grant/a", Access: here, Open: true, GoneAt: noon.Add(-time.Hour)},
		{Grant: "grant/b", Access: elsewhereThan, Open: true},
		{Grant: "grant/c", Access: here, GoneAt: noon.Add(-time.Nanosecond)},
		{Grant: "grant/d", Access: here, GoneAt: elsewhere(noon)},
		{Grant: "grant/f", Access: here},
	} {
		save(t, store, one)
	}
	for _, asked := range []struct {
		since time.Time
		want  []string
	}{
		{time.Time{}, []string{"grant/a", "grant/e"}},
		{elsewhere(noon), []string{"grant/a", "grant/d", "grant/e"}},
		{noon.Add(-time.Nanosecond), []string{"grant/a", "grant/c", "grant/d", "grant/e"}},
		{noon.Add(time.Nanosecond), []string{"grant/a", "grant/e"}},
	} {
		for limit := 1; limit <= 5; limit++ {
			filter := ledger.HeldFilter{Target: "orders-db", GoneSince: asked.since, Limit: limit}
			got := pages(t, limit, func() ([]ledger.Holding, error) { return store.Held(t.Context(), filter) },
				func(last ledger.Holding) { filter.After = last.Grant })
			require.Equal(t, asked.want, grants(got))
			for _, one := range got {
				require.Equal(t, load(t, store, one.Grant), one)
			}
		}
	}
}

func holdingsByFifty(t *testing.T, store Store) {
	for number := range 51 {
		save(
			t,
			store,
			ledger.Holding{
				Grant:  fmt.Sprint("a grant ", number),
				Access: contract.Access{Target: "orders-db"},
				Open:   true,
			},
		)
	}
	due, err := store.Due(t.Context(), ledger.DueFilter{Before: noon})
	require.NoError(t, err)
	require.Len(t, due, 50)
	held, err := store.Held(t.Context(), ledger.HeldFilter{Target: "orders-db"})
	require.NoError(t, err)
	require.Len(t, held, 50)
}

func refuseHoldingPages(t *testing.T, store Store) {
	for _, limit := range []int{-1, 501} {
		_, err := store.Due(t.Context(), ledger.DueFilter{Before: noon, Limit: limit})
		requireKind(t, contract.KindInvalid, err)
		_, err = store.Held(t.Context(), ledger.HeldFilter{Target: "orders-db", Limit: limit})
		requireKind(t, contract.KindInvalid, err)
	}
	for _, after := range badCursors {
		_, err := store.Due(t.Context(), ledger.DueFilter{Before: noon, After: after})
		requireKind(t, contract.KindInvalid, err)
	}
	_, err := store.Held(t.Context(), ledger.HeldFilter{})
	requireKind(t, contract.KindInvalid, err)
}

func grants(holdings []ledger.Holding) (all []string) {
	for _, one := range holdings {
		all = append(all, one.Grant)
	}
	return all
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
