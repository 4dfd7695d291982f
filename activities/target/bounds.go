package target

import (
	"context"
	"time"

	"curfew/workflows/contract"
)

const (
	// CallTimeout bounds one call to a target: to connect, to ask and to be answered. Connectors keep to it, each call
	// of theirs by itself: who waits longer waits for a system that hangs.
	CallTimeout = 5 * time.Second
	// HonestHold is how long an honest attempt keeps a holding locked at most. Whoever has the lock for longer hangs.
	HonestHold = heldCalls + heldNote + heldUnlock

	heldCalls  = 8 * time.Second // shared by all that is asked of the target and of the ledger
	heldAnyhow = 3 * time.Second // where the target does not seem to be reached: another worker may be waiting for the lock
	heldNote   = time.Second     // to write what became of a grant that failed
	heldUnlock = time.Second     // to let go
)

// whileHeld bounds what is done under a holding's lock.
func whileHeld(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, heldCalls)
}

// whileEnding is whileHeld for an end. It is made also where no ping reaches the target, and must then not keep others
// from it.
func (s *systems) whileEnding(ctx context.Context, target string) (context.Context, context.CancelFunc) {
	if s.lines[target].isCut() {
		return context.WithTimeout(ctx, heldAnyhow)
	}
	return whileHeld(ctx)
}

const (
	firstRetry   = 200 * time.Millisecond
	slowestRetry = 4 * time.Second
)

// retrySoon has an end that failed for a reason that may pass tried again within seconds: so the access goes soon after
// its target is back. What the target itself asks for counts more.
func retrySoon(err error, attempt int32) error {
	problem, ok := contract.ProblemOf(err)
	if !ok || problem.Kind != contract.KindUnavailable || problem.RetryAfter.Duration > 0 {
		return err
	}
	again := *problem
	again.RetryAfter.Duration = min(firstRetry<<min(attempt-1, 10), slowestRetry)
	return &again
}
