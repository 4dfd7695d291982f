package ledgertest

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

var tombstones = []behaviour{
	{"come back as they were, with the ledger's time", tombstonesComeBack},
	{"stay as they were first added", keepTheFirstTombstone},
	{"are added all or none", addAllTombstonesOrNone},
	{"stop the leases that they are about, and no others", stopWhatHasEnded},
	{"are seen by whoever has the lock, however late they came", stopsAreNew},
	{"lead to the open holdings that they end, page by page", leadToHoldings},
	{"lead only to what ended lately, where that is asked", leadToWhatEndedLately},
	{"are told of until their requests have ended, page by page", untoldUntilEnded},
	{"are refused when nobody could tell what they are", refuseTombstones},
}

func tombstone(number int) contract.Tombstone {
	return contract.Tombstone{
		Request: requestID(number),
		Kind:    contract.EndNow,
		By:      "p-ada",
		Reason:  "enough, \x00 <&> 日本語",
	}
}

func onGrant(number int, grant string) contract.Tombstone {
	t := tombstone(number)
	t.Grant, t.Kind = grant, contract.EndCanceled
	return t
}

func add(t *testing.T, store Store, all ...contract.Tombstone) {
	t.Helper()
	require.NoError(t, store.AddTombstones(t.Context(), all...))
}

func tombstonesComeBack(t *testing.T, store Store) {
	before := time.Now()
	add(t, store, tombstone(1), onGrant(1, `grant/a\b`), onGrant(2, "grant/a"))
	for _, view := range []Store{store, store.Again(t)} {
		got, err := view.TombstoneOf(t.Context(), requestID(1))
		require.NoError(t, err)
		require.WithinDuration(t, before, got.At, time.Minute)
		require.Equal(t, time.UTC, got.At.Location())
		got.At = time.Time{}
		require.Equal(t, tombstone(1), got)
		for _, none := range []string{requestID(2), requestID(3)} {
			_, err = view.TombstoneOf(t.Context(), none)
			require.ErrorIs(t, err, ledger.ErrNotFound)
		}
		held := lock(t, view, `grant/a\b`)
		stops, err := held.Stops(t.Context(), requestID(1), requestID(2))
		held.Unlock()
		require.NoError(t, err)
		require.Len(t, stops.Ended, 1)
	}
}

