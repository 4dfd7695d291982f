package postgres_test

import (
	"context"
	"crypto/rand"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/activities/ledger/postgres"
	"curfew/internal/config"
	server "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

func execute(t *testing.T, conn *pgx.Conn, text string) {
	t.Helper()
	_, err := conn.Exec(t.Context(), text)
	require.NoError(t, err, text)
}

func TestP8_NobodyChangesWhatIsOnRecord(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	store := open(t, dsn)
	told := []contract.Event{{Request: request, Seq: 1, Kind: contract.EventApproved, Actor: "p-ada"}}
	raised := contract.Alarm{ID: "a", Kind: contract.AlarmLate, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	require.NoError(t, store.Append(t.Context(), told, contract.Status{ID: request, Seq: 1}))
	require.NoError(t, store.Raise(t.Context(), raised))
	require.NoError(
		t,
		store.AddTombstones(t.Context(), contract.Tombstone{Request: request, Kind: contract.EndNow, By: "p-ada"}),
	)
	frozen, err := store.SetFreeze(t.Context(), ledger.Freeze{Frozen: true, By: "p-ada", Reason: "an intruder"})
	require.NoError(t, err)

	conn := connect(t, dsn) // as the superuser, who owns the tables
	for _, mode := range []string{"origin", "replica"} {
		execute(t, conn, "SET session_replication_role = "+mode)
		for _, attempt := range []string{
			"UPDATE curfew.events SET actor = 'p-mallory'",
			"DELETE FROM curfew.events",
			"TRUNCATE curfew.events",
			"TRUNCATE curfew.requests, curfew.events CASCADE",
			"INSERT INTO curfew.events VALUES ('" + request + "', 1, 'denied', '', 'p-mallory', '', '')",
			"INSERT INTO curfew.events VALUES ('" + request + "', 1, 'denied', '', 'p-mallory', '', '') ON CONFLICT (request, seq) DO UPDATE SET actor = 'p-mallory'",
			"UPDATE curfew.alarms SET actor = 'p-mallory'",
			"DELETE FROM curfew.alarms",
			"TRUNCATE curfew.alarms",
			"INSERT INTO curfew.alarms VALUES ('a', '', '', '', '', '[]', '', '') ON CONFLICT (id) DO UPDATE SET actor = 'p-mallory'",
			"UPDATE curfew.tombstones SET request = 'another'",
			"DELETE FROM curfew.tombstones",
			"TRUNCATE curfew.tombstones",
			"UPDATE curfew.freezes SET frozen = false",
			"DELETE FROM curfew.freezes",
			"TRUNCATE curfew.freezes",
			"UPDATE curfew.confirmations SET actor = 'p-mallory'",
			"DELETE FROM curfew.confirmations",
			"TRUNCATE curfew.confirmations",
		} {
			_, err := conn.Exec(t.Context(), attempt)
			require.ErrorContains(t, err, "append-only", attempt)
		}
	}
	_, story, err := store.Request(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, told, story)
	kept, err := store.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Equal(t, []contract.Alarm{raised}, kept)
	ended, err := store.TombstoneOf(t.Context(), request)
	require.NoError(t, err)
	require.Equal(t, "p-ada", ended.By)
	still, err := store.Freeze(t.Context())
	require.NoError(t, err)
	require.Equal(t, frozen, still)
}

func TestP8_TheRoleOfTheDocumentationCanDoItsWorkAndNothingElse(t *testing.T) {
	t.Parallel()
	running := server.Start(t)
	name := strings.ToLower(rand.Text())
	statements := documented(t, running, name)
	database := "ledger_" + name
	t.Cleanup(func() {
		ctx := context.WithoutCancel(t.Context())
		for _, text := range []string{
			"DROP DATABASE " + database + " WITH (FORCE)", "DROP ROLE app_" + name, "DROP ROLE owner_" + name,
		} {
			_, err := running.Admin().Exec(ctx, text)
			require.NoError(t, err)
		}
	})
	atServer, inDatabase := statements[:5], statements[5:11]
	for _, text := range atServer {
		_, err := running.Admin().Exec(t.Context(), text)
		require.NoError(t, err, text)
	}
	app := postgres.Settings{DSN: config.SecretOf(running.URL("app_"+name, database))}
	_, err := postgres.Open(t.Context(), app)
	requireProblem(t, err, contract.KindConflict, "this role may not change its tables")

	open(t, running.URL("owner_"+name, database))
	for _, text := range inDatabase {
		execute(t, connect(t, running.URL("owner_"+name, database)), text)
	}
	store := openWith(t, app)
	told := []contract.Event{{Request: request, Seq: 1, Kind: contract.EventApproved}}
	for range 2 {
		require.NoError(t, store.Append(t.Context(), told, contract.Status{ID: request, Seq: 1, Requester: "p-bob"}))
		require.NoError(t, store.Raise(t.Context(), contract.Alarm{ID: "a", Kind: contract.AlarmLate, At: time.Now()}))
		require.NoError(t, store.See(t.Context(), ledger.Sighting{Person: "p-bob", At: time.Now()}))
		held, err := store.Lock(t.Context(), grant)
		require.NoError(t, err)
		require.NoError(t, held.Save(t.Context(), ledger.Holding{Grant: grant, Open: true}))
		_, err = held.Stops(t.Context(), request)
		require.NoError(t, err)
		held.Unlock()
		require.NoError(
			t,
			store.AddTombstones(t.Context(), contract.Tombstone{Request: request, Kind: contract.EndNow}),
		)
		_, err = store.SetFreeze(t.Context(), ledger.Freeze{Frozen: true, By: "p-ada", Reason: "an intruder"})
		require.NoError(t, err)
		_, err = store.Absent(t.Context(), ledger.Observation{Observer: "a", Absent: []string{"p-eve"}})
		require.NoError(t, err)
		_, err = store.Absent(t.Context(), ledger.Observation{Observer: "a"})
		require.NoError(t, err)
		require.NoError(t, store.ConfirmDirectory(t.Context(), ledger.Confirmation{Digest: "d1", By: "p-ada"}))
		for _, within := range []time.Duration{0, time.Hour} {
			_, err = store.Ended(t.Context(), ledger.EndedFilter{Within: within})
			require.NoError(t, err)
		}
	}
	listed, err := store.Requests(t.Context(), ledger.Filter{Person: "p-bob"})
	require.NoError(t, err)
	require.Len(t, listed, 1)
	due, err := store.Due(t.Context(), ledger.DueFilter{Before: time.Now()})
	require.NoError(t, err)
	require.Len(t, due, 1)

	conn := connect(t, app.DSN.Reveal())
	for _, attempt := range []string{
		"UPDATE curfew.events SET actor = ''", "DELETE FROM curfew.events", "TRUNCATE curfew.events",
		"DELETE FROM curfew.alarms", "DELETE FROM curfew.requests", "DELETE FROM curfew.holdings",
		"DELETE FROM curfew.tombstones", "UPDATE curfew.tombstones SET request = ''", "UPDATE curfew.freezes SET frozen = false", "DELETE FROM curfew.freezes",
		"UPDATE curfew.confirmations SET actor = ''", "DELETE FROM curfew.confirmations",
		"INSERT INTO curfew.migrations (version_id, is_applied) VALUES (9, true)",
		"ALTER TABLE curfew.events DISABLE TRIGGER ALL", "DROP TRIGGER events_never_change ON curfew.events",
		"CREATE TABLE curfew.mine ()", "CREATE SCHEMA mine",
	} {
		_, err := conn.Exec(t.Context(), attempt)
		require.Error(t, err, attempt)
		require.Contains(t, err.Error(), "42501", attempt)
	}
	execute(t, connect(t, running.URL("owner_"+name, database)), statements[11])
}

// documented are the statements of docs/run.md about roles, with names that no other test uses.
func documented(t *testing.T, running *server.Server, name string) []string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "..", "docs", "run.md"))
	require.NoError(t, err)
	_, section, found := strings.Cut(string(text), "\n## The ledger on PostgreSQL\n")
	require.True(t, found)
	section, _, _ = strings.Cut(section, "\n## ")
	var code strings.Builder
	for line := range strings.Lines(section) {
		if strings.HasPrefix(line, "    ") {
			code.WriteString(line)
		}
	}
	_, sql, found := strings.Cut(code.String(), "CREATE ROLE")
	require.True(t, found)
	sql = strings.NewReplacer("curfew_owner", "owner_"+name, "curfew_app", "app_"+name, "DATABASE curfew ", "DATABASE ledger_"+name+" ",
		"one of your own", running.Password(), "another one", running.Password()).
		Replace("CREATE ROLE" + sql)
	return strings.Split(sql, ";\n")
}

