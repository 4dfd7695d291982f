package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
)

const (
	dropAbsences = `DELETE FROM curfew.absences WHERE observer = $1 AND absent <> ALL ($2::text[])`
	addAbsences  = `INSERT INTO curfew.absences (absent, observer, since, seen)
  SELECT name, $1, coalesce((SELECT min(since) FROM curfew.absences WHERE absent = name),
    curfew.stamp(clock_timestamp())), clock_timestamp() FROM unnest($2::text[]) AS name
  ON CONFLICT (absent, observer) DO UPDATE SET since = excluded.since, seen = excluded.seen`
	lapseAbsences = `DELETE FROM curfew.absences WHERE observer <> $1 AND seen < clock_timestamp() - make_interval(secs => $2)`
	readAbsences  = `SELECT absent, min(since), greatest(0, extract(epoch FROM clock_timestamp() - min(since)::timestamptz))::float8
  FROM curfew.absences WHERE absent = ANY ($1::text[]) GROUP BY absent`

	addConfirmation  = `INSERT INTO curfew.confirmations (digest, actor) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	readConfirmation = `SELECT digest, at, actor FROM curfew.confirmations WHERE digest = $1`
)

// absence is one that the ledger has kept.
type absence struct {
	name    string
	since   ledger.Stamp
	seconds float64
}

// Absent keeps what an observer finds absent now.
func (s *Store) Absent(ctx context.Context, found ledger.Observation) (map[string]ledger.Absence, error) {
	names := make([]string, len(found.Absent))
	for i, name := range found.Absent {
		names[i] = escape(name)
	}
	observer := escape(found.Observer)
	var all []absence
	err := s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		batch := &pgx.Batch{} // in one transaction
		batch.Queue(dropAbsences, observer, names)
		batch.Queue(addAbsences, observer, names)
		batch.Queue(lapseAbsences, observer, found.Lapse.Seconds())
		batch.Queue(readAbsences, names).Query(func(rows pgx.Rows) (err error) {
			all, err = collect(rows, func(row pgx.Row) (a absence, err error) {
				err = row.Scan((*literal)(&a.name), &a.since, &a.seconds)
				return a, err
			})
			return err
		})
		return conn.SendBatch(ctx, batch).Close()
	})
	if err != nil {
		return nil, fault(ctx, "keep what the directory has lost", err)
	}
	absences := map[string]ledger.Absence{}
	for _, a := range all {
		absences[a.name] = ledger.Absence{Since: a.since.Time, Lasts: time.Duration(a.seconds * float64(time.Second))}
	}
	return absences, nil
}

// ConfirmDirectory remembers that somebody has confirmed a version of the directory.
func (s *Store) ConfirmDirectory(ctx context.Context, confirmation ledger.Confirmation) error {
	if err := ledger.CheckConfirmation(confirmation); err != nil {
		return err
	}
	err := s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		_, err := conn.Exec(ctx, addConfirmation, escape(confirmation.Digest), escape(confirmation.By))
		return err
	})
	return fault(ctx, "confirm a version of the directory", err)
}

// ConfirmedDirectory returns who has confirmed a version of the directory, or ledger.ErrNotFound.
func (s *Store) ConfirmedDirectory(ctx context.Context, digest string) (ledger.Confirmation, error) {
	found, err := list(
		ctx,
		s,
		"read whether a version of the directory is confirmed",
		scanConfirmation,
		readConfirmation,
		escape(digest),
	)
	if err == nil && len(found) == 0 {
		err = ledger.ErrNotFound
	}
	if err != nil {
		return ledger.Confirmation{}, err
	}
	return found[0], nil
}

func scanConfirmation(row pgx.Row) (c ledger.Confirmation, err error) {
	var at ledger.Stamp
	err = row.Scan((*literal)(&c.Digest), &at, (*literal)(&c.By))
	c.At = at.Time
	return c, err
}
