package postgres_test

import (
	"context"
	"errors"
	"fmt"
	"math"
	"sync"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/internal/testserver/pace"
	testserver "curfew/internal/testserver/postgres"
	"curfew/internal/testserver/proxy"
	"curfew/workflows/contract"
)

// forgottenBound is how late an end may be when the network has forgotten the connections.
const forgottenBound = 8 * time.Second

// end ends an access as a worker does, attempt by attempt, and returns how long that took.
func (w *world) end(t *testing.T, connector target.Connector, access target.Access) time.Duration {
	t.Helper()
	began := time.Now()
	for {
		err := endOnce(t.Context(), connector, access)
		if err == nil {
			return time.Since(began)
		}
		requireProblem(t, err, contract.KindUnavailable)
		require.Less(t, time.Since(began), pace.Patience())
	}
}

func endOnce(ctx context.Context, connector target.Connector, access target.Access) error {
	if _, err := connector.Revoke(ctx, access); err != nil {
		return err
	}
	if _, err := connector.(target.SessionEnder).EndSessions(ctx, access); err != nil {
		return err
	}
	_, err := connector.Inspect(ctx, access)
	return err
}

// fill has a connector open all the connections that it may.
func fill(t *testing.T, connector target.Connector, access target.Access) {
	t.Helper()
	var all sync.WaitGroup
	for range 50 {
		all.Go(func() {
			if _, err := connector.Inspect(t.Context(), access); err != nil {
				t.Error(err)
			}
		})
	}
	all.Wait()
}

func TestP2AnEndIsSoonDoneWhenTheNetworkHasForgottenAllConnections(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := proxy.Start(t, w.server.Address())
	connector := open(t, w.server.Via(line.Address(), w.broker, testserver.Superuser))
	access := w.access(w.subject(t))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	fill(t, connector, access)
	require.Greater(t, line.Opened(), 2)

	line.Forget()
	pace.OnTime(t, "the end", w.end(t, connector, access), forgottenBound)
	require.False(t, w.can(t, access.Account))
}

func TestPingDropsWhatTheNetworkHasForgottenSoThatTheEndWaitsForNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := proxy.Start(t, w.server.Address())
	connector := open(t, w.server.Via(line.Address(), w.broker, testserver.Superuser))
	access := w.access(w.subject(t))
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	fill(t, connector, access)

	line.Forget()
	require.NoError(t, connector.(target.Pinger).Ping(t.Context()))
	began := time.Now()
	require.NoError(t, endOnce(t.Context(), connector, access), "not even its first call fails")
	pace.OnTime(t, "the end, which waits for no connection", time.Since(began), 900*time.Millisecond)
	require.False(t, w.can(t, access.Account))
}

func TestPingTellsAServerThatCanNotBeReached(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	line := proxy.Start(t, w.server.Address())
	pinger := open(t, w.server.Via(line.Address(), w.broker, testserver.Superuser)).(target.Pinger)
	require.NoError(t, pinger.Ping(t.Context()))
	line.Cut()
	began := time.Now()
	requireProblem(t, pinger.Ping(t.Context()), contract.KindUnavailable)
	pace.OnTime(t, "the ping", time.Since(began), target.CallTimeout+time.Second)
	line.Mend()
	require.NoError(t, pinger.Ping(t.Context()))
}

// crowd connects as an account until the server takes no more.
func (w *world) crowd(t *testing.T, account string) (connected int) {
	t.Helper()
	for {
		conn, err := pgx.Connect(t.Context(), w.server.URL(account, testserver.Superuser))
		if err != nil {
			require.ErrorContains(t, err, "53300")
			return connected
		}
		t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
		connected++
	}
}

func TestP2ASubjectWhoTakesAllConnectionsStillLosesTheAccess(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, testserver.StartApart(t, "max_connections=16"))
	for _, most := range []int{0, 1, 2} {
		t.Run(fmt.Sprint("maxConnections ", most), func(t *testing.T) {
			account := w.subject(t)
			access := w.access(account)
			grant(t, w, account) // by another worker
			connector := openWith(t, w.server.URL(w.broker, testserver.Superuser), most)
			require.NoError(t, connector.(target.Pinger).Ping(t.Context()))
			require.Positive(t, w.crowd(t, account))
			require.NoError(t, endOnce(t.Context(), connector, access))
			require.Zero(t, w.sessions(t, account))
			require.False(t, w.can(t, account))
		})
	}
}

func TestManyAccessesEndOverTheOneConnectionThatIsLeft(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, testserver.StartApart(t, "max_connections=16"))
	connector := openWith(t, w.server.URL(w.broker, testserver.Superuser), 8)
	const many = 30
	accesses := make([]target.Access, many)
	for i := range accesses {
		accesses[i] = w.access(w.subject(t))
		_, err := connector.Grant(t.Context(), accesses[i])
		require.NoError(t, err)
	}
	w.crowd(t, w.login(t, w.name+"crowd"))
	results := make(chan error)
	for _, access := range accesses {
		go func() { results <- endOnce(t.Context(), connector, access) }()
	}
	for range many {
		require.NoError(t, <-results)
	}
}

