package observer

import (
	"context"
	"slices"
	"sync"
	"time"

	"curfew/internal/chaos/judge"
)

// Every is how often each target, and the ledger, is looked at.
const Every = 200 * time.Millisecond

// lookWithin bounds one look. What it does not answer in that time was not looked at.
const lookWithin = 2 * time.Second

// Target is what holds access, and how to see which.
type Target struct {
	Name string
	Look func(context.Context) ([]judge.Key, error)
}

// Observer looks until it is stopped. Its methods may be called while it does.
type Observer struct {
	mu      sync.Mutex
	tracks  map[string]*track
	looks   map[string]*Looks
	ledger  *approvals
	running sync.WaitGroup
}

// Looks says how well a target was watched.
type Looks struct {
	Number  int           `json:"number"`
	Failed  int           `json:"failed"`
	Longest time.Duration `json:"longest"` // between the beginnings of two that succeeded
}

// Start begins to look at targets and at the ledger, until the context ends.
func Start(ctx context.Context, targets []Target, ledger *Ledger) *Observer {
	o := &Observer{
		tracks: map[string]*track{},
		looks:  map[string]*Looks{},
		ledger: &approvals{since: map[string]time.Time{}},
	}
	for _, target := range targets {
		o.tracks[target.Name], o.looks[target.Name] = newTrack(), &Looks{}
		o.running.Go(func() { o.watch(ctx, func(ctx context.Context) { o.look(ctx, target) }) })
	}
	o.running.Go(func() { o.watch(ctx, func(ctx context.Context) { o.lookAtLedger(ctx, ledger) }) })
	return o
}

// Wait returns when the context that the observer was started with has ended, and its last looks.
func (o *Observer) Wait() { o.running.Wait() }

func (o *Observer) watch(ctx context.Context, look func(context.Context)) {
	ticker := time.NewTicker(Every)
	defer ticker.Stop()
	for {
		once, cancel := context.WithTimeout(ctx, lookWithin)
		look(once)
		cancel()
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

func (o *Observer) look(ctx context.Context, target Target) {
	began := time.Now()
	there, err := target.Look(ctx)
	answered := time.Now()
	o.mu.Lock()
	defer o.mu.Unlock()
	looks, track := o.looks[target.Name], o.tracks[target.Name]
	if err != nil {
		looks.Failed++
		return
	}
	looks.Number++
	if !track.before.IsZero() {
		looks.Longest = max(looks.Longest, began.Sub(track.before))
	}
	track.see(began, answered, there)
}

// Presences are all that were seen so far.
func (o *Observer) Presences() (all []judge.Presence) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, track := range o.tracks {
		all = append(all, track.presences()...)
	}
	slices.SortStableFunc(all, func(a, b judge.Presence) int { return a.From.Compare(b.From) })
	return all
}

// Present are the accesses that were there at the last look.
func (o *Observer) Present() (all []judge.Key) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, track := range o.tracks {
		all = append(all, track.present()...)
	}
	return all
}

// Looks says how well each target was watched.
func (o *Observer) Looks() map[string]Looks {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := map[string]Looks{}
	for name, looks := range o.looks {
		found[name] = *looks
	}
	return found
}

// approvals are when the ledger did not know requests to be approved yet.
type approvals struct {
	before time.Time            // when the last look that succeeded began
	since  map[string]time.Time // of a request that is approved: when the last look began that did not find it so
}

func (o *Observer) lookAtLedger(ctx context.Context, ledger *Ledger) {
	began := time.Now()
	approved, err := ledger.Approved(ctx)
	if err != nil {
		return
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	for _, id := range approved {
		if _, known := o.ledger.since[id]; !known {
			o.ledger.since[id] = o.ledger.before
		}
	}
	o.ledger.before = began
}

// Unapproved is when the last look at the ledger began that did not find a request approved.
func (o *Observer) Unapproved(requests []string) map[string]time.Time {
	o.mu.Lock()
	defer o.mu.Unlock()
	found := map[string]time.Time{}
	for _, id := range requests {
		since, approved := o.ledger.since[id]
		if !approved {
			since = o.ledger.before
		}
		found[id] = since
	}
	return found
}
