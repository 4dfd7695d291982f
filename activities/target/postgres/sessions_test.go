package postgres_test

import (
	"context"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	testserver "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// This is why a revoke is not the end of access on PostgreSQL.
func TestOpenCursorOutlivesTheRevokeAndNotTheEndOfItsSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, account := w.connector(t), w.subject(t)
	grant(t, w, account)
	reads := w.openCursor(t, account)
	require.True(t, reads())

	_, err := connector.Revoke(t.Context(), w.access(account))
	require.NoError(t, err)
	state, err := connector.Inspect(t.Context(), w.access(account))
	require.NoError(t, err)
	require.False(t, state.Held)
	require.False(t, w.can(t, account), "a new statement sees the revoke")
	require.True(t, reads(), "an open cursor does not")

	count, err := endSessions(t, connector, w.access(account))
	require.NoError(t, err)
	require.Positive(t, count)
	require.False(t, reads())
}

func TestPreparedStatementInAnOpenTransactionEndsWithItsSession(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, account := w.connector(t), w.subject(t)
	grant(t, w, account)
	conn := w.server.Connect(t, account, testserver.Superuser)
	_, err := conn.Exec(t.Context(), "PREPARE peek AS SELECT count(*) FROM "+w.table+"; BEGIN; EXECUTE peek")
	require.NoError(t, err)
	peek := func() error {
		_, err := conn.Exec(t.Context(), "EXECUTE peek")
		return err
	}
	_, err = connector.Revoke(t.Context(), w.access(account))
	require.NoError(t, err)
	require.NoError(t, peek())
	_, err = endSessions(t, connector, w.access(account))
	require.NoError(t, err)
	require.ErrorContains(t, peek(), "57P01")
}

func TestAllSessionsOfASubjectEndAtOnceInWhateverDatabase(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, account := w.connector(t), w.subject(t)
	elsewhere := w.server.NewDatabase(t)
	const each = 4
	for range each {
		w.server.Connect(t, account, testserver.Superuser)
		w.server.Connect(t, account, elsewhere)
	}
	count, err := endSessions(t, connector, w.access(account))
	require.NoError(t, err)
	require.Equal(t, 2*each, count)
	require.Zero(t, w.sessions(t, account))
}

func TestBusySessionEndsToo(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	connector, account := w.connector(t), w.subject(t)
	conn := w.server.Connect(t, account, testserver.Superuser)
	ended := make(chan error, 1)
	go func() {
		_, err := conn.Exec(context.WithoutCancel(t.Context()), "SELECT pg_sleep(600)")
		ended <- err
	}()
	count, err := endSessions(t, connector, w.access(account))
	require.NoError(t, err)
	require.Equal(t, 1, count)
	require.Error(t, <-ended)
}

func TestSessionsThatCanNotBeEndedAreToldWithTheRemedy(t *testing.T) {
	t.Parallel()
	t.Run("a superuser's", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		root := w.login(t, w.name+"root")
		w.exec(t, `ALTER ROLE %s SUPERUSER`, quote(root))
		w.server.Connect(t, root, testserver.Superuser)
		_, err := endSessions(t, w.connector(t), w.access(root))
		require.Contains(t, requireProblem(t, err, contract.KindDenied).Fault, "only a superuser")
		require.Equal(t, 1, w.sessions(t, root))
	})
	t.Run("anybody's, without the privilege", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		account, connector := w.subject(t), w.connector(t)
		w.exec(t, `REVOKE pg_signal_backend FROM %s`, quote(w.broker))
		w.server.Connect(t, account, testserver.Superuser)
		_, err := endSessions(t, connector, w.access(account))
		require.Contains(
			t,
			requireProblem(t, err, contract.KindDenied).Fix,
			"GRANT pg_signal_backend TO "+quote(w.broker),
		)
		require.Equal(t, 1, w.sessions(t, account))
	})
}

func endSessions(t *testing.T, connector target.Connector, access target.Access) (int, error) {
	t.Helper()
	return connector.(target.SessionEnder).EndSessions(t.Context(), access)
}

// sessions is how many the server lists of an account.
func (w *world) sessions(t *testing.T, account string) int {
	t.Helper()
	var count int
	require.NoError(t, w.server.Admin().QueryRow(t.Context(),
		`SELECT count(*) FROM pg_stat_activity WHERE usename = $1`, account).Scan(&count))
	return count
}
