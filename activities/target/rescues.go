package target

import (
	"context"
	"sync"
	"time"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// rescuesAtOnce is how many accesses of one target a watchdog ends at the same time.
	rescuesAtOnce = 16
	// rescueAttempt bounds one attempt.
	rescueAttempt = 20 * time.Second

	firstPause   = time.Second // before one that failed is tried again
	longestPause = 30 * time.Second
	longestAsked = 5 * time.Minute // that a target may ask for
)

// rescues are the ends that a watchdog carries out: each grant's by one attempt at a time, a few at each target, so
// that one that hangs holds up no other.
type rescues struct {
	on     *systems
	places map[string]chan struct{} // by target
	all    sync.WaitGroup

	mu     sync.Mutex
	busy   map[string]bool // grants whose end is under way
	failed map[string]failure
}

// failure says when a grant that could not be ended is tried again.
type failure struct {
	tries int32 // in a row
	pause time.Duration
	until time.Time
}

func newRescues(on *systems) *rescues {
	r := &rescues{on: on, places: map[string]chan struct{}{}, busy: map[string]bool{}, failed: map[string]failure{}}
	for name := range on.targets {
		r.places[name] = make(chan struct{}, rescuesAtOnce)
	}
	return r
}

// start sets out to end one access, unless that is under way or has to wait after it failed, and waits for nothing.
func (r *rescues) start(
	ctx context.Context,
	listed ledger.Holding,
	end func(context.Context, Target, ledger.Holding) error,
) {
	found, here := r.on.targets[listed.Access.Target]
	if !here || !r.begin(listed.Grant) {
		return
	}
	r.all.Go(func() {
		place := r.places[listed.Access.Target]
		select {
		case place <- struct{}{}:
			err := r.attempt(ctx, found, listed, end)
			<-place
			r.done(ctx, listed, err)
		case <-ctx.Done():
			r.done(ctx, listed, ctx.Err())
		}
	})
}

// attempt leaves the access to another worker's watchdog while this one does not reach the target, but not for ever: no
// wrong ping keeps access up.
func (r *rescues) attempt(
	ctx context.Context,
	found Target,
	listed ledger.Holding,
	end func(context.Context, Target, ledger.Holding) error,
) error {
	ctx, cancel := context.WithTimeout(ctx, rescueAttempt)
	defer cancel()
	if err := r.on.lines[listed.Access.Target].reached(ctx, handOvers+1+r.tries(listed.Grant)); err != nil {
		return err
	}
	return end(ctx, found, listed)
}

func (r *rescues) begin(grant string) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.busy[grant] || time.Now().Before(r.failed[grant].until) {
		return false
	}
	r.busy[grant] = true
	return true
}

func (r *rescues) tries(grant string) int32 {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.failed[grant].tries
}

// done remembers how an attempt ended. A pause doubles with each failure in a row, and is as long as the target asks
// for.
func (r *rescues) done(ctx context.Context, listed ledger.Holding, err error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	delete(r.busy, listed.Grant)
	if err == nil {
		delete(r.failed, listed.Grant)
		return
	}
	was := r.failed[listed.Grant]
	pause := min(max(2*was.pause, firstPause), longestPause)
	if problem, ok := contract.ProblemOf(err); ok {
		pause = max(pause, min(problem.RetryAfter.Duration, longestAsked))
	}
	r.failed[listed.Grant] = failure{was.tries + 1, pause, time.Now().Add(pause)}
	if ctx.Err() == nil {
		r.on.log.Error(
			"the watchdog could not end access that is to end; it tries again",
			zapGrant(listed.Grant),
			zapError(err),
		)
	}
}
