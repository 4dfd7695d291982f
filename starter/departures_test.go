package starter_test

import (
	"context"
	"maps"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/group"
	"curfew/activities/ledger"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/internal/testserver/pace"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// compares runs a server beside those of a house, with a directory of its own, until the test is over.
func compares(t *testing.T, house *startertest.House, change func(people map[string]people.Person)) {
	t.Helper()
	comparesOver(t, house, house.Ledger, change)
}

// comparesOver is compares where the server sees the ledger otherwise.
func comparesOver(
	t *testing.T, house *startertest.House, over ledger.Store, change func(people map[string]people.Person),
) {
	t.Helper()
	directory := *house.Config
	directory.People = maps.Clone(directory.People)
	directory.Departures.After.Duration = time.Hour
	change(directory.People)
	server, err := starter.New(starter.Options{
		Temporal: house.Client,
		Config:   reload.Fixed(&directory),
		Ledger:   over,
		Groups:   group.New(nil, house.Ledger),
	})
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		server.EndDepartures(ctx)
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

func TestServersWhoseFilesDifferMissSomebodyOnce(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	live := startertest.Status(contract.StateActive)
	granted := time.Now().UTC()
	live.GrantedAt = &granted
	house.Record(t, live, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: "alice"})
	leaving := func() []contract.Alarm {
		alarms, err := house.Ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmLeaving})
		require.NoError(t, err)
		return alarms
	}
	compares(t, house, func(people map[string]people.Person) { delete(people, "alice") })
	require.Eventually(t, func() bool { return len(leaving()) == 1 }, time.Minute, 50*time.Millisecond)
	for range 3 { // each compares for the first time after the alarm, and finds that nobody is missing
		compares(t, house, func(map[string]people.Person) {})
	}
	again := time.NewTicker(100 * time.Millisecond) // longer than each server takes to compare twice
	defer again.Stop()
	for range 120 {
		<-again.C
		require.Len(t, leaving(), 1)
	}
}

// overheard is a ledger that says what is about to be locked.
type overheard struct {
	ledger.Store
	locks chan<- string
}

func (o overheard) Lock(ctx context.Context, name string) (ledger.Locked, error) {
	o.locks <- name
	return o.Store.Lock(ctx, name)
}

func TestTwoServersDoNotActOnDeparturesAtATime(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	live := startertest.Status(contract.StateActive)
	granted := time.Now().UTC()
	live.GrantedAt = &granted
	house.Record(t, live, contract.Event{Seq: 1, Kind: contract.EventGranted, Actor: "alice"})
	leaving := func() int {
		alarms, err := house.Ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmLeaving})
		require.NoError(t, err)
		return len(alarms)
	}
	const lock = "departures" // the same in each release: servers of two may run at a time
	another, err := house.Ledger.Lock(t.Context(), lock)
	require.NoError(t, err)
	locks := make(chan string, 100)
	for range 2 {
		comparesOver(t, house, overheard{house.Ledger, locks}, func(people map[string]people.Person) {
			delete(people, "alice")
		})
	}
	for range 2 {
		require.Equal(t, lock, <-locks)
	}
	require.Zero(t, leaving(), "another server is at it")
	another.Unlock()
	require.Eventually(t, func() bool { return leaving() == 1 }, pace.Patience(), 20*time.Millisecond)
}
