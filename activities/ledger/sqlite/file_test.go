package sqlite_test

import (
	"database/sql"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/workflows/contract"
)

// shell is somebody with another SQLite client on a file.
func shell(t *testing.T, path string) *sql.DB {
	t.Helper()
	db, err := sql.Open("sqlite", path)
	require.NoError(t, err)
	db.SetMaxOpenConns(1)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	return db
}

func execute(t *testing.T, db *sql.DB, text string) {
	t.Helper()
	_, err := db.ExecContext(t.Context(), text)
	require.NoError(t, err)
}

func TestP8_EventsNeverChange(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	told := []contract.Event{{Request: request, Seq: 1, Kind: contract.EventApproved, Actor: "p-ada"}}
	require.NoError(t, store.Append(t.Context(), told, contract.Status{ID: request, Seq: 1}))

	db := shell(t, path)
	for _, attempt := range []string{
		"UPDATE events SET actor = 'p-mallory'",
		"UPDATE OR REPLACE events SET seq = 2",
		"DELETE FROM events",
		"INSERT OR REPLACE INTO events VALUES ('" + request + "', 1, 'denied', '', 'p-mallory', '', '')",
		"INSERT INTO events VALUES ('" + request + "', 1, 'denied', '', 'p-mallory', '', '') ON CONFLICT DO UPDATE SET actor = 'p-mallory'",
	} {
		_, _ = db.ExecContext(t.Context(), attempt)
		_, story, err := store.Request(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, told, story, attempt)
	}
	_, err := db.ExecContext(t.Context(), "DELETE FROM events")
	require.ErrorContains(t, err, "append-only")
}

