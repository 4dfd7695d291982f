package postgres_test

import (
	"context"
	"fmt"
	"os"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/activities/ledger/postgres"
	"curfew/internal/config"
	"curfew/internal/testserver/pace"
	server "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// connect is somebody with another client on a ledger's database.
func connect(t *testing.T, dsn string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), dsn)
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// This one is not parallel: the server of all tests crashes.
func TestACrashOfTheServerLosesLocksAndNothingElse(t *testing.T) {
	running := server.Start(t)
	dsn := newDatabase(t)
	store := open(t, dsn)
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	idle, err := store.Lock(t.Context(), "grant/another") // leaves a connection that will break while nobody uses it
	require.NoError(t, err)
	idle.Unlock()
	require.NoError(t, held.Save(t.Context(), ledger.Holding{Grant: grant, Open: true}))
	require.NoError(
		t,
		store.Append(t.Context(), []contract.Event{{Request: request, Seq: 1}}, contract.Status{ID: request, Seq: 1}),
	)

	crash(t, running, dsn)

	err = held.Save(t.Context(), ledger.Holding{Grant: grant})
	requireProblem(t, err, contract.KindUnavailable, "its lock was lost")
	requireProblem(
		t,
		held.Save(t.Context(), ledger.Holding{Grant: grant}),
		contract.KindUnavailable,
		"its lock was lost",
	)
	held.Unlock()

	_, story, err := store.Request(t.Context(), request)
	require.NoError(t, err, "the connections that broke are replaced")
	require.Len(t, story, 1)
	require.NoError(
		t,
		store.Append(t.Context(), []contract.Event{{Request: request, Seq: 2}}, contract.Status{ID: request, Seq: 2}),
	)
	again, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	require.True(t, again.Holding().Open)
	require.NoError(t, again.Save(t.Context(), ledger.Holding{Grant: grant}))
	again.Unlock()
}

// crash kills a process of the server with SIGKILL, as a lack of memory would: the server then ends all sessions and
// recovers from its log. It returns when the server is up again.
func crash(t *testing.T, running *server.Server, dsn string) {
	t.Helper()
	conn, bystander := connect(t, dsn), connect(t, dsn)
	victim, err := os.FindProcess(int(conn.PgConn().PID()))
	require.NoError(t, err)
	require.NoError(t, victim.Kill())
	soon := func(condition func() bool) {
		t.Helper()
		require.Eventually(t, condition, pace.Patience(), 20*time.Millisecond)
	}
	soon(func() bool { return bystander.Ping(t.Context()) != nil })
	soon(func() bool {
		conn, err := pgx.Connect(t.Context(), dsn)
		return err == nil && conn.Close(t.Context()) == nil
	})
	running.Admin().Reset()
}

func TestALockThatTheServerEndsIsLostForGood(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	store := open(t, dsn)
	other := open(t, dsn)
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	require.NoError(t, held.Save(t.Context(), ledger.Holding{Grant: grant, Token: contract.Token{Seq: 1}}))

	_, err = connect(t, dsn).Exec(t.Context(), `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
		WHERE application_name = 'curfew holdings' AND datname = current_database()`)
	require.NoError(t, err)
	next, err := other.Lock(t.Context(), grant)
	require.NoError(t, err)
	require.NoError(t, next.Save(t.Context(), ledger.Holding{Grant: grant, Token: contract.Token{Seq: 2}}))

	for range 2 {
		err := held.Save(t.Context(), ledger.Holding{Grant: grant, Token: contract.Token{Seq: 3}})
		requireProblem(t, err, contract.KindUnavailable, "its lock was lost")
	}
	next.Unlock()
	err = held.Save(t.Context(), ledger.Holding{Grant: grant, Token: contract.Token{Seq: 3}})
	requireProblem(t, err, contract.KindUnavailable, "its lock was lost")
	held.Unlock()

	again, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	defer again.Unlock()
	require.EqualValues(t, 2, again.Holding().Token.Seq)
}

func TestASaveThatIsGivenUpNeverLands(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	store := open(t, dsn)
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	defer held.Unlock()
	require.NoError(t, held.Save(t.Context(), ledger.Holding{Grant: grant, Token: contract.Token{Seq: 1}}))

	blocker, err := connect(t, dsn).Begin(t.Context())
	require.NoError(t, err)
	_, err = blocker.Exec(t.Context(), "SELECT FROM curfew.holdings FOR UPDATE")
	require.NoError(t, err)
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	err = held.Save(ctx, ledger.Holding{Grant: grant, Token: contract.Token{Seq: 2}})
	require.ErrorIs(t, err, context.DeadlineExceeded)
	require.NoError(t, blocker.Rollback(t.Context()))

	require.EqualValues(t, 1, held.Holding().Token.Seq)
	due, err := store.Held(t.Context(), ledger.HeldFilter{Target: "x"})
	require.NoError(t, err)
	require.Empty(t, due)
	require.NoError(
		t,
		held.Save(t.Context(), ledger.Holding{Grant: grant, Token: contract.Token{Seq: 3}}),
		"the lock is still there",
	)
	var seq int
	require.NoError(t, connect(t, dsn).QueryRow(t.Context(), "SELECT seq FROM curfew.holdings").Scan(&seq))
	require.Equal(t, 3, seq)
}

func TestWaitingForAnotherProcessTakesUpNoConnection(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	other := open(t, dsn)
	narrow := openWith(t, postgres.Settings{DSN: config.SecretOf(dsn), LockConnections: 1})
	var taken []ledger.Locked
	var waited []<-chan ledger.Locked
	for i := range 5 {
		held, err := other.Lock(t.Context(), fmt.Sprint("grant/", i))
		require.NoError(t, err)
		taken = append(taken, held)
		waited = append(waited, lockSoon(t, narrow, fmt.Sprint("grant/", i)))
	}
	free, err := narrow.Lock(t.Context(), grant)
	require.NoError(t, err)
	require.NoError(t, free.Save(t.Context(), ledger.Holding{Grant: grant}))
	requireTaken(t, narrow, "grant/another") // there is no connection left
	free.Unlock()
	for i := range taken {
		taken[i].Unlock()
		held := <-waited[i]
		require.NotNil(t, held)
		held.Unlock()
	}
}

func TestCloseLetsGoOfEverything(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	store := open(t, dsn)
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	waits := lockSoon(t, store, grant)
	require.NoError(t, store.Close())
	require.Error(t, held.Save(t.Context(), ledger.Holding{Grant: grant}))
	held.Unlock()
	require.Nil(t, <-waits)
	_, err = store.Lock(t.Context(), grant)
	require.Error(t, err)
	require.Error(t, store.Append(t.Context(), nil, contract.Status{ID: request}))

	again, err := open(t, dsn).Lock(t.Context(), grant)
	require.NoError(t, err)
	require.Zero(t, again.Holding())
	again.Unlock()
}

func requireProblem(t *testing.T, err error, kind contract.Kind, says string) {
	t.Helper()
	require.ErrorContains(t, err, says)
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "%v", err)
	require.Equal(t, kind, problem.Kind)
	require.NotEmpty(t, problem.Fix)
}
