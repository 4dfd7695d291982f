package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	addTombstone = `INSERT INTO tombstones (request, grant_id, kind, at, actor, said) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT DO NOTHING`

	tombstoneColumns = `SELECT t.request, t.grant_id, t.kind, t.at, t.actor, t.said FROM tombstones AS t`
	readTombstone    = tombstoneColumns + ` WHERE t.request = ? AND t.grant_id = ''`
	readStops        = tombstoneColumns + ` WHERE t.request IN (SELECT value FROM json_each(?)) AND t.grant_id IN ('', ?)`
	readUntold       = tombstoneColumns + ` JOIN requests AS r ON r.id = t.request AND r.state <> 'ended'
		WHERE t.grant_id = '' AND t.request > ? ORDER BY t.request LIMIT ?`

	// The first condition is asked once, so that the holdings are left alone while nothing has ended.
	readEnded = holdingColumns + ` WHERE EXISTS (SELECT 1 FROM tombstones WHERE at > ?1) AND open = 1
		AND (?2 = '[]' OR target IN (SELECT value FROM json_each(?2))) AND grant_id > ?3
		AND EXISTS (SELECT 1 FROM json_each(holdings.leases) AS l JOIN tombstones AS t
			ON t.request = l.value ->> '$.request' AND t.grant_id IN ('', holdings.grant_id) WHERE t.at > ?1)
		ORDER BY grant_id LIMIT ?4`
)

// AddTombstones adds all of them or none.
func (s *Store) AddTombstones(ctx context.Context, tombstones ...contract.Tombstone) error {
	checked := make([]contract.Tombstone, len(tombstones))
	for i, t := range tombstones {
		var err error
		if checked[i], err = ledger.CheckTombstone(t); err != nil {
			return err
		}
	}
	if len(checked) == 0 {
		return nil
	}
	err := s.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		add, at := tx.StmtContext(ctx, s.texts.addTombstone), ledger.Stamp{Time: time.Now()}
		for _, t := range checked {
			if _, err := add.ExecContext(ctx, t.Request, t.Grant, t.Kind, at, t.By, t.Reason); err != nil {
				return err
			}
		}
		return nil
	})
	return s.fault(fmt.Sprintf("record that %d requests have ended", len(checked)), err)
}

// TombstoneOf returns the one of a whole request, or ledger.ErrNotFound.
func (s *Store) TombstoneOf(ctx context.Context, request string) (contract.Tombstone, error) {
	t, err := scanTombstone(s.texts.readTombstone.QueryRowContext(ctx, request))
	if errors.Is(err, sql.ErrNoRows) {
		return contract.Tombstone{}, ledger.ErrNotFound
	}
	return t, s.fault("read whether "+request+" has ended", err)
}

// Ended returns a page of open holdings that still have a lease which has ended.
func (s *Store) Ended(ctx context.Context, filter ledger.EndedFilter) ([]ledger.Holding, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	targets, err := json.Marshal(append([]string{}, filter.Targets...))
	if err != nil {
		return nil, fmt.Errorf("write the names of the targets: %w", err)
	}
	var since ledger.Stamp
	if filter.Within > 0 {
		since.Time = time.Now().Add(-filter.Within)
	}
	return s.holdings(
		ctx,
		"look for access that has to end",
		s.texts.readEnded,
		[]any{since, string(targets), filter.After, length},
	)
}

// Untold returns a page of the tombstones of requests that have not come to their end.
func (s *Store) Untold(ctx context.Context, filter ledger.UntoldFilter) ([]contract.Tombstone, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	return s.tombstones(ctx, "look for requests that have to end", s.texts.readUntold, filter.After, length)
}

// Stops is read from the file as it is now that this goroutine has the holding.
func (l *locked) Stops(ctx context.Context, requests ...string) (ledger.Stops, error) {
	asked, err := json.Marshal(append([]string{}, requests...))
	if err != nil {
		return ledger.Stops{}, fmt.Errorf("write the ids of requests: %w", err)
	}
	var tombstones []contract.Tombstone
	var freeze ledger.Freeze
	err = l.Use("read what stops", func() (err error) {
		doing, texts := "read what stops "+l.grant, l.store.texts.readStops
		if tombstones, err = l.store.tombstones(ctx, doing, texts, string(asked), l.grant); err != nil {
			return err
		}
		freeze, err = l.store.Freeze(ctx)
		return err
	})
	return ledger.StopsOf(tombstones, freeze), err
}

func (s *Store) tombstones(
	ctx context.Context,
	doing string,
	text *sql.Stmt,
	args ...any,
) ([]contract.Tombstone, error) {
	rows, err := text.QueryContext(ctx, args...)
	if err != nil {
		return nil, s.fault(doing, err)
	}
	found, err := collect(rows, scanTombstone)
	return found, s.fault(doing, err)
}

func scanTombstone(r row) (contract.Tombstone, error) {
	var t contract.Tombstone
	var at ledger.Stamp
	err := r.Scan(&t.Request, &t.Grant, &t.Kind, &at, &t.By, &t.Reason)
	t.At = at.Time
	return t, err
}