func TestP8_AlarmsNeverChange(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	raised := contract.Alarm{ID: "a", Kind: contract.AlarmLate, At: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	require.NoError(t, store.Raise(t.Context(), raised))

	db := shell(t, path)
	for _, attempt := range []string{
		"UPDATE alarms SET actor = 'p-mallory'",
		"UPDATE OR REPLACE alarms SET id = 'b'",
		"DELETE FROM alarms",
		"INSERT OR REPLACE INTO alarms VALUES ('a', 'late', '', '', '', 'null', 'p-mallory', '')",
	} {
		_, _ = db.ExecContext(t.Context(), attempt)
		kept, err := store.List(t.Context(), ledger.AlarmFilter{})
		require.NoError(t, err)
		require.Equal(t, []contract.Alarm{raised}, kept, attempt)
	}
	_, err := db.ExecContext(t.Context(), "DELETE FROM alarms")
	require.ErrorContains(t, err, "append-only")
}

func TestP8_TombstonesFreezesAndConfirmationsNeverChange(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	require.NoError(
		t,
		store.AddTombstones(t.Context(), contract.Tombstone{Request: request, Kind: contract.EndNow, By: "p-ada"}),
	)
	ended, err := store.TombstoneOf(t.Context(), request)
	require.NoError(t, err)
	frozen, err := store.SetFreeze(t.Context(), ledger.Freeze{Frozen: true, By: "p-ada", Reason: "an intruder"})
	require.NoError(t, err)

	require.NoError(t, store.ConfirmDirectory(t.Context(), ledger.Confirmation{Digest: "d1", By: "p-ada"}))
	confirmed, err := store.ConfirmedDirectory(t.Context(), "d1")
	require.NoError(t, err)

	db := shell(t, path)
	for _, attempt := range []string{
		"UPDATE confirmations SET actor = 'p-mallory'",
		"UPDATE OR REPLACE confirmations SET digest = 'd2'",
		"DELETE FROM confirmations",
		"INSERT OR REPLACE INTO confirmations VALUES ('d1', '', 'p-mallory')",
		"UPDATE tombstones SET request = 'another'",
		"UPDATE OR REPLACE tombstones SET request = 'another'",
		"DELETE FROM tombstones",
		"INSERT OR REPLACE INTO tombstones VALUES ('" + request + "', '', 'x', '', 'p-mallory', '')",
		"UPDATE freezes SET frozen = 0",
		"DELETE FROM freezes",
		"INSERT OR REPLACE INTO freezes VALUES (1, 0, '', 'p-mallory', '')",
	} {
		_, _ = db.ExecContext(t.Context(), attempt)
		kept, err := store.TombstoneOf(t.Context(), request)
		require.NoError(t, err, attempt)
		require.Equal(t, ended, kept, attempt)
		still, err := store.Freeze(t.Context())
		require.NoError(t, err)
		require.Equal(t, frozen, still, attempt)
		as, err := store.ConfirmedDirectory(t.Context(), "d1")
		require.NoError(t, err, attempt)
		require.Equal(t, confirmed, as, attempt)
	}
}

func TestAFileOfTheFirstReleaseIsBroughtUpToDateWithWhatItHolds(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	first, err := os.ReadFile(filepath.Join("migrations", "0001_ledger.sql"))
	require.NoError(t, err)
	db := shell(t, path)
	execute(t, db, string(first)+`PRAGMA user_version = 1; PRAGMA application_id = 0x43757266;
		INSERT INTO events VALUES ('`+request+`', 1, 'approved', '2026-03-01T12:00:00.123456789Z', 'p-ada', 'go', '1 of 1');
		INSERT INTO requests VALUES ('`+request+`', 1, 'active', 'debug-prod', 'OPS-7', 0,
			'{"id":"`+request+`","state":"active","seq":1,"incident":"PT4KHLK"}');
		INSERT INTO people VALUES ('p-bob', '`+request+`', 1, 0);
		INSERT INTO holdings VALUES ('`+grant+`', 'orders-db', '{"role":"reader"}', 'p-carol', 'carol', 7, 3, 1, 0,
			'2026-03-01T13:00:00.000000000Z', '[]', '', '');`)

	for range 2 {
		store := open(t, path)
		status, story, err := store.Request(t.Context(), request)
		require.NoError(t, err)
		require.Equal(t, contract.StateActive, status.State)
		require.Equal(t, []contract.Event{{
			Request: request, Seq: 1, Kind: contract.EventApproved, Actor: "p-ada", Said: "go", Detail: "1 of 1",
			At: time.Date(2026, 3, 1, 12, 0, 0, 123456789, time.UTC),
		}}, story)
		held, err := store.Held(t.Context(), ledger.HeldFilter{Target: "orders-db"})
		require.NoError(t, err)
		require.Equal(t, []ledger.Holding{
			{
				Grant:  grant,
				Token:  contract.Token{Epoch: 7, Seq: 3},
				Open:   true,
				Until:  time.Date(2026, 3, 1, 13, 0, 0, 0, time.UTC),
				Leases: contract.Leases{},
				Access: contract.Access{
					Target: "orders-db", Entitlement: []byte(`{"role":"reader"}`), Person: "p-carol", Account: "carol",
				},
			},
		}, held)
		listed, err := store.Requests(t.Context(), ledger.Filter{Person: "p-bob"})
		require.NoError(t, err)
		require.Len(t, listed, 1)
		ofIncident, err := store.Requests(t.Context(), ledger.Filter{Incident: "PT4KHLK"})
		require.NoError(t, err)
		require.Equal(t, listed, ofIncident)
		alarms, err := store.List(t.Context(), ledger.AlarmFilter{})
		require.NoError(t, err)
		require.Empty(t, alarms)
		require.NoError(t, store.Close())
	}
}

func TestOpenRefusesFilesThatItDoesNotKnow(t *testing.T) {
	t.Parallel()
	for _, refused := range []struct {
		name string
		make func(t *testing.T, path string)
		kind contract.Kind
		says string
	}{
		{
			name: "of a newer release",
			make: func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, open(t, path).Close())
				execute(t, shell(t, path), "PRAGMA user_version = 1000")
			},
			kind: contract.KindConflict, says: "it has version 1000",
		},
		{
			name: "of another program",
			make: func(t *testing.T, path string) { t.Helper(); execute(t, shell(t, path), "CREATE TABLE workflows (id)") },
			kind: contract.KindInvalid, says: "another program",
		},
		{
			name: "of no database",
			make: func(t *testing.T, path string) {
				t.Helper()
				require.NoError(t, os.WriteFile(path, []byte("a letter, much longer than an empty file is"), 0o600))
			},
			kind: contract.KindInvalid, says: "no SQLite file",
		},
	} {
		t.Run(refused.name, func(t *testing.T) {
			t.Parallel()
			path := newPath(t)
			refused.make(t, path)
			before, err := os.ReadFile(path)
			require.NoError(t, err)

			_, err = sqlite.Open(t.Context(), path)
			requireProblem(t, err, refused.kind, refused.says)
			require.ErrorContains(t, err, path)

			after, err := os.ReadFile(path)
			require.NoError(t, err)
			require.Equal(t, before, after, "it is left as it was")
		})
	}
}

