package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
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
	return &locked{store: s, grant: grant, unlock: unlock, holding: holding}, nil
}

// HasClock is false: a file has no clock.
func (*Store) HasClock() bool { return false }

// Now is the machine's time: all who open the file are on one machine.
func (*Store) Now(context.Context) (time.Time, error) { return time.Now().UTC(), nil }

// Due returns a page of open holdings whose end is over, soonest first.
func (s *Store) Due(ctx context.Context, filter ledger.DueFilter) ([]ledger.Holding, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	after, err := filter.Cursor()
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
	var until, settled, gone ledger.Stamp
	var entitlement, leases, uses, proof string
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
		&until,
		&leases,
		&settled,
		&gone,
		&uses,
		&proof,
		&h.Access.ReadBack,
	); err != nil {
		return ledger.Holding{}, err
	}
	var err error
	if h.Leases, err = ledger.DecodeLeases(leases); err != nil {
		return ledger.Holding{}, err
	}
	if h.Uses, err = ledger.DecodeUses(uses); err != nil {
		return ledger.Holding{}, err
	}
	if h.Proof, err = ledger.DecodeProof(proof); err != nil {
		return ledger.Holding{}, err
	}
	if entitlement != "" {
		h.Access.Entitlement = json.RawMessage(entitlement)
	}
	h.Until, h.SettledAt, h.GoneAt = until.Time, settled.Time, gone.Time
	return h, nil
}

// locked is a holding that this goroutine has to itself.
type locked struct {
	store  *Store
	grant  string
	unlock func()

	mu      sync.Mutex
	holding ledger.Holding
	over    bool
}

// Holding is what was last saved.
func (l *locked) Holding() ledger.Holding {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.holding
}

// Save writes the holding to the disk. After Unlock it fails: somebody else may have the holding by then.
func (l *locked) Save(ctx context.Context, holding ledger.Holding) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.over {
		return fmt.Errorf("save the holding of %s: its lock was let go of", l.grant)
	}
	if holding.Grant != l.grant {
		return fmt.Errorf("save the holding of %q: the lock is on %s", holding.Grant, l.grant)
	}
	leases, err := ledger.EncodeLeases(holding.Leases)
	if err != nil {
		return err
	}
	uses, err := ledger.EncodeUses(holding.Uses)
	if err != nil {
		return err
	}
	proof, err := ledger.EncodeProof(holding.Proof)
	if err != nil {
		return err
	}
	err = l.store.writer.write(ctx, func(ctx context.Context, tx *sql.Tx) error {
		_, err := tx.StmtContext(ctx, l.store.texts.putHolding).ExecContext(ctx, holding.Grant, holding.Access.Target,
			string(holding.Access.Entitlement), holding.Access.Person, holding.Access.Account,
			holding.Access.TaskQueue, holding.Token.Epoch, holding.Token.Seq, holding.Open, holding.Standing,
			ledger.Stamp{
				Time: holding.Until,
			}, leases, ledger.Stamp{Time: holding.SettledAt}, ledger.Stamp{Time: holding.GoneAt}, uses,
			proof, string(holding.Access.ReadBack))
		return err
	})
	if err != nil {
		return l.store.fault("save the holding of "+l.grant, err)
	}
	l.holding = holding
	return nil
}

// Unlock lets go of the holding, after a Save that is on its way.
func (l *locked) Unlock() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.over = true
	l.unlock()
}
