// Package postgres keeps the ledger in a PostgreSQL database, for any number of hosts. What is written is on the
// server's disk before the call returns.
//
// All objects are in the schema "curfew". Holdings are locked with advisory locks of the server's sessions, so the
// connection must lead to the server itself and not through a pooler that hands sessions around.
package postgres

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"curfew/activities/ledger"
	"curfew/internal/keepalive/pgpool"
)

var _ ledger.Store = (*Store)(nil)

// Store is the ledger in a database. Its methods may be called from many goroutines.
type Store struct {
	pool  *pgpool.Pool // for all but holdings that are locked
	locks *pgpool.Pool // one connection for each of those
	turns ledger.Turns

	mu     sync.Mutex
	held   map[*locked]bool
	closed bool
}

// Open connects to the database and brings its tables up to date. Where that is not allowed to the DSN's role, tables
// that are not up to date are refused with contract.KindConflict, and so are those of a newer release.
func Open(ctx context.Context, settings Settings) (*Store, error) {
	if err := settings.Validate(); err != nil {
		return nil, err
	}
	if err := prepare(ctx, settings); err != nil {
		return nil, fault(ctx, "open the ledger", err)
	}
	s := &Store{held: map[*locked]bool{}}
	var err error
	if s.pool, err = settings.open(ctx, "curfew ledger", settings.Connections, defaultConnections); err != nil {
		return nil, err
	}
	if s.locks, err = settings.open(
		ctx,
		"curfew holdings",
		settings.LockConnections,
		defaultLockConnections,
	); err != nil {
		return nil, errors.Join(err, s.Close())
	}
	return s, nil
}

// Close lets go of all holdings and closes all connections, after what is being written. Calls that come later fail,
// except another Close.
func (s *Store) Close() error {
	for _, held := range s.close() {
		held.Unlock()
	}
	for _, pool := range []*pgpool.Pool{s.locks, s.pool} {
		if pool != nil {
			pool.Close()
		}
	}
	return nil
}

func (s *Store) close() (left []*locked) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for held := range s.held {
		left = append(left, held)
	}
	return left
}

// errBroken means that the server or the network closed a connection. What was asked over it may have been done.
var errBroken = errors.New("the connection to the ledger broke")

// do asks something over a connection of its own, in bounded time. When the connection breaks, as after a restart of
// the server, it is asked once more, over a new one. So it must do no harm twice.
func (s *Store) do(ctx context.Context, ask func(ctx context.Context, conn *pgpool.Conn) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := s.once(ctx, ask)
	if errors.Is(err, errBroken) && ctx.Err() == nil {
		s.pool.DropIdle()
		err = s.once(ctx, ask)
	}
	return err
}

func (s *Store) once(ctx context.Context, ask func(ctx context.Context, conn *pgpool.Conn) error) error {
	conn, err := s.pool.Acquire(ctx)
	if err != nil {
		return err
	}
	defer conn.Release()
	return markBroken(conn, ask(ctx, conn))
}

// markBroken marks an error that has cost the connection.
func markBroken(conn *pgpool.Conn, err error) error {
	if err != nil && conn.IsClosed() {
		return fmt.Errorf("%w: %w", errBroken, err)
	}
	return err
}
