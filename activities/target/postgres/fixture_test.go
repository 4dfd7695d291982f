package postgres_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/postgres"
	"curfew/activities/target/targettest"
	"curfew/internal/config"
	testserver "curfew/internal/testserver/postgres"
)

func TestMain(m *testing.M) { testserver.Main(m) }

var worlds atomic.Int64

// world is a role that opens a table, a broker that may give the role, and subjects. Its names differ from every other
// world's; nothing is removed, since the server ends with the tests.
type world struct {
	server *testserver.Server
	name   string // what all its roles' names start with
	role   string
	broker string
	table  string
	count  atomic.Int64
}

func newWorld(t testing.TB) *world {
	t.Helper()
	return newWorldOn(t, testserver.Start(t))
}

func newWorldOn(t testing.TB, server *testserver.Server) *world {
	t.Helper()
	w := &world{server: server, name: fmt.Sprintf("w%d ", worlds.Add(1))}
	w.role, w.broker, w.table = w.name+`"Reporting" für alle`, w.name+"broker", quote(w.name+"orders")
	w.exec(t, `CREATE TABLE %s AS SELECT generate_series(1, 100) AS id`, w.table)
	w.exec(t, `CREATE ROLE %s`, quote(w.role))
	w.exec(t, `GRANT SELECT ON %s TO %s`, w.table, quote(w.role))
	w.login(t, w.broker)
	w.exec(t, `GRANT %s TO %s WITH ADMIN OPTION`, quote(w.role), quote(w.broker))
	w.exec(t, `GRANT pg_signal_backend TO %s`, quote(w.broker))
	return w
}

func quote(name string) string { return pgx.Identifier{name}.Sanitize() }

// exec acts as an administrator.
func (w *world) exec(t testing.TB, sql string, args ...any) {
	t.Helper()
	_, err := w.server.Admin().Exec(t.Context(), fmt.Sprintf(sql, args...))
	require.NoError(t, err)
}

func (w *world) login(t testing.TB, name string) string {
	t.Helper()
	w.exec(t, `CREATE ROLE %s LOGIN PASSWORD '%s'`, quote(name), w.server.Password())
	return name
}

func (w *world) subject(t testing.TB) string {
	t.Helper()
	return w.login(t, fmt.Sprintf("%ssubject %d", w.name, w.count.Add(1)))
}

// version is the server's major version.
func (w *world) version(t testing.TB) (version int) {
	t.Helper()
	require.NoError(
		t,
		w.server.Admin().
			QueryRow(t.Context(), `SELECT current_setting('server_version_num')::int / 10000`).
			Scan(&version),
	)
	return version
}

func open(t testing.TB, dsn string) target.Connector {
	t.Helper()
	return openWith(t, dsn, 0)
}

func openWith(t testing.TB, dsn string, connections int) target.Connector {
	t.Helper()
	connector, err := (&postgres.Settings{DSN: config.SecretOf(dsn), MaxConnections: connections}).Open()
	require.NoError(t, err)
	return connector
}

func (w *world) connector(t testing.TB) target.Connector {
	t.Helper()
	return open(t, w.server.URL(w.broker, testserver.Superuser))
}

func (w *world) access(account string) target.Access {
	return target.Access{Key: strings.Repeat("0", 32), Entitlement: entitlement(w.role), Account: account}
}

func entitlement(role string) json.RawMessage {
	written, _ := json.Marshal(map[string]string{"role": role})
	return written
}

func (w *world) can(t *testing.T, account string) bool {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), w.server.URL(account, testserver.Superuser))
	require.NoError(t, err)
	defer conn.Close(context.WithoutCancel(t.Context()))
	var rows int
	return conn.QueryRow(t.Context(), "SELECT count(*) FROM "+w.table).Scan(&rows) == nil
}

// memberships is all that this world's roles are members of and have as members, but for one member.
func (w *world) memberships(t *testing.T, except string) string {
	t.Helper()
	var all string
	require.NoError(t, w.server.Admin().QueryRow(t.Context(), `
		SELECT COALESCE(string_agg(line, E'\n' ORDER BY line), '') FROM (
			SELECT format('%s <- %s by %s: %s', role.rolname, member.rolname, grantor.rolname, to_jsonb(m) - 'oid') AS line
			FROM pg_auth_members m JOIN pg_roles role ON role.oid = roleid JOIN pg_roles member ON member.oid = m.member
				JOIN pg_roles grantor ON grantor.oid = m.grantor
			WHERE (starts_with(role.rolname::text, $1) OR starts_with(member.rolname::text, $1)) AND member.rolname <> $2) lines`,
		w.name, except).Scan(&all))
	return all
}

// openCursor opens a cursor as the subject and returns whether it can still be read.
func (w *world) openCursor(t *testing.T, account string) func() bool {
	t.Helper()
	conn := w.server.Connect(t, account, testserver.Superuser)
	_, err := conn.Exec(t.Context(), "BEGIN; DECLARE c CURSOR FOR SELECT id FROM "+w.table)
	require.NoError(t, err)
	return func() bool {
		var id int
		return conn.QueryRow(t.Context(), "FETCH 1 FROM c").Scan(&id) == nil
	}
}

func (w *world) fixture(t *testing.T) targettest.Fixture {
	t.Helper()
	liar := w.server.StartLiar(t)
	line := newUnreliableLine(t, liar.Address())
	wrong, err := url.Parse(w.server.URL(w.broker, testserver.Superuser))
	require.NoError(t, err)
	wrong.User = url.UserPassword(w.broker, "wrong-canary")
	return targettest.Fixture{
		Connector:   open(t, w.server.Via(line.address(), w.broker, testserver.Superuser)),
		Entitlement: entitlement(w.role),
		Limits:      postgres.Kind().Limits,
		Accounts:    func(t *testing.T) string { return w.subject(t) },
		OddAccounts: func(t *testing.T) []string {
			var accounts []string
			for _, odd := range []string{`o'brien`, `"quoted"; DROP ROLE x`, `Zoë Müller`, `日本`, `back\slash`, `%s $1 {}`, `UPPER`} {
				accounts = append(accounts, w.login(t, w.name+odd))
			}
			return accounts
		},
		UnknownAccount:   w.name + "nobody",
		Can:              w.can,
		Snapshot:         w.memberships,
		WrongCredentials: open(t, wrong.String()),
		Down:             open(t, w.server.Via(closedAddress(t), w.broker, testserver.Superuser)),
		Secrets:          []string{w.server.Password(), "wrong-canary"},
		GiveStanding: func(t *testing.T, account string) {
			w.exec(t, `GRANT %s TO %s WITH ADMIN OPTION`, quote(w.role), quote(account))
		},
		LoseReply:   func(*testing.T) { line.loseReply() },
		Lie:         func(*testing.T) func() { return liar.Lie() },
		OpenSession: w.openCursor,
		Rename: func(t *testing.T, account string) string {
			now := account + " (was)"
			w.exec(t, `ALTER ROLE %s RENAME TO %s`, quote(account), quote(now))
			w.exec(t, `ALTER ROLE %s PASSWORD '%s'`, quote(now), w.server.Password())
			return now
		},
	}
}

// closedAddress is where nothing listens.
func closedAddress(t *testing.T) string {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	return listener.Addr().String()
}
