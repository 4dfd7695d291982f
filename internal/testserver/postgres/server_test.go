package postgres_test

import (
	"os"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
)

func TestMain(m *testing.M) { postgres.Main(m) }

func TestTestsOfOneBinaryShareOneServer(t *testing.T) {
	t.Parallel()
	require.Same(t, postgres.Start(t), postgres.Start(t))
}

func TestDatabasesAreSeparateAndEndWithTheirTest(t *testing.T) {
	t.Parallel()
	server := postgres.Start(t)
	var name string
	t.Run("while it runs", func(t *testing.T) {
		name = server.NewDatabase(t)
		_, err := server.Connect(t, postgres.Superuser, name).Exec(t.Context(), "CREATE TABLE orders ()")
		require.NoError(t, err)
		_, err = server.Connect(t, postgres.Superuser, server.NewDatabase(t)).
			Exec(t.Context(), "CREATE TABLE orders ()")
		require.NoError(t, err)
	})
	_, err := pgx.Connect(t.Context(), server.URL(postgres.Superuser, name))
	require.ErrorContains(t, err, "does not exist")
}

func TestPasswordsCount(t *testing.T) {
	t.Parallel()
	config, err := pgx.ParseConfig(postgres.Start(t).URL(postgres.Superuser, postgres.Superuser))
	require.NoError(t, err)
	config.Password = "guessed"
	_, err = pgx.ConnectConfig(t.Context(), config)
	require.ErrorContains(t, err, "password authentication failed")
}

func TestServerIsReachableOnLoopbackOnlyAndNotRunByRoot(t *testing.T) {
	t.Parallel()
	server := postgres.Start(t)
	var addresses, sockets, data string
	require.NoError(t, server.Admin().QueryRow(t.Context(), `SELECT current_setting('listen_addresses'),
		current_setting('unix_socket_directories'), current_setting('data_directory')`).Scan(&addresses, &sockets, &data))
	require.Equal(t, "127.0.0.1", addresses)
	require.Empty(t, sockets)
	info, err := os.Stat(data)
	require.NoError(t, err)
	require.Zero(t, info.Mode().Perm()&0o077)
}

func TestACrashedServerComesBackWithWhatItHadCommitted(t *testing.T) {
	t.Parallel()
	server := postgres.StartApart(t)
	_, err := server.Admin().Exec(t.Context(), "CREATE TABLE orders AS SELECT 7 AS id")
	require.NoError(t, err)

	server.Crash()
	_, err = pgx.Connect(t.Context(), server.URL(postgres.Superuser, postgres.Superuser))
	require.Error(t, err)

	require.NoError(t, server.Relaunch())
	var id int
	conn := server.Connect(t, postgres.Superuser, postgres.Superuser)
	require.NoError(t, conn.QueryRow(t.Context(), "SELECT id FROM orders").Scan(&id))
	require.Equal(t, 7, id)
}
