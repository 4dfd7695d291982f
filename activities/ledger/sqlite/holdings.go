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
	putHolding = `INSERT INTO holdings (grant_id, target, entitlement, person, account, task_queue, epoch, seq, open,
			standing, until, leases, settled_at, gone_at, uses, proof, read_back)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (grant_id) DO UPDATE SET target = excluded.target, entitlement = excluded.entitlement,
			person = excluded.person, account = excluded.account, task_queue = excluded.task_queue, epoch = excluded.epoch,
			seq = excluded.seq, open = excluded.open, standing = excluded.standing, until = excluded.until,
			leases = excluded.leases, settled_at = excluded.settled_at, gone_at = excluded.gone_at, uses = excluded.uses,
			proof = excluded.proof, read_back = excluded.read_back`

	holdingColumns = `SELECT grant_id, target, entitlement, person, account, task_queue, epoch, seq, open, standing, until,
			leases, settled_at, gone_at, uses, proof, read_back FROM holdings`
	readHolding = holdingColumns + ` WHERE grant_id = ?`
	readDue     = holdingColumns + ` WHERE open = 1 AND until < ? AND (until, grant_id) > (?, ?) ORDER BY until, grant_id LIMIT ?`
	readDueAt   = holdingColumns + ` WHERE open = 1 AND until < ? AND (until, grant_id) > (?, ?)
		AND target IN (SELECT value FROM json_each(?)) ORDER BY until, grant_id LIMIT ?`
	readOpen = holdingColumns + ` WHERE target = ? AND grant_id > ? AND open = 1 ORDER BY grant_id LIMIT ?`
	readHeld = holdingColumns + ` WHERE target = ? AND grant_id > ? AND (open = 1 OR gone_at >= ?) ORDER BY grant_id LIMIT ?`
)

// Lock waits until nobody else has the holding, in this process or another one on this host, and keeps it until Unlock.
// No transaction is open meanwhile, and other holdings don't wait.
func (s *Store) Lock(ctx context.Context, grant string) (ledger.Locked, error) {
	if grant == "" {
		return nil, contract.Invalid("the holding belongs to no grant").At("grant").Advise("name the grant")
	}
	unlock, err := s.locks.lock(ctx, grant)
	if err != nil {
		return nil, fmt.Errorf("wait for the holding of %s: %w", grant, err)
	}
	holding, err := scanHolding(s.texts.readHolding.QueryRowContext(ctx, grant))
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		unlock()
		return nil, s.fault("read the holding of "+grant, err)
	}
	return &locked{Slot: ledger.NewSlot(grant, holding), grant: grant, store: s, unlock: unlock}, nil
}

// HasClock is false: a file has no clock.
func (*Store) HasClock() bool { return false }

// Now is the machine's time: all who open the file are on one machine.
func (*Store) Now(context.Context) (time.Time, error) { return time.Now().UTC(), nil }

// Due returns a page of open holdings whose end is over, soonest first.
func (s *Store) Due(ctx context.Context, filter ledger.DueFilter) ([]ledger.Holding, error) {
	length, after, err := filter.Page()
	if err != nil {
		return nil, err
	}
	before := filter.Before
	if before.IsZero() {
		before = time.Now().Add(-filter.Past)
	}
	text, args := s.texts.readDue, []any{ledger.Stamp{Time: before}, after.At, after.ID}
	if len(filter.Targets) > 0 {
		targets, err := json.Marshal(filter.Targets)
		if err != nil {
			return nil, fmt.Errorf("write the names of the targets: %w", err)
		}
		text, args = s.texts.readDueAt, append(args, string(targets))
	}
	return s.holdings(ctx, "look for due holdings", text, append(args, length))
}

// Held returns a page of what is, or was lately, on one target.
func (s *Store) Held(ctx context.Context, filter ledger.HeldFilter) ([]ledger.Holding, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	text, args := s.texts.readOpen, []any{filter.Target, filter.After}
	if !filter.GoneSince.IsZero() {
		text, args = s.texts.readHeld, append(args, ledger.Stamp{Time: filter.GoneSince})
	}
	return s.holdings(ctx, "look for the holdings of "+filter.Target, text, append(args, length))
}

func (s *Store) holdings(ctx context.Context, doing string, text *sql.Stmt, args []any) ([]ledger.Holding, error) {
	rows, err := text.QueryContext(ctx, args...)
	if err != nil {
		return nil, s.fault(doing, err)
	}
	found, err := collect(rows, scanHolding)
	return found, s.fault(doing, err)
}

// scanHolding returns the zero value with an error.
func scanHolding(r row) (ledger.Holding, error) {
	var h ledger.Holding
	var kept ledger.HoldingRow
	var entitlement string
	if err := r.Scan(
		&h.Grant,
		&h.Access.Target,
		&entitlement,
		&h.Access.Person,
		&h.Access.Account,
		&h.Access.TaskQueue,
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
		&h.Access.ReadBack,
	); err != nil {
		return ledger.Holding{}, err
	}
	if err := kept.Into(&h); err != nil {
		return ledger.Holding{}, err
	}
	if entitlement != "" {
		h.Access.Entitlement = json.RawMessage(entitlement)
	}
	return h, nil
}

// locked is a holding that this goroutine has to itself.
type locked struct {
	*ledger.Slot

	grant  string
	store  *Store
	unlock func()
}

// Save writes the holding to the disk.
func (l *locked) Save(ctx context.Context, h ledger.Holding) error {
	return l.Replace(h, func() error {
		row, err := ledger.RowOf(h)
		if err != nil {
			return err
		}
		err = l.store.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
			_, err := tx.StmtContext(ctx, l.store.texts.putHolding).ExecContext(ctx, h.Grant, h.Access.Target,
				string(h.Access.Entitlement), h.Access.Person, h.Access.Account, h.Access.TaskQueue,
				h.Token.Epoch, h.Token.Seq, h.Open, h.Standing, row.Until, row.Leases, row.SettledAt, row.GoneAt,
				row.Uses, row.Proof, string(h.Access.ReadBack))
			return err
		})
		return l.store.fault("save the holding of "+h.Grant, err)
	})
}

// Unlock lets go of the holding, after a Save that is on its way.
func (l *locked) Unlock() { l.Close(l.unlock) }
