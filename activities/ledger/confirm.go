package ledger

import (
	"context"
	"errors"
	"time"
)

const (
	// confirmWithin is how long somebody waits for the lock of a holding that an alarm would be about.
	confirmWithin = 2 * time.Second
	// lookWithin is how long the lock is kept for a look.
	lookWithin = 5 * time.Second
)

// Confirm looks once more at what was found about a holding, with its lock in hand, before anybody is told: an alarm
// says what is so now, and not what was true when a list was read. It fails while the lock can't be had: something
// happens to the access at this moment, and whoever found it finds it again if it stays.
func Confirm(
	ctx context.Context,
	holdings Holdings,
	grant string,
	still func(context.Context, Holding) (bool, error),
) (bool, error) {
	locked, err := LockWithin(ctx, holdings, grant, confirmWithin)
	if err != nil {
		return false, err
	}
	defer locked.Unlock()
	looking, done := context.WithTimeout(ctx, lookWithin)
	defer done()
	return still(looking, locked.Holding())
}

// ConfirmRead is Confirm for what must be told also while somebody hangs with the lock: then what was last saved
// counts.
func ConfirmRead(
	ctx context.Context,
	holdings Holdings,
	grant string,
	still func(context.Context, Holding) (bool, error),
) (bool, error) {
	so, err := Confirm(ctx, holdings, grant, still)
	if err == nil || ctx.Err() != nil {
		return so, err
	}
	holding, err := holdings.Read(ctx, grant)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return false, err
	}
	return still(ctx, holding)
}

// LockWithin locks a holding, or returns when its time is over, also when the store needs longer to notice that.
func LockWithin(ctx context.Context, holdings Holdings, grant string, within time.Duration) (Locked, error) {
	ctx, done := context.WithTimeout(ctx, within)
	defer done()
	var locked Locked
	var err error
	answered := make(chan struct{})
	go func() {
		defer close(answered)
		locked, err = holdings.Lock(ctx, grant)
	}()
	select {
	case <-answered:
		return locked, err
	case <-ctx.Done():
	}
	go func() { // nobody waits for it any more
		<-answered
		if err == nil {
			locked.Unlock()
		}
	}()
	return nil, ctx.Err()
}