func keepTheFirstTombstone(t *testing.T, store Store) {
	add(t, store, tombstone(1))
	first, err := store.TombstoneOf(t.Context(), requestID(1))
	require.NoError(t, err)
	other := tombstone(1)
	other.By, other.Reason, other.Kind = "p-mallory", "never mind", contract.EndReleased
	add(t, store.Again(t), other, other, tombstone(2))
	again, err := store.TombstoneOf(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Equal(t, first, again)
}

func addAllTombstonesOrNone(t *testing.T, store Store) {
	add(t, store)
	requireKind(t, contract.KindInvalid, store.AddTombstones(t.Context(), tombstone(1), contract.Tombstone{}))
	_, err := store.TombstoneOf(t.Context(), requestID(1))
	require.ErrorIs(t, err, ledger.ErrNotFound)
}

func stopWhatHasEnded(t *testing.T, store Store) {
	add(t, store, tombstone(1), onGrant(2, "grant/a"), onGrant(3, "grant/b"), onGrant(4, "grant/a"), tombstone(4))
	held := lock(t, store, "grant/a")
	stops, err := held.Stops(t.Context(), requestID(1), requestID(2), requestID(3), requestID(4), requestID(5))
	require.NoError(t, err)
	require.Len(t, stops.Ended, 3)
	require.Equal(t, "grant/a", stops.Ended[requestID(2)].Grant)
	require.Empty(t, stops.Ended[requestID(4)].Grant, "the end of the whole request comes first")
	require.False(t, stops.Freeze.Frozen)
	var leases contract.Leases
	for n := range 6 {
		leases = leases.With(contract.Lease{Request: requestID(n)})
	}
	require.Equal(t, []string{requestID(0), requestID(3), requestID(5)}, stops.Alive(leases).Requests())

	none, err := held.Stops(t.Context())
	require.NoError(t, err)
	require.Empty(t, none.Ended)
	held.Unlock()
	_, err = held.Stops(t.Context(), requestID(1))
	require.Error(t, err, "the lock is gone")
}

func stopsAreNew(t *testing.T, store Store) {
	other := store.Again(t)
	held := lock(t, store, "grant/a")
	stops, err := held.Stops(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Empty(t, stops.Ended)
	add(t, other, tombstone(1)) // no lock is needed
	_, err = other.SetFreeze(t.Context(), ledger.Freeze{Frozen: true, By: "p-ada", Reason: "an intruder"})
	require.NoError(t, err)
	stops, err = held.Stops(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Contains(t, stops.Ended, requestID(1))
	require.Equal(t, "an intruder", stops.Freeze.Reason)
}

// heldBy is an open holding with the leases of some requests.
func heldBy(grant, target string, requests ...int) ledger.Holding {
	h := ledger.Holding{Grant: grant, Access: contract.Access{Target: target}, Open: true, Until: noon}
	for _, number := range requests {
		h.Leases = h.Leases.With(contract.Lease{Request: requestID(number), Until: noon})
	}
	return h
}

func leadToHoldings(t *testing.T, store Store) {
	closed := heldBy("grant/closed", "orders-db", 1)
	closed.Open = false
	for _, one := range []ledger.Holding{
		heldBy("grant/a", "orders-db", 1), heldBy("grant/b", "orders-db", 2, 1), heldBy("grant/c", "orders-db", 2),
		heldBy("grant/d", `say "'x`, 7, 1), heldBy("grant/e", "orders-db", 3), heldBy("grant/f", "orders-db", 3),
		heldBy("grant/g", "orders-db", 1), heldBy("grant/g", "orders-db", 2), closed, heldBy("grant/none", "orders-db"),
	} {
		save(t, store, one)
	}
	require.Empty(t, ended(t, store, ledger.EndedFilter{}))
	add(t, store, tombstone(1), onGrant(3, "grant/f"), onGrant(2, "grant/elsewhere"))
	for _, within := range []time.Duration{0, time.Hour} {
		for limit := 1; limit <= 5; limit++ {
			require.Equal(
				t,
				[]string{"grant/a", "grant/b", "grant/d", "grant/f"},
				ended(t, store, ledger.EndedFilter{Within: within, Limit: limit}),
			)
		}
		require.Equal(
			t,
			[]string{"grant/d"},
			ended(t, store.Again(t), ledger.EndedFilter{Within: within, Targets: []string{"nowhere", `say "'x`}}),
		)
	}
	got, err := store.Ended(t.Context(), ledger.EndedFilter{Limit: 1})
	require.NoError(t, err)
	require.Equal(t, []ledger.Holding{load(t, store, "grant/a")}, got)
	for _, limit := range []int{-1, 501} {
		_, err := store.Ended(t.Context(), ledger.EndedFilter{Limit: limit})
		requireKind(t, contract.KindInvalid, err)
	}
}

func ended(t *testing.T, store Store, filter ledger.EndedFilter) []string {
	t.Helper()
	limit := filter.Limit
	if limit == 0 {
		limit = 50
	}
	return grants(pages(t, limit, func() ([]ledger.Holding, error) { return store.Ended(t.Context(), filter) },
		func(last ledger.Holding) { filter.After = last.Grant }))
}

func leadToWhatEndedLately(t *testing.T, store Store) {
	save(t, store, heldBy("grant/a", "orders-db", 1))
	add(t, store, tombstone(1))
	require.Eventually(t, func() bool {
		return len(ended(t, store, ledger.EndedFilter{Within: time.Millisecond})) == 0
	}, pace.Patience(), 2*time.Millisecond, "what has ended longer ago is left out")
	require.Equal(t, []string{"grant/a"}, ended(t, store, ledger.EndedFilter{Within: time.Hour}))
	require.Equal(t, []string{"grant/a"}, ended(t, store, ledger.EndedFilter{}))
}

func untoldUntilEnded(t *testing.T, store Store) {
	for number := range 6 {
		told := status(requestID(number), 1)
		if number == 3 {
			told.State = contract.StateEnded
		}
		require.NoError(t, store.Append(t.Context(), nil, told))
	}
	add(t, store, tombstone(1), tombstone(2), tombstone(3), onGrant(4, "grant/a"), tombstone(5), tombstone(9))
	for limit := 1; limit <= 4; limit++ {
		filter := ledger.UntoldFilter{Limit: limit}
		got := pages(t, limit, func() ([]contract.Tombstone, error) { return store.Untold(t.Context(), filter) },
			func(last contract.Tombstone) { filter.After = last.Request })
		var requests []string
		for _, one := range got {
			requests = append(requests, one.Request)
		}
		require.Equal(t, []string{requestID(1), requestID(2), requestID(5)}, requests)
	}
	_, err := store.Untold(t.Context(), ledger.UntoldFilter{Limit: 501})
	requireKind(t, contract.KindInvalid, err)
}

func refuseTombstones(t *testing.T, store Store) {
	for name, change := range map[string]func(*contract.Tombstone){
		"no request":       func(o *contract.Tombstone) { o.Request = "" },
		"a book's request": func(o *contract.Tombstone) { o.Request = strings.Repeat("x", 257) },
		"a book's grant":   func(o *contract.Tombstone) { o.Grant = strings.Repeat("x", 2049) },
		"no kind":          func(o *contract.Tombstone) { o.Kind = "" },
	} {
		t.Log(name)
		odd := tombstone(1)
		change(&odd)
		requireKind(t, contract.KindInvalid, store.AddTombstones(t.Context(), odd))
	}
	long := tombstone(1)
	long.Reason = strings.Repeat("x", 5000)
	add(t, store, long)
	kept, err := store.TombstoneOf(t.Context(), requestID(1))
	require.NoError(t, err)
	require.Less(t, len(kept.Reason), 4200, "an end with too long a reason is worth more than none")
}

var freezes = []behaviour{
	{"are none at first", noFreezeAtFirst},
	{"hold until they are thawed, and are written once", freezeAndThaw},
	{"are refused when nobody says who and why", refuseFreezes},
}

func noFreezeAtFirst(t *testing.T, store Store) {
	none, err := store.Freeze(t.Context())
	require.NoError(t, err)
	require.Zero(t, none)
	thawed, err := store.SetFreeze(t.Context(), ledger.Freeze{By: "p-ada", Reason: "to be sure"})
	require.NoError(t, err)
	require.False(t, thawed.Frozen)
}

func freezeAndThaw(t *testing.T, store Store) {
	other := store.Again(t)
	for round := range 2 {
		for _, frozen := range []bool{true, false} {
			set, err := store.SetFreeze(
				t.Context(),
				ledger.Freeze{Frozen: frozen, By: "p-ada", Reason: fmt.Sprint("round ", round)},
			)
			require.NoError(t, err)
			require.Equal(t, frozen, set.Frozen)
			require.WithinDuration(t, time.Now(), set.At, time.Minute)
			twice, err := other.SetFreeze(t.Context(), ledger.Freeze{Frozen: frozen, By: "p-eve", Reason: "the same"})
			require.NoError(t, err)
			require.Equal(t, set, twice, "the first stands")
			now, err := other.Freeze(t.Context())
			require.NoError(t, err)
			require.Equal(t, set, now)
			held := lock(t, store, "grant/a")
			stops, err := held.Stops(t.Context())
			require.NoError(t, err)
			require.Equal(t, frozen, stops.Freeze.Frozen)
			held.Unlock()
		}
	}
}

func refuseFreezes(t *testing.T, store Store) {
	for _, odd := range []ledger.Freeze{{Frozen: true, By: "p-ada"}, {Frozen: true, Reason: "why"}, {By: "p-ada"}} {
		_, err := store.SetFreeze(t.Context(), odd)
		requireKind(t, contract.KindInvalid, err)
	}
	now, err := store.Freeze(t.Context())
	require.NoError(t, err)
	require.False(t, now.Frozen)
}
