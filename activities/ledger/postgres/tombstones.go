package postgres

import (
	"context"
	"fmt"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
	"curfew/workflows/contract"
)

const (
	addTombstones = `INSERT INTO curfew.tombstones (request, grant_id, kind, actor, said)
		SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[]) ON CONFLICT DO NOTHING`

	tombstoneColumns = `SELECT t.request, t.grant_id, t.kind, t.at, t.actor, t.said FROM curfew.tombstones AS t`
	readTombstone    = tombstoneColumns + ` WHERE request = $1 AND grant_id = ''`
	readStops        = tombstoneColumns + ` WHERE request = ANY ($1) AND grant_id IN ('', $2)`
	readUntold       = tombstoneColumns + ` JOIN curfew.requests AS r ON r.id = t.request AND r.state <> 'ended'
		WHERE t.grant_id = '' AND t.request > $1 ORDER BY t.request LIMIT $2`

	// The newest tombstones lead to their holdings.
	readEndedLately = `SELECT DISTINCT h.grant_id FROM curfew.tombstones AS t
		JOIN curfew.holdings AS h ON h.requests @> ARRAY[t.request] AND h.open AND t.grant_id IN ('', h.grant_id)
		WHERE t.at > curfew.stamp(statement_timestamp() - make_interval(secs => $?))`
	// The open holdings lead to the tombstones of their requests.
	readEndedEver = `SELECT DISTINCT h.grant_id FROM curfew.holdings AS h CROSS JOIN LATERAL unnest(h.requests) AS lease (request)
		JOIN curfew.tombstones AS t ON t.request = lease.request AND t.grant_id IN ('', h.grant_id) WHERE h.open`
)

// AddTombstones adds all of them or none.
func (s *Store) AddTombstones(ctx context.Context, tombstones ...contract.Tombstone) error {
	requests, grants, kinds := []string{}, []string{}, []string{}
	actors, said := []string{}, []string{}
	for _, t := range tombstones {
		t, err := ledger.CheckTombstone(t)
		if err != nil {
			return err
		}
		requests = append(requests, escape(t.Request))
		grants = append(grants, escape(t.Grant))
		kinds = append(kinds, escape(string(t.Kind)))
		actors, said = append(actors, escape(t.By)), append(said, escape(t.Reason))
	}
	if len(requests) == 0 {
		return nil
	}
	err := s.do(ctx, func(ctx context.Context, conn *pgpool.Conn) error {
		_, err := conn.Exec(ctx, addTombstones, requests, grants, kinds, actors, said)
		return err
	})
	return fault(ctx, fmt.Sprintf("record that %d requests have ended", len(requests)), err)
}

// TombstoneOf returns the one of a whole request, or ledger.ErrNotFound.
func (s *Store) TombstoneOf(ctx context.Context, request string) (contract.Tombstone, error) {
	found, err := list(ctx, s, "read whether "+request+" has ended", scanTombstone, readTombstone, escape(request))
	if err == nil && len(found) == 0 {
		err = ledger.ErrNotFound
	}
	if err != nil {
		return contract.Tombstone{}, err
	}
	return found[0], nil
}

// Ended returns a page of open holdings that still have a lease which has ended.
func (s *Store) Ended(ctx context.Context, filter ledger.EndedFilter) ([]ledger.Holding, error) {
	text, args, err := endedQuery(filter)
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "look for access that has to end", scanHolding, text, args...)
}

func endedQuery(filter ledger.EndedFilter) (string, []any, error) {
	length, err := filter.PageLength()
	if err != nil {
		return "", nil, err
	}
	q := question{text: holdingColumns}
	if filter.Within > 0 {
		q.where("grant_id IN ("+readEndedLately+")", filter.Within.Seconds())
	} else {
		q.where("grant_id IN (" + readEndedEver + ")")
	}
	q.where("open AND grant_id > $?", escape(filter.After))
	if len(filter.Targets) > 0 {
		q.where("target = ANY ($?)", escapeAll(filter.Targets))
	}
	text, args := q.end("grant_id", length)
	return text, args, nil
}

// Untold returns a page of the tombstones of requests that have not come to their end.
func (s *Store) Untold(ctx context.Context, filter ledger.UntoldFilter) ([]contract.Tombstone, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	return list(ctx, s, "look for requests that have to end", scanTombstone, readUntold, escape(filter.After), length)
}

func scanTombstone(row pgx.Row) (contract.Tombstone, error) {
	var t contract.Tombstone
	var at ledger.Stamp
	err := row.Scan(
		(*literal)(&t.Request),
		(*literal)(&t.Grant),
		(*literal)(&t.Kind),
		&at,
		(*literal)(&t.By),
		(*literal)(&t.Reason),
	)
	t.At = at.Time
	return t, err
}

// Stops is read over the connection that has the lock: when the lock is gone, so is the answer.
func (l *locked) Stops(ctx context.Context, requests ...string) (ledger.Stops, error) {
	var tombstones []contract.Tombstone
	var freezes []ledger.Freeze
	batch := &pgx.Batch{}
	batch.Queue(readStops, escapeAll(requests), escape(l.grant)).Query(func(rows pgx.Rows) (err error) {
		tombstones, err = collect(rows, scanTombstone)
		return err
	})
	batch.Queue(readFreeze).Query(func(rows pgx.Rows) (err error) {
		freezes, err = collect(rows, scanFreeze)
		return err
	})
	err := l.Use("read what stops", func() error {
		return fault(ctx, "read what stops "+l.grant, l.conn.SendBatch(ctx, batch).Close())
	})
	if err != nil {
		return ledger.Stops{}, err
	}
	return ledger.StopsOf(tombstones, newest(freezes)), nil
}
