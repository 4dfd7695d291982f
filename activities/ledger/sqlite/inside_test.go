package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

func openHere(t *testing.T) *Store {
	t.Helper()
	store, err := Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestP8_ACommitWaitsForTheDisk(t *testing.T) {
	t.Parallel()
	const full = 2
	var mode string
	var level int
	require.NoError(t, openHere(t).writer.db.QueryRowContext(t.Context(),
		"SELECT journal_mode, synchronous FROM pragma_journal_mode, pragma_synchronous").Scan(&mode, &level))
	require.Equal(t, "wal", mode)
	require.Equal(t, full, level)
}

func TestReadersCanNotWrite(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	_, err := store.reader.ExecContext(t.Context(), "DELETE FROM requests")
	problem, found := contract.ProblemOf(store.fault("try", err))
	require.True(t, found)
	require.Equal(t, contract.KindUnavailable, problem.Kind)
}

func TestNoListReadsEverything(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	for name, filter := range map[string]ledger.Filter{
		"everything":          {},
		"next page":           {Before: "01K"},
		"state":               {State: contract.StateActive},
		"template":            {Template: "debug-prod", Before: "01K"},
		"ticket":              {Ticket: "OPS-7"},
		"stuck":               {Stuck: true, Before: "01K"},
		"person":              {Person: "p-ada"},
		"reviewer":            {Reviewer: "p-ada", Before: "01K"},
		"viewer":              {Viewer: "p-ada", State: contract.StatePending},
		"reviewer of pending": {Reviewer: "p-ada", State: contract.StatePending, Before: "01K"},
		"viewer and person":   {Viewer: "p-ada", Person: "p-bob", Reviewer: "p-eve"},
	} {
		text, args := listQuery(filter, 50)
		for _, line := range plan(t, store.reader, text, args...) {
			if name != "everything" { // it stops at the page's end
				require.NotContains(t, line, "SCAN", name)
			}
			require.NotContains(t, line, "TEMP B-TREE", name)
		}
	}
	for _, text := range []string{readStatus, readEvents, readHolding, findEvent, dropPeople} {
		for _, line := range plan(t, store.writer.db, text, "a", 1) {
			require.NotContains(t, line, "SCAN", text)
			require.NotContains(t, line, "TEMP B-TREE", text)
		}
	}
	for name, filter := range map[string]ledger.AlarmFilter{
		"alarms":           {},
		"alarms, kind":     {Kind: contract.AlarmLate},
		"alarms, target":   {Target: "orders-db", Kind: contract.AlarmLate},
		"alarms, of grant": {Grant: "grant/a"},
	} {
		for _, before := range []ledger.Cursor{{}, {ID: "a"}} {
			text, args := alarmQuery(filter, before, 50)
			for _, line := range plan(t, store.reader, text, args...) {
				require.Contains(t, line, "USING INDEX", name)
			}
		}
	}
	stamp := ledger.Stamp{Time: time.Now()}
	require.Equal(t, []string{"SEARCH holdings USING INDEX holdings_due ((until,grant_id)>(?,?) AND until<?)"},
		plan(t, store.reader, readDue, stamp, stamp, "a", 10))
	for _, text := range []string{readOpen, readHeld} {
		require.Equal(t, []string{"SEARCH holdings USING INDEX holdings_by_target (target=? AND grant_id>?)"},
			plan(t, store.reader, text, "orders-db", "a", stamp, 10))
	}
}

// plan is how SQLite would answer; arguments that a statement doesn't have are left out.
func plan(t *testing.T, db *sql.DB, text string, args ...any) []string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "EXPLAIN QUERY PLAN "+text, args[:strings.Count(text, "?")]...)
	require.NoError(t, err)
	lines, err := collect(rows, func(r row) (string, error) {
		var line string
		var id, parent, unused int
		err := r.Scan(&id, &parent, &unused, &line)
		return line, err
	})
	require.NoError(t, err)
	require.NotEmpty(t, lines)
	return lines
}

func TestAFailedWriteSparesItsNeighbours(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	event := contract.Event{Request: "r", Seq: 1, Actor: "p-ada"}
	require.NoError(t, store.Append(t.Context(), []contract.Event{event}, contract.Status{ID: "r", Seq: 1}))
	event.Actor = "p-mallory"

	release := block(t, store)
	var good, bad errgroup.Group
	for i := range 40 {
		id := string(rune('A' + i))
		good.Go(func() error {
			return store.Append(t.Context(), []contract.Event{{Request: id, Seq: 1}}, contract.Status{ID: id, Seq: 1})
		})
		bad.Go(func() error {
			err := store.Append(t.Context(), []contract.Event{event}, contract.Status{ID: "r", Seq: 2})
			if problem, found := contract.ProblemOf(err); !found || problem.Kind != contract.KindConflict {
				return errors.New("the other event passed")
			}
			return nil
		})
	}
	release()
	require.NoError(t, good.Wait())
	require.NoError(t, bad.Wait())
	all, err := store.Requests(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 41)
	require.Equal(t, 1, all[0].Seq)
}

func TestAWriteThatIsGivenUpNeverLands(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	held, err := store.Lock(t.Context(), "grant/a")
	require.NoError(t, err)

	release := block(t, store)
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	require.ErrorIs(t, held.Save(ctx, ledger.Holding{Grant: "grant/a"}), context.DeadlineExceeded)
	require.ErrorIs(t, store.Append(ctx, nil, contract.Status{ID: "r"}), context.DeadlineExceeded)
	release()

	require.NoError(t, store.Append(t.Context(), nil, contract.Status{ID: "s"}), "the writer has gone on")
	all, err := store.Requests(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	require.Len(t, all, 1)
	held.Unlock()
	held, err = store.Lock(t.Context(), "grant/a")
	require.NoError(t, err)
	defer held.Unlock()
	require.Zero(t, held.Holding())
}

func TestAFullDiskIsSaidAndGotOver(t *testing.T) {
	t.Parallel()
	store := openHere(t)
	var pages int
	require.NoError(t, store.writer.db.QueryRowContext(t.Context(), "PRAGMA max_page_count = 1").Scan(&pages))
	long := contract.Status{ID: "r", Purpose: contract.Purpose{Reason: string(make([]byte, 100_000))}}
	err := store.Append(t.Context(), nil, long)
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "%v", err)
	require.Equal(t, contract.KindUnavailable, problem.Kind)
	require.ErrorContains(t, err, "disk is full")

	require.NoError(t, store.writer.db.QueryRowContext(t.Context(), "PRAGMA max_page_count = 100000").Scan(&pages))
	require.NoError(t, store.Append(t.Context(), nil, long))
}

// block keeps the file's write lock, as another process could, until release.
func block(t *testing.T, store *Store) (release func()) {
	t.Helper()
	db, err := connect(store.path, 1)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	tx, err := db.BeginTx(t.Context(), nil)
	require.NoError(t, err)
	return func() { require.NoError(t, tx.Rollback()) }
}
