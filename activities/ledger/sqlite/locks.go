package sqlite

import (
	"context"
	"fmt"
	"hash/fnv"
	"math"
	"sync"
	"time"
)

// locks gives each name to one holder at a time, over all goroutines and all processes that opened the same path.
// The kernel takes a lock back when the process that holds it dies.
type locks struct {
	file *lockFile

	mu    sync.Mutex
	lines map[int64]*line
}

// line is where the goroutines of this process stand in line for one key. Who takes the token out has the turn; a
// channel serves those that wait in the order in which they came.
type line struct {
	token  chan struct{}
	length int // those who wait and the one who has the turn
}

func openLocks(path string) (*locks, error) {
	file, err := openLockFile(path)
	if err != nil {
		return nil, err
	}
	return &locks{file: file, lines: map[int64]*line{}}, nil
}

// lock waits for the name. The returned function lets go of it and may be called more than once.
func (l *locks) lock(ctx context.Context, name string) (unlock func(), err error) {
	key := keyOf(name)
	if err := l.takeTurn(ctx, key); err != nil {
		return nil, err
	}
	if err := l.waitForProcesses(ctx, key); err != nil {
		l.passTurn(key)
		return nil, err
	}
	return sync.OnceFunc(func() {
		l.file.unlock(key)
		l.passTurn(key)
	}), nil
}

// keyOf is where in the lock file a name has its place. Two names with one key, which is next to impossible, would
// wait for each other and do no other harm.
func keyOf(name string) int64 {
	hash := fnv.New64a()
	hash.Write([]byte(name))
	return int64(hash.Sum64() & math.MaxInt64)
}

// takeTurn waits for the other goroutines of this process: the kernel doesn't tell them apart.
func (l *locks) takeTurn(ctx context.Context, key int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l.mu.Lock()
	queue, found := l.lines[key]
	if !found {
		queue = &line{token: make(chan struct{}, 1)}
		queue.token <- struct{}{}
		l.lines[key] = queue
	}
	queue.length++
	l.mu.Unlock()

	select {
	case <-queue.token:
		return nil
	case <-ctx.Done():
		l.leave(key)
		return ctx.Err()
	}
}

func (l *locks) passTurn(key int64) {
	l.mu.Lock()
	queue := l.lines[key]
	l.mu.Unlock()
	queue.token <- struct{}{}
	l.leave(key)
}

func (l *locks) leave(key int64) {
	l.mu.Lock()
	defer l.mu.Unlock()
	queue := l.lines[key]
	queue.length--
	if queue.length == 0 {
		delete(l.lines, key)
	}
}

// How often to ask for a lock that another process holds. The kernel can wait itself, but not until a context ends.
const (
	firstPoll   = time.Millisecond
	slowestPoll = 25 * time.Millisecond
)

func (l *locks) waitForProcesses(ctx context.Context, key int64) error {
	for pause := firstPoll; ; pause = min(2*pause, slowestPoll) {
		got, err := l.file.tryLock(key)
		if err != nil {
			return fmt.Errorf("lock in %s: %w", l.file.path, err)
		}
		if got {
			return nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}
