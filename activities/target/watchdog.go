package target

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	"curfew/activities/ledger"
)

const (
	// DefaultGrace is how long past its end access may be, by the ledger's clock, before the watchdog ends it.
	DefaultGrace = 30 * time.Second
	// overdueAfter is how long past its end it may be by Temporal's own clock: whoever was to end it by then is dead,
	// hangs or is cut off.
	overdueAfter = 5 * time.Second

	// askEvery is how often the watchdog asks the ledger, one question for all its targets, and askWithin bounds a
	// question.
	askEvery  = time.Second
	askWithin = 5 * time.Second
	askPage   = 500
)

// Watchdog is the second pair of eyes: it ends what is past its end and nobody has seen gone, and at once what people
// have ended. It needs no Temporal, so that access ends also when Temporal does not run. Planned ends go by Temporal's
// clock: where the watchdog knows that one, it follows it. Otherwise it goes by the ledger's, and leaves the grace to
// clocks that differ.
type Watchdog struct {
	*systems
	grace    time.Duration
	temporal temporalTime
	rescues  *rescues
	owed     owed
	began    time.Time
}

// Follow tells the watchdog of an instant of the Temporal server's clock that is over.
func (w *Watchdog) Follow(at time.Time) { w.temporal.saw(at) }

// Run looks until the context ends.
func (w *Watchdog) Run(ctx context.Context) {
	if len(w.targets) == 0 {
		return
	}
	w.began = time.Now()
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
func (w *Watchdog) overdue(ctx context.Context) (time.Time, error) {
	if now, known := w.temporal.now(); known {
		return now.Add(-overdueAfter).UTC(), nil
	}
	now, err := w.holdings.Now(ctx)
	return now.Add(-w.grace), err
}

// now is the ledger's time. A file has none. Then it is Temporal's, where that is known, because planned ends go by it,
// and the machine's only where nobody else has said what the time is.
func (w *Watchdog) now(ctx context.Context) (time.Time, error) {
	if now, known := w.temporal.now(); known && !w.holdings.HasClock() {
		return now.UTC(), nil
	}
	return w.holdings.Now(ctx)
}

// due finds what is overdue, by the ledger's clock in the ledger's own query.
func (w *Watchdog) due() ledger.DueFilter {
	filter := ledger.DueFilter{Past: w.grace, Targets: w.names(), Limit: askPage}
	if now, known := w.temporal.now(); known {
		filter.Before = now.Add(-overdueAfter)
	}
	return filter
}

// knowsTheTime is false while a process that has just begun might go by a wrong clock of its own: where the ledger is a
// file, it waits a grace for Temporal's.
func (w *Watchdog) knowsTheTime() bool {
	_, known := w.temporal.now()
	return known || w.holdings.HasClock() || time.Since(w.began) > w.grace
}

// endOverdue sets out to end all that is overdue, also past what can't be ended.
func (w *Watchdog) endOverdue(ctx context.Context) error {
	if !w.knowsTheTime() {
		return nil
	}
	for _, taken := range w.owed.all() {
		w.rescues.start(ctx, taken, w.endIfOverdue)
	}
	for filter := w.due(); ; {
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
	overdue, err := w.overdue(ctx)
	if err != nil {
		return err
	}
	locked, err := lockToEnd(ctx, w.holdings, listed.Grant, overdueAfter+overdue.Sub(listed.Until))
	if err != nil {
		return w.endUnlocked(ctx, found, listed.Grant, err, func(holding ledger.Holding) (bool, error) {
			return holding.Until.Before(overdue), nil
		})
	}
	defer locked.Unlock()
	ctx, done := w.whileEnding(ctx, listed.Access.Target)
	defer done()
	holding := locked.Holding()
	if !holding.Open || !holding.Until.Before(overdue) {
		w.tellOwed(ctx, holding)
		return nil
	}
	after, gone, err := w.close(ctx, found, locked, holding.Leases.KeepSessions())
	if err != nil {
		return err
	}
	if !holding.Standing && !gone.absent {
		w.owed.add(holding)
	}
	if !after.Open {
		w.observeEnd(after, ByWatchdog, holding.Until)
		w.tellOwed(ctx, after)
	}
	return nil
}

// observeEnd has it told that access is gone that was to end at an instant.
func (w *Watchdog) observeEnd(after ledger.Holding, by string, until time.Time) {
	if !after.Standing {
		w.observer.Ended(after.Access.Target, by, after.GoneAt.Sub(until))
	}
}

// close ends the access of a holding that nothing holds up, and writes what came of it: it is closed unless a cut-off
// attempt to grant may still land. Then the watchdog comes again.
func (w *Watchdog) close(
	ctx context.Context,
	found Target,
	locked ledger.Locked,
	keepSessions bool,
) (ledger.Holding, removed, error) {
	before := locked.Holding()
	asked, err := w.now(ctx)
	if err != nil {
		return before, removed{}, err
	}
	began := time.Now()
	now := func() time.Time { return asked.Add(time.Since(began)) }
	after, gone, err := w.takeAway(ctx, found.Connector, before, keepSessions, now)
	if err != nil || after.Open {
		return after, gone, err
	}
	if err := locked.Save(ctx, after); err != nil {
		return before, gone, fmt.Errorf("the access is gone, but its holding still says that it is there: %w", err)
	}
	return after, gone, nil
}

// endUnlocked ends access whose lock somebody keeps who should have let go of it, if it is to end by what can be read.
// Its holding stays open: the watchdog comes again until it has had the lock and looked.
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
	if overdue, err := w.overdue(ctx); err == nil && !gone.absent && holding.Until.Before(overdue) {
		w.owed.add(holding)
	}
	return fmt.Errorf("it was taken away, and nobody could look with the lock of its holding: %w", cause)
}