func TestOpenNamesAPathThatCanNotBe(t *testing.T) {
	t.Parallel()
	_, err := sqlite.Open(t.Context(), "")
	requireProblem(t, err, contract.KindInvalid, "no file")
	_, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "missing", "ledger.db"))
	requireProblem(t, err, contract.KindInvalid, "is no folder")
}

func requireProblem(t *testing.T, err error, kind contract.Kind, says string) {
	t.Helper()
	require.ErrorContains(t, err, says)
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "%v", err)
	require.Equal(t, kind, problem.Kind)
	require.NotEmpty(t, problem.Fix)
}

func TestOpenAtOnceMakesOneLedger(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	var all errgroup.Group
	stores := make([]*sqlite.Store, 8)
	for i := range stores {
		all.Go(func() (err error) {
			stores[i], err = sqlite.Open(t.Context(), path)
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

func TestAnyFileNameDoes(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "my ledger?mode=memory#1 %41;é.db")
	store := open(t, path)
	require.NoError(t, store.Append(t.Context(), nil, contract.Status{ID: request}))
	require.FileExists(t, path)
	_, _, err := open(t, path).Request(t.Context(), request)
	require.NoError(t, err)
}

func TestOnlyTheOwnerReadsTheFiles(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	require.NoError(t, store.Append(t.Context(), nil, contract.Status{ID: request}))
	files, err := os.ReadDir(filepath.Dir(path))
	require.NoError(t, err)
	require.Len(t, files, 4, "the database, its log, the log's index and the locks")
	for _, file := range files {
		info, err := file.Info()
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o077, file.Name())
	}
}

func TestCloseLetsGoOfEverything(t *testing.T) {
	t.Parallel()
	path := newPath(t)
	store := open(t, path)
	held, err := store.Lock(t.Context(), grant)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.Error(t, held.Save(t.Context(), ledger.Holding{Grant: grant}))
	held.Unlock()
	_, err = store.Lock(t.Context(), grant)
	require.Error(t, err)
	require.Error(t, store.Append(t.Context(), nil, contract.Status{ID: request}))

	again, err := open(t, path).Lock(t.Context(), grant)
	require.NoError(t, err)
	require.Zero(t, again.Holding())
	again.Unlock()
}

func TestALedgerThatOthersCanReadIsTakenFromThem(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "curfew.db")
	store, err := sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	require.NoError(t, store.Close())
	require.NoError(t, os.Chmod(path, 0o664))
	store, err = sqlite.Open(t.Context(), path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	for _, file := range []string{path, path + "-wal", path + "-shm"} {
		info, err := os.Stat(file)
		require.NoError(t, err)
		require.Zero(t, info.Mode().Perm()&0o007, file)
	}
}
