package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
)

const (
	dropAbsences = `DELETE FROM curfew.absences WHERE absent <> ALL ($1::text[])`
	addAbsences  = `INSERT INTO curfew.absences (absent) SELECT unnest($1::text[]) ON CONFLICT DO NOTHING`
	readAbsences = `SELECT absent, since, greatest(0, extract(epoch FROM clock_timestamp() - since::timestamptz))::float8 FROM curfew.absences`

	addConfirmation  = `INSERT INTO curfew.confirmations (digest, actor) VALUES ($1, $2) ON CONFLICT DO NOTHING`
	readConfirmation = `SELECT digest, at, actor FROM curfew.confirmations WHERE digest = $1`
)

// absence is one that the ledger has kept.
type absence struct {
	name    string
	since   ledger.Stamp
	seconds float64
}

// Absent keeps what is absent now and forgets everything else.
func (s *Store) Absent(ctx context.Context, absent []string) (map[string]ledger.Absence, error) {
	names := make([]string, len(absent))
	for i, name := range absent {
		names[i] = escape(name)
	}
	var all []absence
	err := s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		batch := &pgx.Batch{} // in one transaction
		batch.Queue(dropAbsences, names)
		batch.Queue(addAbsences, names)
		batch.Queue(readAbsences).Query(func(rows pgx.Rows) (err error) {
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
