package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"time"

	"curfew/activities/ledger"
)

const (
	dropAbsences = `DELETE FROM absences WHERE observer = ?1 AND absent NOT IN (SELECT value FROM json_each(?2))`
	addAbsences  = `INSERT INTO absences (absent, observer, since, seen)
  SELECT value, ?1, coalesce((SELECT min(since) FROM absences WHERE absent = value), ?3), ?3 FROM json_each(?2) WHERE true
  ON CONFLICT (absent, observer) DO UPDATE SET since = excluded.since, seen = excluded.seen`
	lapseAbsences = `DELETE FROM absences WHERE observer <> ?1 AND seen < ?2`
	readAbsences  = `SELECT absent, min(since) FROM absences WHERE absent IN (SELECT value FROM json_each(?)) GROUP BY absent`

	addConfirmation  = `INSERT INTO confirmations (digest, at, actor) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	readConfirmation = `SELECT digest, at, actor FROM confirmations WHERE digest = ?`
)

// Absent keeps what an observer finds absent now.
func (s *Store) Absent(ctx context.Context, found ledger.Observation) (map[string]ledger.Absence, error) {
	text, err := json.Marshal(append([]string{}, found.Absent...))
	if err != nil {
		return nil, err
	}
	now, names, all := time.Now(), string(text), map[string]ledger.Absence{}
	err = s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		for _, change := range []struct {
			statement *sql.Stmt
			args      []any
		}{
			{s.texts.dropAbsences, []any{found.Observer, names}},
			{s.texts.addAbsences, []any{found.Observer, names, ledger.Stamp{Time: now}}},
			{s.texts.lapseAbsences, []any{found.Observer, ledger.Stamp{Time: now.Add(-found.Lapse)}}},
		} {
			if _, err := tx.StmtContext(ctx, change.statement).ExecContext(ctx, change.args...); err != nil {
				return err
			}
		}
		rows, err := tx.StmtContext(ctx, s.texts.readAbsences).QueryContext(ctx, names)
		if err != nil {
			return err
		}
		defer func() { _ = rows.Close() }()
		for rows.Next() {
			var name string
			var since ledger.Stamp
			if err := rows.Scan(&name, &since); err != nil {
				return err
			}
			all[name] = ledger.Absence{Since: since.Time, Lasts: now.Sub(since.Time)}
		}
		return rows.Err()
	})
	if err != nil {
		return nil, s.fault("keep what the directory has lost", err)
	}
	return all, nil
}

// ConfirmDirectory remembers that somebody has confirmed a version of the directory.
func (s *Store) ConfirmDirectory(ctx context.Context, confirmation ledger.Confirmation) error {
	if err := ledger.CheckConfirmation(confirmation); err != nil {
		return err
	}
	err := s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, s.texts.addConfirmation).
			ExecContext(ctx, confirmation.Digest, ledger.Stamp{Time: time.Now()}, confirmation.By)
		return err
	})
	return s.fault("confirm a version of the directory", err)
}

// ConfirmedDirectory returns who has confirmed a version of the directory, or ledger.ErrNotFound.
func (s *Store) ConfirmedDirectory(ctx context.Context, digest string) (ledger.Confirmation, error) {
	var c ledger.Confirmation
	var at ledger.Stamp
	err := s.texts.readConfirmation.QueryRowContext(ctx, digest).Scan(&c.Digest, &at, &c.By)
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.Confirmation{}, ledger.ErrNotFound
	}
	c.At = at.Time
	return c, s.fault("read whether a version of the directory is confirmed", err)
}
