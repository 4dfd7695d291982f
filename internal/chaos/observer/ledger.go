package observer

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	_ "modernc.org/sqlite"             // the driver "sqlite"

	"curfew/internal/chaos/judge"
	"curfew/workflows/contract"
)

// Ledger reads the tables of a ledger as their documentation describes them.
type Ledger struct {
	db     *sql.DB
	prefix string // before the names of tables
}

// OpenSQLite opens a ledger in a file, to read it only.
func OpenSQLite(file string) (*Ledger, error) {
	db, err := sql.Open("sqlite", "file:"+file+"?mode=ro&_pragma=busy_timeout(1000)")
	return &Ledger{db: db}, err
}

// OpenPostgres opens a ledger in a database.
func OpenPostgres(dsn string) (*Ledger, error) {
	db, err := sql.Open("pgx", dsn)
	return &Ledger{db: db, prefix: "curfew."}, err
}

// Close lets go of it.
func (l *Ledger) Close() error { return l.db.Close() }

// Approved are the requests that the ledger knows to be approved.
func (l *Ledger) Approved(ctx context.Context) (ids []string, err error) {
	err = l.rows(ctx, "SELECT request FROM "+l.prefix+"events WHERE kind = 'approved'", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ids = append(ids, id)
		return err
	})
	return ids, err
}

// Stories are what the ledger tells of all requests. Account names the key of an access.
func (l *Ledger) Stories(ctx context.Context, key func(contract.Access) judge.Key) (map[string]judge.Story, error) {
	stories := map[string]judge.Story{}
	err := l.rows(
		ctx,
		"SELECT request, seq, kind, at, actor FROM "+l.prefix+"events ORDER BY request, seq",
		func(rows *sql.Rows) error {
			var event contract.Event
			var at string
			if err := rows.Scan(&event.Request, &event.Seq, &event.Kind, &at, &event.Actor); err != nil {
				return err
			}
			var err error
			if event.At, err = time.Parse(time.RFC3339Nano, at); err != nil {
				return fmt.Errorf("an event of %s: %w", event.Request, err)
			}
			story := stories[event.Request]
			story.Events = append(story.Events, event)
			stories[event.Request] = story
			return nil
		},
	)
	if err != nil {
		return nil, fmt.Errorf("read the ledger's events: %w", err)
	}
	err = l.rows(ctx, "SELECT CAST(status AS text) FROM "+l.prefix+"requests", func(rows *sql.Rows) error {
		var text string
		if err := rows.Scan(&text); err != nil {
			return err
		}
		var status contract.Status
		if err := json.Unmarshal([]byte(text), &status); err != nil {
			return err
		}
		story := stories[status.ID]
		shown(&story, status, key)
		stories[status.ID] = story
		return nil
	})
	if err != nil {
		return nil, fmt.Errorf("read the ledger's list of requests: %w", err)
	}
	return stories, nil
}

// shown adds what the list of requests shows.
func shown(story *judge.Story, status contract.Status, key func(contract.Access) judge.Key) {
	story.State = status.State
	if status.Until != nil {
		story.Until = *status.Until
	}
	for _, hold := range status.Holds {
		if hold.GoneAt != nil && hold.HeldUntil == nil && !hold.Standing && hold.TakenOver == nil {
			story.Gone = append(story.Gone, judge.Claim{Key: key(hold.Access), At: *hold.GoneAt})
		}
	}
}

// Alarms counts the alarms of each kind.
func (l *Ledger) Alarms(ctx context.Context) (map[contract.AlarmKind]int, error) {
	counted := map[contract.AlarmKind]int{}
	err := l.rows(ctx, "SELECT kind, count(*) FROM "+l.prefix+"alarms GROUP BY kind", func(rows *sql.Rows) error {
		var kind contract.AlarmKind
		var number int
		err := rows.Scan(&kind, &number)
		counted[kind] = number
		return err
	})
	return counted, err
}

// Open are the requests of some that the ledger does not show as ended.
func (l *Ledger) Open(ctx context.Context, ids []string) (open []string, err error) {
	ended := map[string]bool{}
	err = l.rows(ctx, "SELECT id FROM "+l.prefix+"requests WHERE state = 'ended'", func(rows *sql.Rows) error {
		var id string
		err := rows.Scan(&id)
		ended[id] = true
		return err
	})
	return slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return ended[id] }), err
}

func (l *Ledger) rows(ctx context.Context, query string, each func(*sql.Rows) error) error {
	rows, err := l.db.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { _ = rows.Close() }() // it was only read
	for rows.Next() {
		if err := each(rows); err != nil {
			return err
		}
	}
	return rows.Err()
}
