package postgres

import (
	"context"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
)

const (
	readFreeze = `SELECT frozen, at, actor, said FROM curfew.freezes ORDER BY number DESC LIMIT 1`
	// Those that come at the same time add one entry. The key is none of a holding's, which are not negative.
	lockFreezes = `SELECT pg_advisory_xact_lock(-2)`
	addFreeze   = `INSERT INTO curfew.freezes (frozen, actor, said) SELECT $1, $2, $3
		WHERE $1 IS DISTINCT FROM coalesce((SELECT frozen FROM curfew.freezes ORDER BY number DESC LIMIT 1), false)`
)

// SetFreeze freezes or thaws, unless that is so already.
func (s *Store) SetFreeze(ctx context.Context, freeze ledger.Freeze) (ledger.Freeze, error) {
	freeze, err := ledger.CheckFreeze(freeze)
	if err != nil {
		return ledger.Freeze{}, err
	}
	var freezes []ledger.Freeze
	err = s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		batch := &pgx.Batch{} // in one transaction
		batch.Queue(lockFreezes)
		batch.Queue(addFreeze, freeze.Frozen, escape(freeze.By), escape(freeze.Reason))
		batch.Queue(readFreeze).Query(func(rows pgx.Rows) (err error) {
			freezes, err = collect(rows, scanFreeze)
			return err
		})
		return conn.SendBatch(ctx, batch).Close()
	})
	return newest(freezes), fault(ctx, "freeze or thaw", err)
}

// Freeze returns the newest entry.
func (s *Store) Freeze(ctx context.Context) (ledger.Freeze, error) {
	freezes, err := list(ctx, s, "read whether Curfew is frozen", scanFreeze, readFreeze)
	return newest(freezes), err
}

func newest(freezes []ledger.Freeze) ledger.Freeze {
	if len(freezes) == 0 {
		return ledger.Freeze{}
	}
	return freezes[0]
}

func scanFreeze(row pgx.Row) (ledger.Freeze, error) {
	var f ledger.Freeze
	var at ledger.Stamp
	err := row.Scan(&f.Frozen, &at, (*literal)(&f.By), (*literal)(&f.Reason))
	f.At = at.Time
	return f, err
}
