package target

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// settleEvery is how often a process asks for the locks of what it has left unsettled.
	settleEvery = time.Second
	// settlePatience is how long it waits for one: it comes again.
	settlePatience = 2 * time.Second
	// settledAtOnce is how many holdings are settled at the same time.
	settledAtOnce = 8
)

// unsettled are the calls that this process has made without the lock of their holding, or while it lost it: nobody
// knows what came in between. Each is settled as soon as this process has the lock: it looks what the holding says by
// now, and undoes what should not have been done. What a process leaves behind that dies, the next command finds, or
// the watchdog.
type unsettled struct {
	holdings ledger.Holdings
	log      *zap.Logger

	mu     sync.Mutex
	grants map[string]calls
	active bool
}

// calls are the last ones on one grant, at most one of each kind: a later end stands for an earlier one.
type calls map[callKind]*call

type callKind int

const (
	grantCall callKind = iota
	endCall
)

// call is one that is to be settled.
type call struct {
	token contract.Token
	// settle looks, with the holding's lock, whether it may stand. newest is the token of the newest call on the
	// holding.
	settle  func(ctx context.Context, locked ledger.Locked, newest contract.Token) error
	settled chan struct{} // closed when it is
}

func newUnsettled(holdings ledger.Holdings, log *zap.Logger) *unsettled {
	return &unsettled{holdings: holdings, log: log, grants: map[string]calls{}}
}

// has is true while a call on a grant is not settled.
func (u *unsettled) has(grant string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return len(u.grants[grant]) > 0
}

// add has a call settled, for as long as that takes. The channel is closed when it is; never, when a later one takes
// its place.
func (u *unsettled) add(ctx context.Context, grant string, kind callKind, added *call) <-chan struct{} {
	added.settled = make(chan struct{})
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.grants[grant] == nil {
		u.grants[grant] = calls{}
	}
	if earlier, there := u.grants[grant][kind]; !there || !added.token.Before(earlier.token) {
		u.grants[grant][kind] = added
	}
	if !u.active {
		u.active = true
		go u.run(context.WithoutCancel(ctx)) // the attempt may be over long before the lock is free
	}
	return added.settled
}

func (u *unsettled) run(ctx context.Context) {
	tick := time.NewTicker(settleEvery)
	defer tick.Stop()
	for grants := u.open(); len(grants) > 0; grants = u.open() {
		u.round(ctx, grants)
		<-tick.C
	}
}

// open are the grants that have something to settle. Whoever finds none has to stop.
func (u *unsettled) open() []string {
	u.mu.Lock()
	defer u.mu.Unlock()
	u.active = len(u.grants) > 0
	return slices.Collect(maps.Keys(u.grants))
}

// round tries each grant once. A ledger that does not answer one question is not asked for a thousand locks.
func (u *unsettled) round(ctx context.Context, grants []string) {
	asking, done := context.WithTimeout(ctx, askWithin)
	defer done()
	if _, err := u.holdings.Tokens(asking, grants[:1]); err != nil {
		return
	}
	var all sync.WaitGroup
	places := make(chan struct{}, settledAtOnce)
	for _, grant := range grants {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			if err := u.settle(ctx, grant); err != nil {
				u.log.Warn(
					"what was done without the lock of a holding is not settled yet",
					zapGrant(grant),
					zapError(err),
				)
			}
		})
	}
	all.Wait()
}

func (u *unsettled) settle(ctx context.Context, grant string) error {
	locked, err := ledger.LockWithin(ctx, u.holdings, grant, settlePatience)
	if err != nil {
		return err
	}
	defer locked.Unlock()
	ctx, done := whileHeld(ctx)
	defer done()
	open, newest := u.of(grant)
	for kind, one := range open {
		if err := one.settle(ctx, locked, newest); err != nil {
			return err
		}
		close(one.settled)
		u.drop(grant, kind, one)
	}
	return nil
}

func (u *unsettled) of(grant string) (open calls, newest contract.Token) {
	u.mu.Lock()
	defer u.mu.Unlock()
	for _, one := range u.grants[grant] {
		if newest.Before(one.token) {
			newest = one.token
		}
	}
	return maps.Clone(u.grants[grant]), newest
}

// drop forgets a call, but not a later one that came while it was settled.
func (u *unsettled) drop(grant string, kind callKind, one *call) {
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.grants[grant][kind] == one {
		delete(u.grants[grant], kind)
	}
	if len(u.grants[grant]) == 0 {
		delete(u.grants, grant)
	}
}
