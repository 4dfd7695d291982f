package target

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"curfew/activities/ledger"
)

const (
	// overdueAfter is how long past its end access may be by Temporal's own clock before the watchdog ends it: whoever was to
	// do so is dead, hangs or is cut off.
	overdueAfter = 5 * time.Second
	// overdueEvery is how often it looks.
	overdueEvery = time.Second
	overduePage  = 500
)

// Follow tells the watchdog of an instant of the Temporal server's clock that is over. Planned ends go by that clock: whoever
// knows it need not leave its grace to clocks that differ.
func (w *Watchdog) Follow(at time.Time) { w.temporal.saw(at) }

// watchOverdue ends access that is past its end by Temporal's clock, for as long as that clock is known. One query is for
// all targets; one that hangs holds up no other.
func (w *Watchdog) watchOverdue(ctx context.Context) {
	lanes := map[string]*lane{}
	for name := range w.targets {
		lanes[name] = &lane{failed: failures{}}
	}
	var all sync.WaitGroup
	defer all.Wait()
	look := time.NewTicker(overdueEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
		for name, due := range w.overdue(ctx) {
			if one := lanes[name]; one != nil && one.busy.CompareAndSwap(false, true) {
				all.Go(func() {
					defer one.busy.Store(false)
					w.rescueAll(ctx, due, one.failed)
				})
			}
		}
	}
}

// lane is what is done at one target.
type lane struct {
	busy   atomic.Bool
	failed failures
}

// overdue finds what is past its end by Temporal's clock, by target. What is past its grace as well is left to the rounds.
func (w *Watchdog) overdue(ctx context.Context) map[string][]ledger.Holding {
	now, known := w.temporal.now()
	if !known {
		return nil
	}
	ctx, done := context.WithTimeout(ctx, listenWithin)
	defer done()
	here, err := w.now(ctx)
	if err != nil {
		return nil // the rounds say so
	}
	filter := ledger.DueFilter{Before: now.Add(-overdueAfter), Targets: w.names(), Limit: overduePage}
	found := map[string][]ledger.Holding{}
	for {
		due, err := w.holdings.Due(ctx, filter)
		if err != nil {
			return found // the rounds say so
		}
		for _, holding := range due {
			if !w.isPastGrace(holding, here) {
				found[holding.Access.Target] = append(found[holding.Access.Target], holding)
			}
		}
		if len(due) < overduePage {
			return found
		}
		filter.After = due[len(due)-1].DueCursor()
	}
}

func (w *Watchdog) names() []string {
	var names []string
	for name := range w.targets {
		names = append(names, name)
	}
	return names
}

// now is what ends are compared with: the ledger's clock. A file has none. Then it is Temporal's, where that is known, because
// planned ends go by it, and the machine's only where nobody else has said what the time is.
func (w *Watchdog) now(ctx context.Context) (time.Time, error) {
	if now, known := w.temporal.now(); known && !w.holdings.HasClock() {
		return now.UTC(), nil
	}
	return w.holdings.Now(ctx)
}

// pastGrace finds what is past its end by more than the grace.
func (w *Watchdog) pastGrace(name string) ledger.DueFilter {
	filter := ledger.DueFilter{Past: w.grace, Targets: []string{name}, Limit: duePage}
	if now, known := w.temporal.now(); known && !w.holdings.HasClock() {
		filter.Before = now.Add(-w.grace)
	}
	return filter
}

func (w *Watchdog) isPastGrace(holding ledger.Holding, now time.Time) bool {
	return !holding.Until.Add(w.grace).After(now)
}

// isDue is true when nobody else will end it in time.
func (w *Watchdog) isDue(holding ledger.Holding, now time.Time) bool {
	if temporal, known := w.temporal.now(); known && !holding.Until.Add(overdueAfter).After(temporal) {
		return true
	}
	return w.isPastGrace(holding, now)
}

// temporalTime is what a process knows of the Temporal server's clock: that it is at least so far, however wrong the clock of
// this machine may be. It counts on by the monotonic clock, also while Temporal is down.
type temporalTime struct {
	mu           sync.Mutex
	best, newest moment
}

// keptFor is how long the best of what was heard counts: the server's clock may have been set back since.
const keptFor = 10 * time.Minute

// moment is an instant of the server's clock, and when it was over here.
type moment struct{ server, here time.Time }

func (m moment) now() time.Time { return m.server.Add(time.Since(m.here)) }

func (t *temporalTime) saw(server time.Time) {
	t.mu.Lock()
	defer t.mu.Unlock()
	heard := moment{server, time.Now()}
	if t.newest.here.IsZero() || time.Since(t.newest.here) > keptFor {
		t.best, t.newest = t.newest, heard
	}
	if heard.now().After(t.newest.now()) {
		t.newest.server = t.newest.server.Add(heard.now().Sub(t.newest.now()))
	}
}

func (t *temporalTime) now() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.newest.here.IsZero() {
		return time.Time{}, false
	}
	if now := t.best; !now.here.IsZero() && now.now().After(t.newest.now()) {
		return now.now(), true
	}
	return t.newest.now(), true
}