func TestOpenRefusesDatabasesThatItDoesNotFit(t *testing.T) {
	t.Parallel()
	running := server.Start(t)
	dsn := newDatabase(t)
	require.NoError(t, open(t, dsn).Close())
	execute(t, connect(t, dsn), "INSERT INTO curfew.migrations (version_id, is_applied) VALUES (1000, true)")
	wrong, err := url.Parse(dsn)
	require.NoError(t, err)
	wrong.User = url.UserPassword("mallory", "s3cret")
	for _, refused := range []struct {
		name, dsn string
		kind      contract.Kind
		says      string
	}{
		{"of a newer release", dsn, contract.KindConflict, "it has version 1000"},
		{"without a DSN", "", contract.KindInvalid, "has no database"},
		{"without a DSN that can be read", "postgres://a:s3cret@h:port/", contract.KindInvalid, "neither"},
		{"with a wrong password", wrong.String(), contract.KindUnavailable, "password authentication failed"},
		{"that is not there", running.URL(server.Superuser, "nowhere"), contract.KindUnavailable, "does not exist"},
		{"on no server", running.Via("127.0.0.1:1", "mallory", "x"), contract.KindUnavailable, "can't be reached"},
	} {
		t.Run(refused.name, func(t *testing.T) {
			t.Parallel()
			_, err := postgres.Open(t.Context(), postgres.Settings{DSN: config.SecretOf(refused.dsn)})
			requireProblem(t, err, refused.kind, refused.says)
			require.NotContains(t, err.Error(), "s3cret")
			require.NotContains(t, err.Error(), running.Password())
		})
	}
	_, err = postgres.Open(t.Context(), postgres.Settings{DSN: config.SecretOf(dsn), LockConnections: 501})
	requireProblem(t, err, contract.KindInvalid, "lockConnections")
}

