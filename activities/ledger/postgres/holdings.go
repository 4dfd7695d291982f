package postgres

import (
	"context"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
)

const (
	// It writes only while its own session has the lock, whatever stands between us and the server.
	putHolding = `INSERT INTO curfew.holdings AS held (grant_id, target, access, epoch, seq, open, standing, until, leases,
			settled_at, gone_at, uses, proof, requests)
		SELECT $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15::text[] WHERE EXISTS (
			SELECT FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid() AND granted AND objsubid = 1
				AND classid::bigint << 32 | objid::bigint = $1::bigint)
		ON CONFLICT (grant_id) DO UPDATE SET target = excluded.target, access = excluded.access, epoch = excluded.epoch,
			seq = excluded.seq, open = excluded.open, standing = excluded.standing, until = excluded.until,
			leases = excluded.leases, settled_at = excluded.settled_at, gone_at = excluded.gone_at, uses = excluded.uses,
			proof = excluded.proof, requests = excluded.requests`

	holdingColumns = `SELECT grant_id, access, epoch, seq, open, standing, until, leases, settled_at, gone_at, uses, proof
		FROM curfew.holdings`
	readClock   = `SELECT curfew.stamp(clock_timestamp())`
	readHolding = holdingColumns + ` WHERE grant_id = $1`
)

// HasClock says that what is due goes by the server's clock.
func (*Store) HasClock() bool { return true }

// Now is the server's time.
func (s *Store) Now(ctx context.Context) (time.Time, error) {
	var now ledger.Stamp
	err := s.do(
		ctx,
		func(ctx context.Context, conn *pgpool.Conn) error { return conn.QueryRow(ctx, readClock).Scan(&now) },
	)
	return now.Time, fault(ctx, "read the ledger's clock", err)
}

// Due returns a page of open holdings whose end is over, soonest first.
func (s *Store) Due(ctx context.Context, filter ledger.DueFilter) ([]ledger.Holding, error) {
	text, args, err := dueQuery(filter)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "look for due holdings", scanHolding, text, args...)
}

func dueQuery(filter ledger.DueFilter) (string, []any, error) {
	length, after, err := filter.Page()
	if err != nil {
		return "", nil, err
	}
	q := question{text: holdingColumns}
	q.where("open")
	if filter.Before.IsZero() {
		q.where("until < curfew.stamp(statement_timestamp() - make_interval(secs => $?))", filter.Past.Seconds())
	} else {
		q.where("until < $?", ledger.Stamp{Time: filter.Before})
	}
	q.where("(until, grant_id) > ($?, $?)", after.At, escape(after.ID))
	if len(filter.Targets) > 0 {
		q.where("target = ANY ($?)", escapeAll(filter.Targets))
	}
	text, args := q.end("until, grant_id", length)
	return text, args, nil
}

// Held returns a page of what is, or was lately, on one target.
func (s *Store) Held(ctx context.Context, filter ledger.HeldFilter) ([]ledger.Holding, error) {
	text, args, err := heldQuery(filter)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "look for the holdings of "+filter.Target, scanHolding, text, args...)
}

func heldQuery(filter ledger.HeldFilter) (string, []any, error) {
	length, err := filter.PageLength()
	if err != nil {
		return "", nil, err
	}
	q := question{text: holdingColumns}
	q.where("target = $? AND grant_id > $?", escape(filter.Target), escape(filter.After))
	if filter.GoneSince.IsZero() {
		q.where("open")
	} else {
		q.where("(open OR gone_at >= $?)", ledger.Stamp{Time: filter.GoneSince})
	}
	text, args := q.end("grant_id", length)
	return text, args, nil
}

// columnsOfHolding are the arguments of putHolding but the first.
func columnsOfHolding(h ledger.Holding) ([]any, error) {
	access, err := ledger.EncodeAccess(h.Access)
	if err != nil {
		return nil, err
	}
	row, err := ledger.RowOf(h)
	if err != nil {
		return nil, err
	}
	return []any{
		escape(h.Grant), escape(h.Access.Target), access, h.Token.Epoch, h.Token.Seq, h.Open, h.Standing,
		row.Until, row.Leases, row.SettledAt, row.GoneAt, row.Uses, row.Proof, escapeAll(h.Leases.Requests()),
	}, nil
}

// scanHolding returns the zero value with an error.
func scanHolding(row pgx.Row) (ledger.Holding, error) {
	var h ledger.Holding
	var kept ledger.HoldingRow
	var access string
	err := row.Scan(
		(*literal)(&h.Grant),
		&access,
		&h.Token.Epoch,
		&h.Token.Seq,
		&h.Open,
		&h.Standing,
		&kept.Until,
		&kept.Leases,
		&kept.SettledAt,
		&kept.GoneAt,
		&kept.Uses,
		&kept.Proof,
	)
	if err != nil {
		return ledger.Holding{}, err
	}
	if h.Access, err = ledger.DecodeAccess(access); err != nil {
		return ledger.Holding{}, err
	}
	if err := kept.Into(&h); err != nil {
		return ledger.Holding{}, err
	}
	return h, nil
}
