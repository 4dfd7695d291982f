package target

import (
	"context"
	"fmt"
	"maps"
	"slices"
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
	// rescueAttempt bounds one revoke with the end of sessions and the read-back.
	rescueAttempt = 20 * time.Second
	duePage       = 100
)

// Watchdog is the second pair of eyes: it ends what is past its end plus a grace and nobody has seen gone. It knows
// nothing of Temporal, so that access ends also when Temporal does not run. It goes by this machine's clock, so clocks
// must agree to less than the grace.
type Watchdog struct {
	targets  map[string]Target
	holdings ledger.Holdings
	alarms   ledger.Alarms
	grace    time.Duration
	log      *zap.Logger
}

// NewWatchdog makes a watchdog over the holdings of the targets with these names.
func NewWatchdog(targets map[string]Target, holdings ledger.Holdings, alarms ledger.Alarms, grace time.Duration, log *zap.Logger) *Watchdog {
	return &Watchdog{targets: targets, holdings: holdings, alarms: alarms, grace: grace, log: log}
}

// Run looks until the context ends.
func (w *Watchdog) Run(ctx context.Context) {
	if len(w.targets) == 0 {
		return // and an empty filter would mean the targets of everybody
	}
	look := time.NewTicker(max(w.grace/rounds, shortestRound))
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
			w.round(ctx)
		}
	}
}

// round goes through everything that is due, also past what can't be ended: nothing stuck holds up anything else.
func (w *Watchdog) round(ctx context.Context) {
	filter := ledger.DueFilter{
		Before: time.Now().Add(-w.grace), Targets: slices.Sorted(maps.Keys(w.targets)), Limit: duePage,
	}
	for ctx.Err() == nil {
		due, err := w.holdings.Due(ctx, filter)
		if err != nil {
			w.log.Error("the watchdog can't read the holdings", zapError(err))
			return
		}
		for _, holding := range due {
			if err := w.rescue(ctx, holding.Grant); err != nil && ctx.Err() == nil {
				w.log.Error("the watchdog could not end access that is past its end; it tries again",
					zapGrant(holding.Grant), zap.Time("until", holding.Until), zapError(err))
			}
		}
		if len(due) < duePage {
			return
		}
		filter.After = due[len(due)-1].DueCursor()
	}
}

// rescue ends one access, unless somebody else is at it, has done it, or has moved its end.
func (w *Watchdog) rescue(ctx context.Context, grant string) error {
	ctx, cancel := context.WithTimeout(ctx, rescueAttempt)
	defer cancel()
	patient, done := context.WithTimeout(ctx, lockPatience)
	defer done()
	locked, err := w.holdings.Lock(patient, grant)
	if err != nil {
		return err
	}
	defer locked.Unlock()
	holding := locked.Holding()
	if !holding.Open || holding.Until.Add(w.grace).After(time.Now()) {
		return nil
	}
	found, here := w.targets[holding.Access.Target]
	if !here {
		return nil
	}
	if holding.Standing {
		return locked.Save(ctx, closed(holding))
	}
	if _, err := remove(ctx, found.Connector, access(holding.Access, holding.Leases), holding.Leases.KeepSessions()); err != nil {
		return err
	}
	if holding.SettledAt.After(time.Now()) {
		return nil // a cut-off attempt may still land: the next rounds look again
	}
	if err := locked.Save(ctx, closed(holding)); err != nil {
		return fmt.Errorf("the access is gone, but its holding still says that it is there: %w", err)
	}
	w.tell(ctx, holding)
	return nil
}

// closed is a holding of access that was seen to be gone just now.
func closed(holding ledger.Holding) ledger.Holding {
	holding.Open, holding.Leases, holding.GoneAt, holding.SettledAt = false, nil, time.Now().UTC(), time.Time{}
	return holding
}

func (w *Watchdog) tell(ctx context.Context, ended ledger.Holding) {
	now := time.Now().UTC()
	w.log.Warn("the watchdog ended access that was past its end", zapGrant(ended.Grant), zap.Time("until", ended.Until))
	err := w.alarms.Raise(ctx, contract.Alarm{
		ID:   fmt.Sprintf("%s/%d/%s/%d", ended.Grant, ended.Token.Epoch, contract.AlarmLate, ended.Until.Unix()),
		Kind: contract.AlarmLate, At: now, Target: ended.Access.Target, Grant: ended.Grant, Requests: ended.Leases.Requests(),
		Actor: contract.ActorWatchdog,
		Text: fmt.Sprintf("The access of %s was to end at %s and was still there %s later. The watchdog ended it: see whether Temporal and the workers run.",
			ended.Access.Account, ended.Until.UTC().Format(time.RFC3339), now.Sub(ended.Until).Round(time.Second)),
	})
	if err != nil {
		w.log.Error("the ledger did not take the watchdog's alarm", zapGrant(ended.Grant), zapError(err))
	}
}
