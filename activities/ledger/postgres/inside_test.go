package postgres

import (
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"curfew/activities/ledger"
	"curfew/internal/config"
	"curfew/internal/keepalive/pgpool"
	server "curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

func openHere(t *testing.T) *Store {
	t.Helper()
	running := server.Start(t)
	store, err := Open(
		t.Context(),
		Settings{DSN: config.SecretOf(running.URL(server.Superuser, running.NewDatabase(t)))},
	)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestASessionThatHasLostItsLockCanNotSave(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	taken, err := store.Lock(t.Context(), "grant/a")
	require.NoError(t, err)
	defer taken.Unlock()
	held, isOurs := taken.(*locked)
	require.True(t, isOurs)
	require.NoError(t, held.Save(t.Context(), ledger.Holding{Grant: "grant/a", Open: true}))

	// As a pooler would, that gives the session to somebody else in between.
	_, err = held.conn.Exec(t.Context(), "SELECT pg_advisory_unlock_all(), pg_advisory_lock($1)", held.key+1)
	require.NoError(t, err)
	for range 2 {
		err := held.Save(t.Context(), ledger.Holding{Grant: "grant/a"})
		problem, found := contract.ProblemOf(err)
		require.True(t, found, "%v", err)
		require.Equal(t, contract.KindUnavailable, problem.Kind)
		require.ErrorContains(t, err, "its lock was lost")
	}
	held.Unlock()
	again, err := store.Lock(t.Context(), "grant/a")
	require.NoError(t, err)
	defer again.Unlock()
	require.True(t, again.Holding().Open)
}

func TestP8_SessionsDoNotGoByTheDefaultsOfTheirRole(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	conn, err := store.pool.Acquire(t.Context())
	require.NoError(t, err)
	_, err = conn.Exec(
		t.Context(),
		`DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET synchronous_commit = off', current_database());
		EXECUTE format('ALTER DATABASE %I SET default_transaction_isolation = serializable', current_database()); END $$`,
	)
	require.NoError(t, err)
	conn.Release()
	store.pool.DropIdle()
	for _, pool := range []*pgpool.Pool{store.pool, store.locks} {
		conn, err := pool.Acquire(t.Context())
		require.NoError(t, err)
		rows, err := conn.Query(t.Context(), `SELECT name || '=' || setting FROM pg_settings WHERE name IN (
			'synchronous_commit', 'default_transaction_isolation', 'tcp_keepalives_idle', 'tcp_keepalives_interval',
			'tcp_keepalives_count', 'tcp_user_timeout', 'search_path') ORDER BY name`)
		require.NoError(t, err)
		settings, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		conn.Release()
		require.Equal(t, []string{
			"default_transaction_isolation=read committed", "search_path=pg_catalog", "synchronous_commit=on",
			"tcp_keepalives_count=3", "tcp_keepalives_idle=5", "tcp_keepalives_interval=2", "tcp_user_timeout=10000",
		}, settings)
	}
}

func TestEveryListHasAnIndexInItsOrder(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	conn, err := store.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	// A table with nothing in it is read as a whole, and sorted, unless that is made dear.
	_, err = conn.Exec(t.Context(), "SET enable_seqscan = off; SET enable_sort = off; SET enable_bitmapscan = off")
	require.NoError(t, err)
	plan := func(text string, args ...any) {
		rows, err := conn.Query(t.Context(), "EXPLAIN "+text, args...)
		require.NoError(t, err)
		lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
		require.NoError(t, err)
		for _, line := range lines {
			require.NotContains(t, line, "Seq Scan", text)
			require.NotContains(t, line, "Sort", text)
		}
	}
	for _, filter := range []ledger.Filter{
		{},
		{State: contract.StateActive, Before: "01K"},
		{Template: "debug-prod"},
		{Ticket: "OPS-7"},
		{Stuck: true},
		{Person: "p-ada"},
		{Reviewer: "p-ada", State: contract.StatePending, Before: "01K"},
		{Viewer: "p-ada", Person: "p-bob", Reviewer: "p-eve"},
	} {
		text, args := listQuery(filter, 50)
		plan(text, args...)
	}
	for _, filter := range []ledger.AlarmFilter{{}, {Kind: contract.AlarmLate}, {Target: "orders-db"}, {Grant: "grant/a"}} {
		text, args := alarmQuery(filter, ledger.Cursor{At: ledger.Stamp{Time: time.Now()}, ID: "a"}, 50)
		plan(text, args...)
	}
	text, args, err := dueQuery(ledger.DueFilter{Before: time.Now(), Targets: []string{"orders-db"}})
	require.NoError(t, err)
	plan(text, args...)
	text, args, err = heldQuery(ledger.HeldFilter{Target: "orders-db", GoneSince: time.Now()})
	require.NoError(t, err)
	plan(text, args...)
}

// Every worker asks each second what has ended.
func TestWhatHasEndedIsFoundWithoutReadingAllThatIsHeld(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	conn, err := store.pool.Acquire(t.Context())
	require.NoError(t, err)
	defer conn.Release()
	for _, text := range []string{
		`INSERT INTO curfew.holdings (grant_id, target, access, epoch, seq, open, standing, until, leases, settled_at, gone_at, requests)
			SELECT 'grant/' || n, 'orders-db', '{}', 1, 1, n % 10 = 0, false, '', '[]', '', '', ARRAY['r' || n] FROM generate_series(1, 20000) AS n`,
		`INSERT INTO curfew.tombstones (request, grant_id, kind, at, actor, said)
			SELECT 'r' || n, '', 'expired', '2026-01-01T00:00:00.000000000Z', '', '' FROM generate_series(1, 20000) AS n WHERE n % 10 > 0`,
		`ANALYZE curfew.holdings`, `ANALYZE curfew.tombstones`,
	} {
		_, err := conn.Exec(t.Context(), text)
		require.NoError(t, err)
	}
	require.NoError(t, store.AddTombstones(t.Context(), contract.Tombstone{Request: "r70", Kind: contract.EndNow}))
	text, args, err := endedQuery(ledger.EndedFilter{Within: time.Minute, Targets: []string{"orders-db"}})
	require.NoError(t, err)
	rows, err := conn.Query(t.Context(), "EXPLAIN "+text, args...)
	require.NoError(t, err)
	lines, err := pgx.CollectRows(rows, pgx.RowTo[string])
	require.NoError(t, err)
	require.NotContains(t, strings.Join(lines, "\n"), "Seq Scan")
	for _, within := range []time.Duration{time.Minute, 0} {
		found, err := store.Ended(t.Context(), ledger.EndedFilter{Within: within, Targets: []string{"orders-db"}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, "grant/70", found[0].Grant)
	}
}

func TestTextsComeBackByteByByte(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		text := rapid.OneOf(rapid.String(), rapid.Map(rapid.SliceOf(rapid.Byte()), func(b []byte) string { return string(b) }),
			rapid.StringOf(rapid.RuneFrom([]rune("\\ux0\x00\u202e\u0085\"a")))).
			Draw(t, "text")
		var back literal
		require.NoError(t, back.Scan(escape(text)))
		require.Equal(t, text, string(back))
	})
	require.Equal(t, `he said "no" – 日本語`, escape(`he said "no" – 日本語`))
	require.Equal(t, `\u0000\u001b[31m \u202e \xff \\`, escape("\x00\x1b[31m \u202e \xff \\"))
	require.Error(t, new(literal).Scan(`\q`))
	require.Error(t, new(literal).Scan(7))
}

func TestTextThatIsNoUTF8StopsNoStory(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	told := []contract.Event{{Request: "r", Seq: 1, Said: "caf\xe9 \x00", Detail: `\x00`}}
	for range 2 {
		require.NoError(
			t,
			store.Append(
				t.Context(),
				told,
				contract.Status{ID: "r", Seq: 1, Purpose: contract.Purpose{Reason: "caf\xe9 \x00"}},
			),
		)
	}
	_, story, err := store.Request(t.Context(), "r")
	require.NoError(t, err)
	require.Equal(t, told, story)
}
