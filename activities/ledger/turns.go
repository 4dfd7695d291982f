package ledger

import (
	"context"
	"hash/fnv"
	"math"
	"sync"
)

// Turns lets one goroutine of this process at a time ask for the lock of a holding, in the order in which they came.
// What keeps other processes out is each store's own.
type Turns struct {
	mu    sync.Mutex
	lines map[int64]*line
}

// line is where goroutines stand in line for one key. Who takes the token out has the turn; a channel serves those that
// wait in the order in which they came.
type line struct {
	token  chan struct{}
	length int // those who wait and the one who has the turn
}

// LockKey is the number by which a store locks a holding, at least 0. Two grants with one key, which is next to
// impossible, wait for each other and do no other harm.
func LockKey(grant string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte(grant))
	return int64(hash.Sum64() & math.MaxInt64)
}

// Take waits for the turn.
func (t *Turns) Take(ctx context.Context, key int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case <-t.join(key).token:
		return nil
	case <-ctx.Done():
		t.leave(key)
		return ctx.Err()
	}
}

// Pass gives the turn to the next in line. Only who has it may call it.
func (t *Turns) Pass(key int64) {
	t.mu.Lock()
	queue := t.lines[key]
	t.mu.Unlock()
	queue.token <- struct{}{}
	t.leave(key)
}

func (t *Turns) join(key int64) *line {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue, found := t.lines[key]
	if !found {
		queue = &line{token: make(chan struct{}, 1)}
		queue.token <- struct{}{}
		if t.lines == nil {
			t.lines = map[int64]*line{}
		}
		t.lines[key] = queue
	}
	queue.length++
	return queue
}

func (t *Turns) leave(key int64) {
	t.mu.Lock()
	defer t.mu.Unlock()
	queue := t.lines[key]
	queue.length--
	if queue.length == 0 {
		delete(t.lines, key)
	}
}
