package target

import (
	"context"
	"errors"
	"fmt"
	"time"

	"curfew/activities/ledger"
)

// waitOut is how long the watchdog waits on for a lock that it did not get, rather than to come again.
const waitOut = 5 * time.Second

// rescueUnlocked ends access whose lock somebody has who should have let go of it: whoever had it when the access was to end
// keeps it no longer than HonestHold. The holding stays open: the watchdog comes again until it has had the lock and looked.
func (w *Watchdog) rescueUnlocked(ctx context.Context, grant string, cause error) error {
	holding, err := w.holdings.Read(ctx, grant)
	found, here := w.targets[holding.Access.Target]
	if err != nil {
		return errors.Join(cause, err)
	}
	now, err := w.now(ctx)
	if err != nil || !here || !holding.Open || holding.Standing || !w.isDue(holding, now) {
		return errors.Join(cause, err)
	}
	switch left := HonestHold - w.past(holding, now); {
	case left > waitOut:
		return cause
	case left > 0:
		if locked, err := ledger.LockWithin(ctx, w.holdings, grant, left); err == nil {
			locked.Unlock()
			return w.rescue(ctx, grant)
		}
	}
	gone, err := remove(ctx, found.Connector, access(holding.Access, holding.Leases), holding.Proof, holding.Leases.KeepSessions())
	if err != nil {
		return err
	}
	if !gone.absent {
		w.owed.add(holding)
	}
	return fmt.Errorf("it was taken away, and nobody could look with the lock of its holding: %w", cause)
}

// past is how long ago the access was to end: by Temporal's clock, or by the ledger's where that is not known.
func (w *Watchdog) past(holding ledger.Holding, now time.Time) time.Duration {
	if temporal, known := w.temporal.now(); known {
		now = temporal
	}
	return now.Sub(holding.Until)
}
