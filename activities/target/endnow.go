package target

import (
	"context"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// endedWindow is how far back the watchdog asks for tombstones. One that is written while a grant is on its way to
	// the target may lead to a holding only when that is saved.
	endedWindow = time.Minute
	// endedSearch is how often it asks without a limit, for what could not be ended at first.
	endedSearch = 15 * time.Second
)

// endedLately ends the access whose requests have ended, whoever said so and whatever Temporal says. There is no grace,
// and nothing is late: asked for once a second, access is gone within two seconds of the word.
type endedLately struct {
	*Watchdog
	asked, searched time.Time // when that was last done with success
}

// end sets out to end all that has ended.
func (e *endedLately) end(ctx context.Context) error {
	now, within := time.Now(), endedWindow
	if now.Sub(e.searched) >= endedSearch || now.Sub(e.asked) >= endedWindow/2 {
		within = 0
	}
	if err := e.endWithin(ctx, within); err != nil {
		return err
	}
	if e.asked = now; within == 0 {
		e.searched = now
	}
	return nil
}

func (w *Watchdog) endWithin(ctx context.Context, within time.Duration) error {
	filter := ledger.EndedFilter{Targets: w.names(), Within: within, Limit: askPage}
	for {
		asking, done := context.WithTimeout(ctx, askWithin)
		ended, err := w.tombstones.Ended(asking, filter)
		done()
		if err != nil {
			return err
		}
		for _, holding := range ended {
			w.rescues.start(ctx, holding, w.endIfEnded)
		}
		if len(ended) < askPage {
			return nil
		}
		filter.After = ended[len(ended)-1].Grant
	}
}

// endIfEnded leaves to a holding the leases of requests that have not ended, and ends the access when there is none.
func (w *Watchdog) endIfEnded(ctx context.Context, found Target, listed ledger.Holding) error {
	locked, err := lockToEnd(ctx, w.holdings, listed.Grant, 0)
	if err != nil {
		return w.endUnlocked(
			ctx,
			found,
			listed.Grant,
			err,
			func(holding ledger.Holding) (bool, error) { return w.allEnded(ctx, holding) },
		)
	}
	defer locked.Unlock()
	ctx, done := w.whileEnding(ctx, listed.Access.Target)
	defer done()
	holding := locked.Holding()
	if !holding.Open {
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
		now, err := w.now(ctx)
		if err != nil {
			return err
		}
		return locked.Save(ctx, shortened(holding, left, now))
	}
	after, _, err := w.close(ctx, found, locked, holding.Leases.KeepSessions() && !killed(stops))
	if err == nil && !after.Open {
		w.observeEnd(after, ByEndNow, endedAt(stops))
		w.log.Info(
			"the watchdog ended access whose requests have ended",
			zapGrant(holding.Grant),
			zap.Strings("requests", holding.Leases.Requests()),
		)
	}
	return err
}

// allEnded is true when every request of a holding has ended, as far as that can be read without its lock.
func (s *systems) allEnded(ctx context.Context, holding ledger.Holding) (bool, error) {
	for _, request := range holding.Leases.Requests() {
		if _, err := s.tombstones.TombstoneOf(ctx, request); err != nil {
			return false, ignoreNotFound(err)
		}
	}
	return true, nil
}

// shortened is a holding that only some of its leases hold up from now on.
func shortened(holding ledger.Holding, left contract.Leases, now time.Time) ledger.Holding {
	holding.Leases, holding.Until = left, latest(left.End(), now)
	holding.Uses = usesOf(holding).begin(left, now).list()
	return holding
}

// endedAt is when the last of some requests was ended.
func endedAt(stops ledger.Stops) (at time.Time) {
	for _, by := range stops.Ended {
		at = latest(at, by.At)
	}
	return at
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
