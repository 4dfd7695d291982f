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
	dropAbsences = `DELETE FROM absences WHERE absent NOT IN (SELECT value FROM json_each(?))`
	addAbsences  = `INSERT INTO absences (absent, since) SELECT value, ?2 FROM json_each(?1) WHERE true ON CONFLICT DO NOTHING`
	readAbsences = `SELECT absent, since FROM absences`

	addConfirmation  = `INSERT INTO confirmations (digest, at, actor) VALUES (?, ?, ?) ON CONFLICT DO NOTHING`
	readConfirmation = `SELECT digest, at, actor FROM confirmations WHERE digest = ?`
)

// Absent keeps what is absent now and forgets everything else.
func (s *Store) Absent(ctx context.Context, absent []string) (map[string]ledger.Absence, error) {
	names, err := json.Marshal(append([]string{}, absent...))
	if err != nil {
		return nil, err
	}
	now, all := time.Now(), map[string]ledger.Absence{}
	err = s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		if _, err := tx.StmtContext(ctx, s.texts.dropAbsences).ExecContext(ctx, string(names)); err != nil {
			return err
		}
		if _, err := tx.StmtContext(ctx, s.texts.addAbsences).
			ExecContext(ctx, string(names), ledger.Stamp{Time: now}); err != nil {
			return err
		}
		rows, err := tx.StmtContext(ctx, s.texts.readAbsences).QueryContext(ctx)
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
