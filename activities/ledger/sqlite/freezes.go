package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"time"

	"curfew/activities/ledger"
)

const (
	addFreeze = `INSERT INTO freezes (frozen, at, actor, said) SELECT ?1, ?2, ?3, ?4
		WHERE ?1 <> coalesce((SELECT frozen FROM freezes ORDER BY number DESC LIMIT 1), 0)`
	readFreeze = `SELECT frozen, at, actor, said FROM freezes ORDER BY number DESC LIMIT 1`
)

// SetFreeze freezes or thaws, unless that is so already.
func (s *Store) SetFreeze(ctx context.Context, freeze ledger.Freeze) (ledger.Freeze, error) {
	freeze, err := ledger.CheckFreeze(freeze)
	if err != nil {
		return ledger.Freeze{}, err
	}
	err = s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, s.texts.addFreeze).
			ExecContext(ctx, freeze.Frozen, ledger.Stamp{Time: time.Now()}, freeze.By, freeze.Reason)
		return err
	})
	if err != nil {
		return ledger.Freeze{}, s.fault("freeze or thaw", err)
	}
	return s.Freeze(ctx)
}

// Freeze returns the newest entry.
func (s *Store) Freeze(ctx context.Context) (ledger.Freeze, error) {
	var f ledger.Freeze
	var at ledger.Stamp
	err := s.texts.readFreeze.QueryRowContext(ctx).Scan(&f.Frozen, &at, &f.By, &f.Reason)
	if errors.Is(err, sql.ErrNoRows) {
		return ledger.Freeze{}, nil
	}
	f.At = at.Time
	return f, s.fault("read whether Curfew is frozen", err)
}