func TestWhoHasTheMostSessionsIsNamedWhenTheServerIsFull(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, testserver.StartApart(t, "max_connections=16"))
	account := w.subject(t)
	connector := openWith(t, w.server.URL(w.broker, testserver.Superuser), 0)
	connected := 0
	for connected < 8 {
		w.server.Connect(t, account, testserver.Superuser)
		connected++
	}
	_, err := connector.Grant(t.Context(), w.access(w.subject(t)))
	require.NoError(t, err)
	w.crowd(t, account)
	_, err = w.server.Admin().
		Exec(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1`, w.broker)
	require.NoError(t, err)
	w.crowd(t, account) // what the connector had

	problem := requireProblem(t, endOnce(t.Context(), connector, w.access(account)), contract.KindUnavailable)
	require.Contains(t, problem.Fault, account)
	require.Contains(t, problem.Fix, "CONNECTION LIMIT")
}

// brokersWaiting has the broker's sessions that wait for a lock.
const brokersWaiting = `FROM pg_stat_activity WHERE usename = $1 AND wait_event_type = 'Lock'`

// endWaiting has the server end sessions of the broker, each as it waits in the midst of a change, until so many are ended
// or enough is called. Then it lets changes through.
func (w *world) endWaiting(t *testing.T, sessions int) (enough func()) {
	t.Helper()
	changes, err := w.server.Admin().Begin(t.Context())
	require.NoError(t, err)
	_, err = changes.Exec(t.Context(), `LOCK TABLE pg_auth_members IN SHARE MODE`)
	require.NoError(t, err)
	told, tell := context.WithCancel(t.Context())
	done := make(chan error, 1)
	go func(ctx context.Context) {
		var err error
		for err == nil && sessions > 0 && told.Err() == nil {
			ended := 0
			err = w.server.Admin().
				QueryRow(ctx, `SELECT count(pg_terminate_backend(pid, 60000)) `+brokersWaiting, w.broker).Scan(&ended)
			sessions -= ended
		}
		done <- errors.Join(err, changes.Rollback(ctx))
	}(t.Context())
	return func() {
		tell()
		require.NoError(t, <-done)
	}
}

func TestP2AChangeWhoseSessionTheServerEndsIsMadeOverAnother(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, testserver.StartApart(t))
	access := w.access(w.subject(t))
	connector := w.connector(t)
	enough := w.endWaiting(t, 1)
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	enough()
	require.True(t, w.can(t, access.Account))

	enough = w.endWaiting(t, 1)
	require.NoError(t, endOnce(t.Context(), connector, access))
	enough()
	require.False(t, w.can(t, access.Account))
}

// What it answers is about the session. The change may have been made before that.
func TestP3AServerThatEndsAllSessionsHasNotAnsweredTheCall(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, testserver.StartApart(t))
	enough := w.endWaiting(t, math.MaxInt)
	_, err := w.connector(t).Grant(t.Context(), w.access(w.subject(t)))
	enough()
	require.False(t, requireProblem(t, err, contract.KindUnavailable).Refused, "%v", err)
}

func TestNothingIsGrantedThatCouldNotBeTakenAwayForWantOfAConnection(t *testing.T) {
	t.Parallel()
	w := newWorldOn(t, testserver.StartApart(t, "max_connections=16"))
	account := w.subject(t)
	w.crowd(t, account)
	_, err := openWith(t, w.server.URL(w.broker, testserver.Superuser), 0).Grant(t.Context(), w.access(account))
	require.Contains(t, requireProblem(t, err, contract.KindUnavailable).Fault, "53300")
	require.NotContains(t, w.memberships(t, ""), account)
}

// The page tells administrators to do this.
func TestP2AWorkerThatStartsWhileTheServerIsFullUsesAReservedConnection(t *testing.T) {
	t.Parallel()
	if newWorld(t).version(t) < 16 {
		t.Skip("the server reserves none")
	}
	w := newWorldOn(t, testserver.StartApart(t, "max_connections=16", "reserved_connections=4"))
	w.exec(t, `GRANT pg_use_reserved_connections TO %s`, quote(w.broker))
	account := w.subject(t)
	grant(t, w, account) // by another worker, which dies
	_, err := w.server.Admin().
		Exec(t.Context(), `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE usename = $1`, w.broker)
	require.NoError(t, err)
	require.Positive(t, w.crowd(t, account))
	require.NoError(
		t,
		endOnce(t.Context(), openWith(t, w.server.URL(w.broker, testserver.Superuser), 0), w.access(account)),
	)
	require.Zero(t, w.sessions(t, account))
	require.False(t, w.can(t, account))
}
