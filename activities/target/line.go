package target

import (
	"context"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.uber.org/zap"

	"curfew/activities"
	"curfew/workflows/contract"
)

const (
	// pingLasts is how long what a ping said holds: a thousand ends of one second ping once.
	pingLasts = time.Second
	// pingWithin bounds a ping: a second for a connection that is kept, the rest to make a new one.
	pingWithin = 4 * time.Second
	// ahead is how long before its instant an end finds out whether this worker reaches the target, so that another worker
	// that does has it at the instant.
	ahead = pingWithin
	// handOvers is how many attempts are left to other workers. Each is another worker's with even odds when there are
	// two, so that a few in a million are not; and where no worker reaches the target, an end is soon tried all the same.
	handOvers = 16
	// handOverAfter is when such an attempt is repeated, by whichever worker takes it.
	handOverAfter = 250 * time.Millisecond
	// lastTryAfter is how long an attempt after those waits for the target to be reached before it tries all the same.
	lastTryAfter = 4 * time.Second
	lookAgain    = 200 * time.Millisecond
)

// line knows whether this worker reaches a target. A worker that does not fails what it is given at once, so that Temporal
// gives it to another.
type line struct {
	target string
	pinger Pinger
	log    *zap.Logger

	mu     sync.Mutex
	asking chan struct{} // closed when the ping that is under way is over; nil when none is
	at     time.Time     // when the last ping was over
	cut    error         // what it failed with
}

// newLines makes a line for each target that can be pinged.
func newLines(targets map[string]Target, log *zap.Logger) map[string]*line {
	lines := map[string]*line{}
	for name, found := range targets {
		if pinger, ok := found.Connector.(Pinger); ok {
			lines[name] = &line{target: name, pinger: pinger, log: log}
		}
	}
	return lines
}

// awaitInstant waits for the instant of an end, or until the end is overtaken. Shortly before the instant it finds out whether
// this worker reaches the target. What the grant does not know to be there may be nothing to take away, which needs no target.
func (a *Activities) awaitInstant(ctx context.Context, clock serverClock, command contract.EndCommand, place *place) error {
	if line := a.lines[command.Access.Target]; line != nil && command.Mine {
		if err := clock.wait(ctx, command.Until.Add(-ahead), place.overtaken); err != nil {
			return err
		}
		if _, overtaken := place.overtakenBy(); overtaken {
			return nil
		}
		if err := line.reached(ctx, activity.GetInfo(ctx).Attempt); err != nil {
			return activities.Error(err)
		}
	}
	return clock.wait(ctx, command.Until, place.overtaken)
}

// reached returns nil when the worker reaches the target, and for an attempt that is made whether it does or not. A target
// that can't be pinged has no line.
func (l *line) reached(ctx context.Context, attempt int32) error {
	if l == nil {
		return nil
	}
	err := l.check(ctx)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if attempt <= handOvers {
		return leaveToOthers(err)
	}
	l.await(ctx, lastTryAfter)
	return ctx.Err()
}

// leaveToOthers is why an attempt is given back.
func leaveToOthers(cause error) *contract.Problem {
	problem := *contract.AsProblem(cause)
	problem.Kind, problem.RetryAfter.Duration = contract.KindUnavailable, handOverAfter
	return &problem
}

// check returns what the last ping said, and pings when that was too long ago. While a target is not reached, nobody waits
// for the ping that may find it again.
func (l *line) check(ctx context.Context) error {
	l.mu.Lock()
	if time.Since(l.at) < pingLasts {
		defer l.mu.Unlock()
		return l.cut
	}
	asking, cut := l.ask(ctx), l.cut
	l.mu.Unlock()
	if cut != nil {
		return cut
	}
	select {
	case <-asking:
	case <-ctx.Done():
		return ctx.Err()
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut
}

// await returns when a ping has reached the target, or after some time.
func (l *line) await(ctx context.Context, patience time.Duration) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for l.check(ctx) != nil {
		select {
		case <-look.C:
		case <-ctx.Done():
			return
		}
	}
}

// ask pings unless somebody does already, and returns what is closed when that is over. The lock is held.
func (l *line) ask(ctx context.Context) <-chan struct{} {
	if l.asking == nil {
		l.asking = make(chan struct{})
		go l.tell(context.WithoutCancel(ctx), l.asking) // others wait for it too: it does not end with whoever asked first
	}
	return l.asking
}

func (l *line) tell(ctx context.Context, over chan struct{}) {
	err := ping(ctx, l.pinger)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil && l.cut == nil:
		l.log.Error("this worker does not reach a target; it leaves the work to others", zap.String("target", l.target), zapError(err))
	case err == nil && l.cut != nil:
		l.log.Info("the target is reached again", zap.String("target", l.target))
	}
	l.at, l.cut, l.asking = time.Now(), err, nil
	close(over)
}
