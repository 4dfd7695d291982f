package target

import (
	"context"
	"sync"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// endRound is how often the watchdog asks what has ended. With what it takes to carry an end out, access is gone within
	// two seconds of the word.
	endRound = time.Second
	// endWindow is how far back it asks then. A tombstone that is written while a grant is on its way to the target may
	// lead to a holding only when that is saved.
	endWindow = time.Minute
	// endSearch is how often it asks without a limit, for what could not be ended at first.
	endSearch = 15 * time.Second
	// endsAtOnce is how many accesses of one target it ends at the same time.
	endsAtOnce = 16
	endPage    = 500
)

// endTombstoned ends the access whose requests have ended, whoever said so and whatever Temporal says: with one question
// a round for all targets of this process. There is no grace, and nothing is late.
func (w *Watchdog) endTombstoned(ctx context.Context) {
	ask := time.NewTicker(endRound)
	defer ask.Stop()
	e := &endings{watchdog: w, busy: map[string]bool{}, failed: failures{}, places: map[string]chan struct{}{}}
	for name := range w.targets {
		e.places[name] = make(chan struct{}, endsAtOnce)
	}
	defer e.all.Wait()
	var asked, searched time.Time // when it was last done with success
	silent := false
	for {
		select {
		case <-ctx.Done():
			return
		case <-ask.C:
		}
		now, within := time.Now(), endWindow
		if now.Sub(searched) >= endSearch || now.Sub(asked) >= endWindow/2 {
			within = 0
		}
		if err := e.round(ctx, within); err != nil {
			if !silent && ctx.Err() == nil {
				w.log.Error("the watchdog can't read what has ended; it asks again", zapError(err))
			}
			silent = true // until it could
			continue
		}
		asked, silent = now, false
		if within == 0 {
			searched = now
		}
	}
}

// endings are the ends that the watchdog carries out.
type endings struct {
	watchdog *Watchdog
	places   map[string]chan struct{} // by target
	all      sync.WaitGroup

	mu     sync.Mutex
	busy   map[string]bool // grants whose end is under way
	failed failures
}

// round sets out to end all that has ended, and waits for none of it: a target that hangs holds up no other.
func (e *endings) round(ctx context.Context, within time.Duration) error {
	targets := make([]string, 0, len(e.places))
	for name := range e.places {
		targets = append(targets, name)
	}
	if len(targets) == 0 {
		return nil
	}
	filter := ledger.EndedFilter{Targets: targets, Within: within, Limit: endPage}
	for {
		asking, done := context.WithTimeout(ctx, rescueAttempt)
		found, err := e.watchdog.tombstones.Ended(asking, filter)
		done()
		if err != nil {
			return err
		}
		for _, holding := range found {
			if e.begin(holding.Grant) {
				e.all.Go(func() { e.end(ctx, holding) })
			}
		}
		if len(found) < endPage {
			return nil
		}
		filter.After = found[len(found)-1].Grant
	}
}

func (e *endings) begin(grant string) bool {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.busy[grant] || e.failed.mustWait(grant) {
		return false
	}
	e.busy[grant] = true
	return true
}

func (e *endings) end(ctx context.Context, holding ledger.Holding) {
	place := e.places[holding.Access.Target]
	err := ctx.Err()
	select {
	case place <- struct{}{}:
		err = e.watchdog.endIfEnded(ctx, holding.Grant)
		<-place
	case <-ctx.Done():
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	delete(e.busy, holding.Grant)
	if e.failed.note(holding.Grant, err) && ctx.Err() == nil {
		e.watchdog.log.Error("the watchdog could not end access whose request has ended; it tries again", zapGrant(holding.Grant), zapError(err))
	}
}

// endIfEnded leaves to a holding the leases of requests that have not ended, and takes the access away when there is none.
func (w *Watchdog) endIfEnded(ctx context.Context, grant string) error {
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
	found, here := w.targets[holding.Access.Target]
	if !holding.Open || !here {
		return nil
	}
	stops, err := locked.Stops(ctx, holding.Leases.Requests()...)
	if err != nil {
		return err
	}
	left := stops.Alive(holding.Leases)
	switch {
	case len(left) == len(holding.Leases):
		return nil
	case len(left) > 0:
		return locked.Save(ctx, shortened(holding, left))
	}
	gone, _, err := w.takeAway(ctx, found, locked, holding.Leases.KeepSessions() && !killed(stops))
	if gone {
		w.log.Info("the watchdog ended access whose requests have ended", zapGrant(grant), zap.Strings("requests", holding.Leases.Requests()))
	}
	return err
}

// shortened is a holding that some of its leases hold up no more.
func shortened(holding ledger.Holding, left contract.Leases) ledger.Holding {
	holding.Leases, holding.Until = left, left.End()
	holding.Uses = usesOf(holding).begin(left, time.Now()).list()
	return holding
}

// killed is true when the end is to spare nothing.
func killed(stops ledger.Stops) bool {
	for _, by := range stops.Ended {
		if by.Kind == contract.EndKillSwitch || by.Kind == contract.EndLeft {
			return true
		}
	}
	return false
}
