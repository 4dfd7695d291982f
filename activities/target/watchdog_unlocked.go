package target

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"
)

// shutOut remembers since when the watchdog can't have the locks of holdings.
type shutOut struct {
	mu    sync.Mutex
	since map[string]time.Time // by grant
}

// from returns since when, which is now when it is the first time.
func (s *shutOut) from(grant string) time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.since == nil {
		s.since = map[string]time.Time{}
	}
	if s.since[grant].IsZero() {
		s.since[grant] = time.Now()
	}
	return s.since[grant]
}

func (s *shutOut) over(grant string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.since, grant)
}

// rescueUnlocked ends access whose lock somebody has for longer than anybody does who is well. The holding stays open: the
// watchdog comes again until it has had the lock and looked.
func (w *Watchdog) rescueUnlocked(ctx context.Context, grant string, cause error) error {
	if time.Since(w.shut.from(grant)) < HonestHold {
		return cause
	}
	holding, err := w.holdings.Read(ctx, grant)
	found, here := w.targets[holding.Access.Target]
	if err != nil || !here || !holding.Open || holding.Standing || holding.Until.Add(w.grace).After(time.Now()) {
		return errors.Join(cause, err)
	}
	gone, err := remove(ctx, found.Connector, access(holding.Access, holding.Leases), holding.Proof, holding.Leases.KeepSessions())
	if err != nil {
		return err
	}
	holding.Proof.Unconfirmed = gone.unconfirmed
	if !gone.absent {
		w.tell(ctx, holding)
	}
	return fmt.Errorf("it was taken away, and nobody could look with the lock of its holding: %w", cause)
}
