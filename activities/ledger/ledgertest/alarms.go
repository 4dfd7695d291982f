package ledgertest

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var alarms = []behaviour{
	{"come back as they were, in UTC", alarmComesBack},
	{"stay as they were first told", alarmStays},
	{"are listed newest first, page by page", alarmsNewestFirst},
	{"are narrowed by kind, target and grant", narrowAlarms},
	{"are listed in pages of fifty unless told", alarmsByFifty},
	{"are refused when nobody could tell them apart", refuseAlarms},
	{"are cut rather than lost when they tell too much", cutAlarms},
	{"are raised by many at once", raiseAtOnce},
}

func alarmComesBack(t *testing.T, store Store) {
	whole := alarm(1)
	requireWhole(t, whole)
	bare := contract.Alarm{ID: "bare", Kind: contract.AlarmForged, At: noon}
	odd := contract.Alarm{
		ID:     "odd \x00 '",
		Kind:   "of a newer release",
		At:     noon,
		Target: "\\x00",
		Text:   "\x00 日本語 \"\r\n",
	}
	for _, told := range []contract.Alarm{whole, bare, odd} {
		told.At = elsewhere(told.At)
		require.NoError(t, store.Raise(t.Context(), told))
	}
	for _, view := range []Store{store, store.Again(t)} {
		kept, err := view.List(t.Context(), ledger.AlarmFilter{})
		require.NoError(t, err)
		require.Equal(t, []contract.Alarm{whole, odd, bare}, kept)
	}
}

func alarmStays(t *testing.T, store Store) {
	again := alarm(1)
	again.At, again.Text = again.At.Add(time.Hour), "the access ended 3603 s late"
	for _, told := range []contract.Alarm{alarm(1), alarm(1), again} {
		require.NoError(t, store.Raise(t.Context(), told))
	}
	kept, err := store.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Equal(t, []contract.Alarm{alarm(1)}, kept)
}

func alarmsNewestFirst(t *testing.T, store Store) {
	var want []contract.Alarm
	for _, number := range []int{3, 1, 5, 2, 4} {
		one := alarm(number)
		one.At = noon.Add(time.Duration(number/2) * time.Nanosecond) // some at the same instant
		want = append(want, one)
		require.NoError(t, store.Raise(t.Context(), one))
	}
	slices.SortFunc(want, func(a, b contract.Alarm) int { return strings.Compare(b.ID, a.ID) })
	for limit := 1; limit <= len(want)+1; limit++ {
		filter := ledger.AlarmFilter{Limit: limit, Target: "orders-db"}
		require.Equal(
			t,
			want,
			pages(t, limit, func() ([]contract.Alarm, error) { return store.List(t.Context(), filter) },
				func(last contract.Alarm) { filter.Before = ledger.AlarmCursor(last) }),
		)
	}
}

func narrowAlarms(t *testing.T, store Store) {
	stuck, other, plain := alarm(3), alarm(2), alarm(1)
	stuck.Kind, other.Target, other.Grant = contract.AlarmStuck, "lightrun-prod", "grant/b"
	for _, one := range []contract.Alarm{plain, other, stuck} {
		require.NoError(t, store.Raise(t.Context(), one))
	}
	for _, asked := range []struct {
		filter ledger.AlarmFilter
		want   []contract.Alarm
	}{
		{ledger.AlarmFilter{}, []contract.Alarm{stuck, other, plain}},
		{ledger.AlarmFilter{Kind: contract.AlarmLate}, []contract.Alarm{other, plain}},
		{ledger.AlarmFilter{Target: "orders-db"}, []contract.Alarm{stuck, plain}},
		{ledger.AlarmFilter{Grant: "grant/b"}, []contract.Alarm{other}},
		{ledger.AlarmFilter{Grant: "grant/a", Target: "orders-db", Kind: contract.AlarmStuck}, []contract.Alarm{stuck}},
		{ledger.AlarmFilter{Grant: "grant/b", Kind: contract.AlarmStuck}, nil},
	} {
		got, err := store.List(t.Context(), asked.filter)
		require.NoError(t, err)
		require.Equal(t, asked.want, got)
	}
}

func alarmsByFifty(t *testing.T, store Store) {
	for number := range 51 {
		require.NoError(t, store.Raise(t.Context(), alarm(number)))
	}
	page, err := store.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Len(t, page, 50)
	require.Equal(t, alarm(50), page[0])
	for _, limit := range []int{-1, 501} {
		_, err := store.List(t.Context(), ledger.AlarmFilter{Limit: limit})
		requireKind(t, contract.KindInvalid, err)
	}
	for _, before := range badCursors {
		_, err := store.List(t.Context(), ledger.AlarmFilter{Before: before})
		requireKind(t, contract.KindInvalid, err)
	}
}

func refuseAlarms(t *testing.T, store Store) {
	for name, change := range map[string]func(*contract.Alarm){
		"no id":       func(a *contract.Alarm) { a.ID = "" },
		"too long id": func(a *contract.Alarm) { a.ID = strings.Repeat("x", 513) },
		"no kind":     func(a *contract.Alarm) { a.Kind = "" },
		"no time":     func(a *contract.Alarm) { a.At = time.Time{} },
	} {
		t.Log(name)
		odd := alarm(1)
		change(&odd)
		requireKind(t, contract.KindInvalid, store.Raise(t.Context(), odd))
	}
	kept, err := store.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Empty(t, kept)
}

func cutAlarms(t *testing.T, store Store) {
	long := alarm(1)
	long.Text, long.Requests = strings.Repeat("x", 10_000), slices.Repeat([]string{requestID(1)}, 1000)
	require.NoError(t, store.Raise(t.Context(), long))
	kept, err := store.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Len(t, kept, 1)
	require.Equal(t, strings.Repeat("x", 4096)+"…", kept[0].Text)
	require.Len(t, kept[0].Requests, 100)
	require.Len(t, long.Requests, 1000, "the caller's own is left alone")
}

func raiseAtOnce(t *testing.T, store Store) {
	const writers, each = 8, 10
	views := []Store{store, store.Again(t)}
	var all errgroup.Group
	for writer := range writers {
		all.Go(func() error {
			for number := range each { // all writers raise the same alarms
				if err := views[writer%2].Raise(t.Context(), alarm(number)); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, all.Wait())
	kept, err := store.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Len(t, kept, each)
}
