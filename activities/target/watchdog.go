package target

import (
	"context"
	"fmt"
	"sync"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// DefaultGrace is how long past its end access may be before the watchdog ends it.
	DefaultGrace = 30 * time.Second

	// rounds is how many times in a grace the watchdog looks.
	rounds        = 8
	shortestRound = 100 * time.Millisecond
	// lockPatience is short: whoever has the lock is about to do what the watchdog would.
	lockPatience = 2 * time.Second
	// rescueAttempt bounds one look with all that follows from it.
	rescueAttempt = 20 * time.Second
	duePage       = 100
	atOnce        = 8 // accesses of one target that are ended at the same time

	firstPause   = time.Second // before a revoke that failed is tried again
	longestPause = 30 * time.Second
	longestAsked = 5 * time.Minute // that a target may ask for
)

// Watchdog is the second pair of eyes: it ends what is past its end plus a grace and nobody has seen gone, and at once
// what people have ended. It needs no Temporal, so that access ends also when Temporal does not run. What is due goes by the
// ledger's clock, and by Temporal's where that is known; see now and isDue.
type Watchdog struct {
	targets    map[string]Target
	holdings   ledger.Holdings
	tombstones ledger.Tombstones
	alarms     ledger.Alarms
	grace      time.Duration
	log        *zap.Logger
	temporal   temporalTime
	owed       owed
}

// NewWatchdog makes a watchdog over the holdings of the targets with these names.
func NewWatchdog(
	targets map[string]Target, holdings ledger.Holdings, tombstones ledger.Tombstones, alarms ledger.Alarms, grace time.Duration, log *zap.Logger,
) *Watchdog {
	return &Watchdog{targets: targets, holdings: holdings, tombstones: tombstones, alarms: alarms, grace: grace, log: log}
}

// Run looks until the context ends, at each target on its own: one that hangs holds up no other.
func (w *Watchdog) Run(ctx context.Context) {
	var all sync.WaitGroup
	all.Go(func() { w.endTombstoned(ctx) })
	all.Go(func() { w.watchOverdue(ctx) })
	for name := range w.targets {
		all.Go(func() { w.watch(ctx, name) })
	}
	all.Wait()
}

func (w *Watchdog) watch(ctx context.Context, name string) {
	look := time.NewTicker(max(w.grace/rounds, shortestRound))
	defer look.Stop()
	failed := failures{}
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			w.round(ctx, name, failed)
		}
	}
}

// round goes through everything that is due, a few at a time, also past what can't be ended.
func (w *Watchdog) round(ctx context.Context, name string, failed failures) {
	w.rescueAll(ctx, w.owed.at(name), failed)
	filter := w.pastGrace(name)
	for ctx.Err() == nil {
		due, err := w.holdings.Due(ctx, filter)
		if err != nil {
			w.log.Error("the watchdog can't read the holdings", zap.String("target", name), zapError(err))
			return
		}
		w.rescueAll(ctx, due, failed)
		if len(due) < duePage {
			return
		}
		filter.After = due[len(due)-1].DueCursor()
	}
}

func (w *Watchdog) rescueAll(ctx context.Context, due []ledger.Holding, failed failures) {
	var all sync.WaitGroup
	places := make(chan struct{}, atOnce)
	outcomes := make([]error, len(due))
	for i, holding := range due {
		if failed.mustWait(holding.Grant) {
			continue
		}
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			outcomes[i] = w.rescue(ctx, holding.Grant)
		})
	}
	all.Wait()
	for i, err := range outcomes {
		if failed.note(due[i].Grant, err) && ctx.Err() == nil {
			w.log.Error("the watchdog could not end access that is past its end; it tries again",
				zapGrant(due[i].Grant), zap.Time("until", due[i].Until), zapError(err))
		}
	}
}

// failures says of each grant that could not be ended when it is tried again.
type failures map[string]failure

type failure struct {
	pause time.Duration
	until time.Time
}

func (f failures) mustWait(grant string) bool { return time.Now().Before(f[grant].until) }

// note remembers how an attempt ended, and says whether it failed. A pause doubles with each failure in a row, and is as
// long as the target asks for.
func (f failures) note(grant string, err error) bool {
	if err == nil {
		if !f.mustWait(grant) {
			delete(f, grant)
		}
		return false
	}
	pause := min(max(2*f[grant].pause, firstPause), longestPause)
	if problem, ok := contract.ProblemOf(err); ok {
		pause = max(pause, min(problem.RetryAfter.Duration, longestAsked))
	}
	f[grant] = failure{pause, time.Now().Add(pause)}
	return true
}

// rescue ends one access, unless somebody else is at it, has done it, or has moved its end.
func (w *Watchdog) rescue(ctx context.Context, grant string) error {
	ctx, cancel := context.WithTimeout(ctx, rescueAttempt)
	defer cancel()
	locked, err := ledger.LockWithin(ctx, w.holdings, grant, lockPatience)
	if err != nil {
		return w.rescueUnlocked(ctx, grant, err)
	}
	defer locked.Unlock()
	ctx, done := whileHeld(ctx)
	defer done()
	now, err := w.now(ctx)
	if err != nil {
		return err
	}
	holding := locked.Holding()
	found, here := w.targets[holding.Access.Target]
	if !holding.Open || !w.isDue(holding, now) || !here {
		w.tellOwed(ctx, holding, now)
		return nil
	}
	gone, there, err := w.takeAway(ctx, found, locked, holding.Leases.KeepSessions())
	if there {
		w.owed.add(holding)
	}
	if gone {
		w.tellOwed(ctx, locked.Holding(), now)
	}
	return err
}

// takeAway ends the access of a holding that nothing holds up, and closes it. It is gone unless a cut-off attempt to grant
// may still land: then the next rounds look again. there is true when it was there until now.
func (w *Watchdog) takeAway(ctx context.Context, found Target, locked ledger.Locked, keepSessions bool) (gone, there bool, err error) {
	holding := locked.Holding()
	if !holding.Standing {
		removed, err := remove(ctx, found.Connector, access(holding.Access, holding.Leases), holding.Proof, keepSessions)
		reporter{w.alarms, w.log}.remnants(ctx, holding.Access, holding.Leases, removed)
		if err != nil {
			return false, false, err
		}
		there = !removed.absent
		holding.Proof.Unconfirmed, holding.Proof.Absent = removed.unconfirmed, removed.absent
	}
	now, err := w.now(ctx)
	if err != nil || !holding.Standing && holding.SettledAt.After(now) {
		return false, there, err
	}
	if err := locked.Save(ctx, closed(holding, now)); err != nil {
		return false, there, fmt.Errorf("the access is gone, but its holding still says that it is there: %w", err)
	}
	return true, there, nil
}

// closed is a holding of access that was seen to be gone now.
func closed(holding ledger.Holding, now time.Time) ledger.Holding {
	holding = over(holding, now)
	holding.GoneAt, holding.SettledAt = now, time.Time{}
	return holding
}
