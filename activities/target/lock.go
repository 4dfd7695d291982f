package target

import (
	"context"
	"time"

	"curfew/activities/ledger"
)

// secondAsk is how long after a ledger that can't be reached it is asked once more before an end goes ahead: a restart
// or a fail-over may be all that it is.
const secondAsk = time.Second

// leastPatience is how long that takes at least, however late it comes itself.
const leastPatience = 2 * time.Second

// lockToEnd locks a holding for whoever is to end its access, and waits no longer than somebody honest can have it who
// had it at the instant: whoever has it for longer hangs, and so does a ledger that has not answered by then. late is
// how long ago that was.
func lockToEnd(ctx context.Context, holdings ledger.Holdings, grant string, late time.Duration) (ledger.Locked, error) {
	began, patience := time.Now(), max(HonestHold-late, leastPatience)
	locked, err := ledger.LockWithin(ctx, holdings, grant, patience)
	if err == nil || time.Since(began) > secondAsk {
		return locked, err
	}
	again := time.NewTimer(secondAsk - time.Since(began))
	defer again.Stop()
	select {
	case <-again.C:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	return ledger.LockWithin(ctx, holdings, grant, patience-secondAsk)
}