func TestOpenRefusesAnotherEncoding(t *testing.T) {
	t.Parallel()
	running := server.Start(t)
	name := "ascii_" + strings.ToLower(rand.Text())
	_, err := running.Admin().Exec(t.Context(), "CREATE DATABASE "+name+" ENCODING 'SQL_ASCII' TEMPLATE template0")
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := running.Admin().Exec(context.WithoutCancel(t.Context()), "DROP DATABASE "+name+" WITH (FORCE)")
		require.NoError(t, err)
	})
	_, err = postgres.Open(t.Context(), postgres.Settings{DSN: config.SecretOf(running.URL(server.Superuser, name))})
	requireProblem(t, err, contract.KindInvalid, "SQL_ASCII")
}

func TestOpenAtOnceMakesOneLedger(t *testing.T) {
	t.Parallel()
	dsn := newDatabase(t)
	var all errgroup.Group
	stores := make([]*postgres.Store, 6)
	for i := range stores {
		all.Go(func() (err error) {
			stores[i], err = postgres.Open(t.Context(), postgres.Settings{DSN: config.SecretOf(dsn)})
			return err
		})
	}
	require.NoError(t, all.Wait())
	for _, store := range stores {
		_, err := store.Requests(t.Context(), ledger.Filter{})
		require.NoError(t, err)
		require.NoError(t, store.Close())
	}
}
