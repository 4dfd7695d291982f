package sqlite

import (
	"context"
	"fmt"
	"sync"
	"time"

	"curfew/activities/ledger"
)

// locks gives each name to one holder at a time, over all goroutines and all processes that opened the same path.
// The kernel takes a lock back when the process that holds it dies.
type locks struct {
	file  *lockFile
	turns ledger.Turns // the kernel doesn't distinguish goroutines
}

func openLocks(path string) (*locks, error) {
	file, err := openLockFile(path)
	if err != nil {
		return nil, err
	}
	return &locks{file: file}, nil
}

// lock waits for the name. The returned function lets go of it and may be called more than once.
func (l *locks) lock(ctx context.Context, name string) (unlock func(), err error) {
	key := ledger.LockKey(name)
	if err := l.turns.Take(ctx, key); err != nil {
		return nil, err
	}
	if err := l.waitForProcesses(ctx, key); err != nil {
		l.turns.Pass(key)
		return nil, err
	}
	return sync.OnceFunc(func() {
		l.file.unlock(key)
		l.turns.Pass(key)
	}), nil
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
