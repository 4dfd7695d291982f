package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

var errClosed = errors.New("the ledger is closed")

// waitsFor is how long a write waits for its turn.
const waitsFor = 5 * time.Second

// longestBatch bounds how long the first of a batch waits for the rest of it.
const longestBatch = 128

// writer owns the one connection of this process that writes. What is asked for while a commit is on its way to the
// disk goes into the next one, so that a thousand writes at once don't cost a thousand waits for the disk.
type writer struct {
	db      *sql.DB
	queue   chan *write
	closing chan struct{}
	stop    func()
	stopped chan struct{}
}

// write is one caller's part of a transaction.
type write struct {
	// do may run more than once, each time in a new transaction.
	do    func(ctx context.Context, tx *sql.Tx) error
	state atomic.Int32
	done  chan error
}

// The states of a write. It leaves the first one once: for a caller who gave up, or for the writer.
const (
	waiting int32 = iota
	withdrawn
	begun
)

func startWriter(ctx context.Context, db *sql.DB) *writer {
	w := &writer{db: db, queue: make(chan *write), closing: make(chan struct{}), stopped: make(chan struct{})}
	w.stop = sync.OnceFunc(func() { close(w.closing) })
	go w.run(ctx)
	return w
}

// write returns when do is on the disk or has failed. A context that ends only helps while nothing is written yet:
// afterwards the caller waits, so that no write lands after its caller has gone on.
func (w *writer) write(ctx context.Context, do func(ctx context.Context, tx *sql.Tx) error) error {
	ctx, cancel := context.WithTimeout(ctx, waitsFor)
	defer cancel()
	one := &write{do: do, done: make(chan error, 1)}
	select {
	case w.queue <- one:
	case <-w.closing:
		return errClosed
	case <-ctx.Done():
		return ctx.Err()
	}
	select {
	case err := <-one.done:
		return err
	case <-ctx.Done():
		if one.state.CompareAndSwap(waiting, withdrawn) {
			return ctx.Err()
		}
		return <-one.done
	}
}

// close ends the writer after the batch that it is at.
func (w *writer) close() error {
	w.stop()
	<-w.stopped
	return w.db.Close()
}

func (w *writer) run(ctx context.Context) {
	defer close(w.stopped)
	for {
		select {
		case first := <-w.queue:
			w.commit(ctx, w.gather(first))
		case <-w.closing:
			return
		}
	}
}

// gather takes those who wait already, and waits for nobody.
func (w *writer) gather(first *write) []*write {
	batch := []*write{first}
	for len(batch) < longestBatch {
		select {
		case next := <-w.queue:
			batch = append(batch, next)
		default:
			return batch
		}
	}
	return batch
}

// commit writes a batch and answers everyone in it. One that fails gets its error, and the others are tried again
// without it.
func (w *writer) commit(ctx context.Context, batch []*write) {
	for {
		failed, err := w.attempt(ctx, batch)
		if failed == nil {
			for _, one := range batch {
				one.done <- err
			}
			return
		}
		failed.done <- err
		batch = slices.DeleteFunc(batch, func(one *write) bool { return one == failed })
	}
}

// attempt runs a batch in one transaction. It returns the write that failed, or none when the transaction itself did.
func (w *writer) attempt(ctx context.Context, batch []*write) (failed *write, err error) {
	tx, err := w.db.BeginTx(ctx, nil)
	if err != nil {
		return nil, err
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, rollback(tx))
		}
	}()
	for _, one := range batch {
		if !one.begin() {
			continue
		}
		if err := one.do(ctx, tx); err != nil {
			return one, err
		}
	}
	return nil, tx.Commit()
}

func (w *write) begin() bool {
	return w.state.CompareAndSwap(waiting, begun) || w.state.Load() == begun
}

// rollback takes it as done when SQLite has rolled back by itself.
func rollback(tx *sql.Tx) error {
	if err := tx.Rollback(); err != nil && !errors.Is(err, sql.ErrTxDone) {
		return err
	}
	return nil
}
