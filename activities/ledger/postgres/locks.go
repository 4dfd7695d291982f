package postgres

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jackc/pgx/v5"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
	"curfew/workflows/contract"
)

const (
	tryLock = `SELECT pg_try_advisory_lock($1)`
	unlock  = `SELECT pg_advisory_unlock($1)`

	// How often to ask for a lock that another process holds. The server could wait itself, but then each lock that is
	// waited for would take up a connection, and a process that hangs with many locks would keep this one from all
	// others.
	firstPoll   = 2 * time.Millisecond
	slowestPoll = 50 * time.Millisecond

	// farewell is how long the server may take to answer an unlock; then the connection is closed.
	farewell = time.Second
)

var errClosed = errors.New("the ledger is closed")

// Lock waits until nobody else has the holding, on any host, and keeps it until Unlock. No transaction is open
// meanwhile, and other holdings wait only when this process has locked as many as it has connections for.
func (s *Store) Lock(ctx context.Context, grant string) (ledger.Locked, error) {
	if grant == "" {
		return nil, contract.Invalid("the holding belongs to no grant").At("grant").Advise("name the grant")
	}
	key := ledger.LockKey(grant)
	if err := s.turns.Take(ctx, key); err != nil {
		return nil, fmt.Errorf("wait for the holding of %s: %w", grant, err)
	}
	held, err := s.lock(ctx, grant, key)
	if err != nil {
		s.turns.Pass(key)
		return nil, fault(ctx, "lock the holding of "+grant, err)
	}
	return held, nil
}

// lock asks until it gets the lock. A connection that breaks is replaced once, as in do.
func (s *Store) lock(ctx context.Context, grant string, key int64) (*locked, error) {
	replaced := false
	for pause := firstPoll; ; pause = min(2*pause, slowestPoll) {
		held, err := s.tryLock(ctx, grant, key)
		switch {
		case err == nil && held != nil:
			return held, nil
		case errors.Is(err, errBroken) && ctx.Err() == nil && !replaced:
			replaced = true
			s.locks.DropIdle()
			continue
		case err != nil:
			return nil, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return nil, ctx.Err()
		}
	}
}

// tryLock returns nil when another session has the lock. The holding is read by a statement of its own, begun when the
// lock was there.
func (s *Store) tryLock(ctx context.Context, grant string, key int64) (*locked, error) {
	conn, err := s.locks.Acquire(ctx)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	var got bool
	var holding ledger.Holding
	batch := &pgx.Batch{}
	batch.Queue(tryLock, key).QueryRow(func(row pgx.Row) error { return row.Scan(&got) })
	batch.Queue(readHolding, escape(grant)).Query(func(rows pgx.Rows) error {
		found, err := collect(rows, scanHolding)
		if len(found) > 0 {
			holding = found[0]
		}
		return err
	})
	if err := conn.SendBatch(ctx, batch).Close(); err != nil {
		err = markBroken(conn, err)
		conn.Discard(context.WithoutCancel(ctx)) // its session may have a lock that it should not have
		return nil, err
	}
	if !got {
		conn.Release()
		return nil, nil
	}
	held := &locked{Slot: ledger.NewSlot(grant, holding), grant: grant, key: key, conn: conn}
	held.letGo = func() {
		s.forget(held)
		letGo(ctx, conn, key)
		s.turns.Pass(key)
	}
	if !s.keep(held) {
		letGo(ctx, conn, key)
		return nil, errClosed
	}
	return held, nil
}

// keep remembers a holding for Close, unless that has come already.
func (s *Store) keep(held *locked) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return false
	}
	s.held[held] = true
	return true
}

func (s *Store) forget(held *locked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.held, held)
}

// letGo gives the lock back to the server, and the connection to the pool. When the server doesn't confirm it, the
// connection is closed, which ends the session and its lock.
func letGo(ctx context.Context, conn *pgpool.Conn, key int64) {
	ctx, done := context.WithTimeout(context.WithoutCancel(ctx), farewell)
	defer done()
	var was bool
	if err := conn.QueryRow(ctx, unlock, key).Scan(&was); err != nil || !was {
		conn.Discard(context.WithoutCancel(ctx))
		return
	}
	conn.Release()
}

// locked is a holding that this goroutine has to itself, for as long as its connection lives.
type locked struct {
	*ledger.Slot

	grant string
	key   int64
	conn  *pgpool.Conn
	letGo func()
}

// Save writes the holding over the connection that has the lock, so that it can't be written when the lock is gone:
// after Unlock, or when the connection is.
func (l *locked) Save(ctx context.Context, holding ledger.Holding) error {
	return l.Replace(holding, func() error { return l.write(ctx, holding) })
}

func (l *locked) write(ctx context.Context, holding ledger.Holding) error {
	columns, err := columnsOfHolding(holding)
	if err != nil {
		return err
	}
	bounded, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	done, err := l.conn.Exec(bounded, putHolding, append([]any{l.key}, columns...)...)
	switch {
	case l.conn.IsClosed():
		return l.lost(err)
	case err != nil:
		return fault(ctx, "save the holding of "+l.grant, err)
	case done.RowsAffected() == 0:
		_ = l.conn.Close(ctx) // no later Save may succeed
		return l.lost(nil)
	}
	return nil
}

func (l *locked) lost(cause error) error {
	if cause == nil {
		cause = errors.New("the session has no lock: connect to the server itself, and not through a pooler")
	}
	return fmt.Errorf(
		"save the holding of %s: %w",
		l.grant,
		contract.Unavailable("its lock was lost with the connection: %v", cause).
			Advise("look whether the ledger's server was restarted, if it goes on"),
	)
}

// Unlock lets go of the holding, after a Save that is on its way.
func (l *locked) Unlock() { l.Close(l.letGo) }
