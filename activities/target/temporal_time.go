package target

import (
	"sync"
	"time"
)

// temporalTime is what a process knows of the Temporal server's clock: that it is at least so far, however wrong the
// clock of this machine may be. It counts on by the monotonic clock, also while Temporal is down.
type temporalTime struct {
	mu              sync.Mutex
	earlier, latest moment
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
	if t.latest.here.IsZero() || time.Since(t.latest.here) > keptFor {
		t.earlier, t.latest = t.latest, heard
	}
	if heard.now().After(t.latest.now()) {
		t.latest.server = t.latest.server.Add(heard.now().Sub(t.latest.now()))
	}
}

func (t *temporalTime) now() (time.Time, bool) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.latest.here.IsZero() {
		return time.Time{}, false
	}
	if now := t.earlier; !now.here.IsZero() && now.now().After(t.latest.now()) {
		return now.now(), true
	}
	return t.latest.now(), true
}
