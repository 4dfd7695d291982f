package target

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// DefaultGrace is how long past its end access may be, by this machine's clock, before the watchdog ends it.
	DefaultGrace = 30 * time.Second
	// overdueAfter is how long past its end it may be by Temporal's own clock: whoever was to end it by then is dead, hangs or
	// is cut off.
	overdueAfter = 5 * time.Second

	// askEvery is how often the watchdog asks the ledger, one question for all its targets, and askWithin bounds a question.
	askEvery  = time.Second
	askWithin = 5 * time.Second
	askPage   = 500
)

// Watchdog is the second pair of eyes: it ends what is past its end and nobody has seen gone, and at once what people have
// ended. It needs no Temporal, so that access ends also when Temporal does not run. Planned ends go by Temporal's clock: where
// the watchdog knows that one, it follows it. Otherwise it goes by this machine's, and leaves the grace to clocks that differ.
type Watchdog struct {
	*systems
	grace    time.Duration
	temporal temporalTime
	rescues  *rescues
}

// Follow tells the watchdog of an instant of the Temporal server's clock that is over.
func (w *Watchdog) Follow(at time.Time) { w.temporal.saw(at) }

// Run looks until the context ends.
func (w *Watchdog) Run(ctx context.Context) {
	if len(w.targets) == 0 {
		return
	}
	defer w.rescues.all.Wait()
	var asking sync.WaitGroup
	asking.Go(func() { w.watch(ctx, "what is past its end", w.endOverdue) })
	asking.Go(func() { w.watch(ctx, "what has ended", (&endedLately{Watchdog: w}).end) })
	asking.Wait()
}

// watch asks again and again, and says once that the ledger does not answer.
func (w *Watchdog) watch(ctx context.Context, what string, ask func(context.Context) error) {
	tick := time.NewTicker(askEvery)
	defer tick.Stop()
	silent := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		err := ask(ctx)
		if err != nil && !silent && ctx.Err() == nil {
			w.log.Error("the watchdog can't read "+what+"; it asks again", zapError(err))
		}
		silent = err != nil
	}
}

func (w *Watchdog) names() []string { return slices.Collect(maps.Keys(w.targets)) }

// overdue is the instant since when nobody else will end what had its end before.
func (w *Watchdog) overdue() time.Time {
	since := time.Now().Add(-w.grace)
	if now, known := w.temporal.now(); known {
		return latest(since, now.Add(-overdueAfter))
	}
	return since
}

// endOverdue sets out to end all that is overdue, also past what can't be ended.
func (w *Watchdog) endOverdue(ctx context.Context) error {
	filter := ledger.DueFilter{Before: w.overdue(), Targets: w.names(), Limit: askPage}
	for {
		asking, done := context.WithTimeout(ctx, askWithin)
		due, err := w.holdings.Due(asking, filter)
		done()
		if err != nil {
			return err
		}
		for _, holding := range due {
			w.rescues.start(ctx, holding, w.endIfOverdue)
		}
		if len(due) < askPage {
			return nil
		}
		filter.After = due[len(due)-1].DueCursor()
	}
}

// endIfOverdue ends one access, unless somebody else has done it or has moved its end.
func (w *Watchdog) endIfOverdue(ctx context.Context, found Target, listed ledger.Holding) error {
	overdue := w.overdue()
	late := overdueAfter + overdue.Sub(listed.Until)
	locked, err := lockToEnd(ctx, w.holdings, listed.Grant, late)
	if err != nil {
		return w.endUnlocked(ctx, found, listed.Grant, err, func(holding ledger.Holding) (bool, error) {
			return holding.Until.Before(overdue), nil
		})
	}
	defer locked.Unlock()
	ctx, done := whileHeld(ctx)
	defer done()
	holding := locked.Holding()
	if !holding.Open || !holding.Until.Before(overdue) {
		return nil
	}
	after, gone, err := w.close(ctx, found, locked, holding.Leases.KeepSessions())
	if err == nil && !after.Open && !holding.Standing && !gone.absent {
		w.reportLate(ctx, after, holding)
	}
	return err
}

// close ends the access of a holding that nothing holds up, and writes what came of it: it is closed unless a cut-off attempt to
// grant may still land. Then the watchdog comes again.
func (w *Watchdog) close(ctx context.Context, found Target, locked ledger.Locked, keepSessions bool) (ledger.Holding, removed, error) {
	before := locked.Holding()
	after, gone, err := w.takeAway(ctx, found.Connector, before, keepSessions, time.Now)
	if err != nil || after.Open {
		return after, gone, err
	}
	if err := locked.Save(ctx, after); err != nil {
		return before, gone, fmt.Errorf("the access is gone, but its holding still says that it is there: %w", err)
	}
	return after, gone, nil
}

// endUnlocked ends access whose lock somebody keeps who should have let go of it, if it is to end by what can be read. Its holding
// stays open: the watchdog comes again until it has had the lock and looked.
func (w *Watchdog) endUnlocked(
	ctx context.Context, found Target, grant string, cause error, ends func(ledger.Holding) (bool, error),
) error {
	holding, err := w.holdings.Read(ctx, grant)
	if err != nil || !holding.Open || holding.Standing {
		return cause
	}
	if due, err := ends(holding); err != nil || !due {
		return cause
	}
	ctx, done := whileHeld(ctx)
	defer done()
	gone, err := w.remove(ctx, found.Connector, holding, holding.Leases.KeepSessions())
	if err != nil {
		return err
	}
	if !gone.absent && holding.Until.Before(w.overdue()) {
		after := holding
		after.Proof.Unconfirmed = gone.unconfirmed
		w.reportLate(ctx, after, holding)
	}
	return fmt.Errorf("it was taken away, and nobody could look with the lock of its holding: %w", cause)
}

// reportLate raises the alarm about access that was past its end and still there.
func (w *Watchdog) reportLate(ctx context.Context, after, ended ledger.Holding) {
	now := time.Now().UTC()
	w.log.Warn("the watchdog ended access that was past its end", zapGrant(ended.Grant), zap.Time("until", ended.Until))
	err := w.alarms.Raise(ctx, contract.Alarm{
		ID:   fmt.Sprintf("%s/%d/%s/%d", ended.Grant, ended.Token.Epoch, contract.AlarmLate, ended.Until.Unix()),
		Kind: contract.AlarmLate, At: now, Target: ended.Access.Target, Grant: ended.Grant, Requests: ended.Leases.Requests(),
		Actor: contract.ActorWatchdog,
		Text: fmt.Sprintf("The access of %s was to end at %s and was still there %s later. The watchdog %s: see whether Temporal and the workers run.",
			ended.Access.Account, ended.Until.UTC().Format(time.RFC3339), now.Sub(ended.Until).Round(time.Second), doneBy(after.Proof)),
	})
	if err != nil {
		w.log.Error("the ledger did not take the watchdog's alarm", zapGrant(ended.Grant), zapError(err))
	}
}

// doneBy says what the watchdog has done, and no more.
func doneBy(proof ledger.Proof) string {
	if proof.Unconfirmed {
		return "removed it, and can't confirm that it is gone"
	}
	return "ended it"
}
