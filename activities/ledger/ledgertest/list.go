package ledgertest

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

var list = []behaviour{
	{"gives what a plain search would, page by page", listLikeSearch},
	{"gives fifty unless told", listFifty},
	{"refuses pages that are no pages", refusePages},
}

func listLikeSearch(t *testing.T, store Store) {
	all := crowd(t, store)
	rapid.Check(t, func(rt *rapid.T) {
		filter := ledger.Filter{
			State:    rapid.SampledFrom(orNone(states)).Draw(rt, "state"),
			Template: rapid.SampledFrom(orNone(templates)).Draw(rt, "template"),
			Person:   rapid.SampledFrom(orNone(persons)).Draw(rt, "person"),
			Reviewer: rapid.SampledFrom(orNone(persons)).Draw(rt, "reviewer"),
			Viewer:   rapid.SampledFrom(orNone(persons)).Draw(rt, "viewer"),
			Ticket:   rapid.SampledFrom(orNone(tickets)).Draw(rt, "ticket"),
			Incident: rapid.SampledFrom(orNone(incidents)).Draw(rt, "incident"),
			Stuck:    rapid.Bool().Draw(rt, "stuck"),
			Waits:    rapid.Bool().Draw(rt, "waits"),
			Before: rapid.SampledFrom([]string{"", "", requestID(0), requestID(60), requestID(999)}).
				Draw(rt, "before"),
			HeldSince: rapid.SampledFrom([]time.Time{
				{}, {}, heldFirst, heldFirst.Add(60 * time.Nanosecond), heldFirst.Add(time.Hour),
			}).Draw(rt, "held since"),
			Limit: rapid.SampledFrom([]int{1, 7, 50, 500}).Draw(rt, "limit"),
		}
		want := search(all, filter)
		for {
			page, err := store.Requests(t.Context(), filter)
			require.NoError(rt, err)
			length := min(filter.Limit, len(want))
			require.Equal(rt, ids(want[:length]), ids(page))
			if length > 0 {
				require.Equal(rt, want[:length], page)
			}
			if len(page) < filter.Limit {
				break
			}
			want, filter.Before = want[length:], page[length-1].ID
		}
	})
}

// What the requests of the crowd are made of: few values, so that filters meet.
var (
	states    = []contract.State{contract.StatePending, contract.StateActive, contract.StateEnded}
	templates = []string{"debug-prod", "read-orders"}
	persons   = []string{"p-ada", "p-bob", "p-carol", "p-dan"}
	heldFirst = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	tickets   = []string{"OPS-7", "OPS-70"}
	incidents = []string{"PINC1", `\\share\é`}
)

// orNone adds the empty value, twice as likely as the others: it leaves the field out of a filter.
func orNone[T any](values []T) []T {
	var none T
	return append([]T{none, none}, values...)
}

// crowd fills the store with requests that have moved on once, and returns them as they are now.
func crowd(t *testing.T, store Store) []contract.Status {
	t.Helper()
	dice := rand.New(rand.NewPCG(1, 2)) //nolint:gosec // the same crowd each time
	var all []contract.Status
	for number := range 120 {
		now := anyone(dice, number, 2)
		require.NoError(t, store.Append(t.Context(), nil, anyone(dice, number, 1)))
		require.NoError(t, store.Append(t.Context(), nil, now))
		all = append(all, now)
	}
	return all
}

func anyone(dice *rand.Rand, number, seq int) contract.Status {
	one := status(requestID(number), seq)
	one.State = states[dice.IntN(len(states))]
	one.Template = templates[dice.IntN(len(templates))]
	one.Requester, one.Subject = persons[dice.IntN(len(persons))], persons[dice.IntN(len(persons))]
	one.Reviewers = nil
	for _, person := range persons {
		if dice.IntN(2) == 0 {
			one.Reviewers = append(one.Reviewers, person)
		}
	}
	if dice.IntN(3) > 0 {
		one.Ticket = tickets[dice.IntN(len(tickets))]
	}
	if dice.IntN(3) > 0 {
		one.Incident = incidents[dice.IntN(len(incidents))]
	}
	one.Stuck = dice.IntN(4) == 0
	one.GrantedAt, one.EndedAt = nil, nil
	if dice.IntN(3) > 0 {
		one.GrantedAt = &heldFirst
	}
	if dice.IntN(2) == 0 {
		ended := heldFirst.Add(time.Duration(number) * time.Nanosecond)
		one.EndedAt = &ended
	}
	return one
}

// search is what a list must give, the slow way; without the limit.
func search(all []contract.Status, f ledger.Filter) []contract.Status {
	var found []contract.Status
	for _, one := range slices.Backward(all) {
		party := func(person string) bool { return one.Requester == person || one.Subject == person }
		reviewer := func(person string) bool { return slices.Contains(one.Reviewers, person) }
		if (f.State == "" || one.State == f.State) &&
			(f.Template == "" || one.Template == f.Template) &&
			(f.Person == "" || party(f.Person)) &&
			(f.Reviewer == "" || reviewer(f.Reviewer)) &&
			(f.Viewer == "" || party(f.Viewer) || reviewer(f.Viewer)) &&
			(f.Ticket == "" || one.Ticket == f.Ticket) &&
			(f.Incident == "" || one.Incident == f.Incident) &&
			(!f.Stuck || one.Stuck) &&
			(!f.Waits || one.WaitsForReview()) &&
			(f.HeldSince.IsZero() ||
				one.GrantedAt != nil && (one.EndedAt == nil || !one.EndedAt.Before(f.HeldSince))) &&
			(f.Before == "" || one.ID < f.Before) {
			found = append(found, one)
		}
	}
	return found
}

func ids(statuses []contract.Status) []string {
	all := []string{}
	for _, one := range statuses {
		all = append(all, one.ID)
	}
	return all
}

func listFifty(t *testing.T, store Store) {
	for number := range 51 {
		require.NoError(t, store.Append(t.Context(), nil, status(requestID(number), 1)))
	}
	page, err := store.Requests(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	require.Len(t, page, 50)
	require.Equal(t, requestID(50), page[0].ID)
}

func refusePages(t *testing.T, store Store) {
	for _, limit := range []int{-1, 501} {
		_, err := store.Requests(t.Context(), ledger.Filter{Limit: limit})
		requireKind(t, contract.KindInvalid, err)
		require.ErrorContains(t, err, fmt.Sprint(limit))
	}
}

// badCursors lead to no place in a list.
var badCursors = []string{
	"nowhere",
	"yesterday/grant/a",
	"2026-03-01T12:00:00.123456789Z",
	"2026-03-01T12:00:00.123456789Z/",
}

// pages reads a list to its end: read gives the page that turn has prepared, after the last one of the page before.
func pages[T any](t *testing.T, length int, read func() ([]T, error), turn func(last T)) (all []T) {
	t.Helper()
	for {
		page, err := read()
		require.NoError(t, err)
		require.LessOrEqual(t, len(page), length)
		all = append(all, page...)
		if len(page) < length {
			return all
		}
		turn(page[len(page)-1])
	}
}
