package postgres_test

import (
	"fmt"
	"net/url"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/proxy"
	"curfew/workflows/contract"
)

// callBound is how long one call may take: a connection that is asked whether it lives, and the call's own bound.
const callBound = 8 * time.Second

// by is the same database by way of a proxy.
func by(t *testing.T, dsn string) (*proxy.Proxy, string) {
	t.Helper()
	where, err := url.Parse(dsn)
	require.NoError(t, err)
	line := proxy.Start(t, where.Host)
	where.Host = line.Address()
	return line, where.String()
}

func TestConnectionsThatTheNetworkHasForgottenHoldUpNoCall(t *testing.T) {
	t.Parallel()
	line, dsn := by(t, newDatabase(t))
	store := open(t, dsn)
	const many = 8
	var held []ledger.Locked
	for n := range many { // all at once, so that there are as many connections
		locked, err := store.Lock(t.Context(), fmt.Sprint("grant/", n))
		require.NoError(t, err)
		require.NoError(t, locked.Save(t.Context(), ledger.Holding{Grant: fmt.Sprint("grant/", n), Open: true}))
		held = append(held, locked)
	}
	for _, locked := range held {
		locked.Unlock()
	}

	line.Forget()
	for n := range many {
		began := time.Now()
		held, err := store.Lock(t.Context(), fmt.Sprint("grant/", n))
		require.NoError(t, err)
		require.True(t, held.Holding().Open)
		held.Unlock()
		require.NoError(
			t,
			store.Append(
				t.Context(),
				[]contract.Event{{Request: request, Seq: n + 1}},
				contract.Status{ID: request, Seq: n + 1},
			),
		)
		pace.OnTime(t, fmt.Sprint("call ", n), time.Since(began), callBound)
	}
}

func TestALockOutlivesTheConnectionsBesideItThatTheNetworkHasForgotten(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	line, through := by(t, dsn)
	store := open(t, through)
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	defer held.Unlock()
	other, err := store.Lock(t.Context(), "grant/other")
	require.NoError(t, err)
	other.Unlock()
	line.Forget()
	again, err := store.Lock(t.Context(), "grant/other") // closes what is dead and idle
	require.NoError(t, err)
	again.Unlock()
	requireTaken(t, open(t, dsn), grant)
}

func TestALedgerThatHangsFailsEachCallInBoundedTime(t *testing.T) {
	t.Parallel()
	line, dsn := by(t, newDatabase(t))
	store := open(t, dsn)
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	line.Cut()
	for _, call := range []struct {
		name string
		do   func() error
	}{
		{"save", func() error { return held.Save(t.Context(), ledger.Holding{Grant: grant}) }},
		{"lock", func() error { _, err := store.Lock(t.Context(), "grant/another"); return err }},
		{"due", func() error { _, err := store.Due(t.Context(), ledger.DueFilter{}); return err }},
		{"append", func() error { return store.Append(t.Context(), nil, contract.Status{ID: request}) }},
	} {
		began := time.Now()
		requireProblem(t, call.do(), contract.KindUnavailable, "")
		pace.OnTime(t, call.name, time.Since(began), callBound)
	}
	began := time.Now()
	held.Unlock()
	pace.OnTime(t, "the unlock", time.Since(began), callBound)
}
