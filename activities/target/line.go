package target

import (
	"context"
	"errors"
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
	// pingPatience is how long a ping may stay unanswered before the target counts as not reached.
	pingPatience = 2500 * time.Millisecond

	// From ahead of its instant an end finds out, again and again, whether this worker reaches the target, so that
	// another worker has it at the instant if not.
	ahead     = 12 * time.Second
	pingEvery = 2 * time.Second

	// handOvers is how many attempts are left to other workers at once. Each is another worker's with even odds when
	// there are two. Where no worker reaches the target, later attempts wait a while for it, and every fourth is made
	// all the same: no wrong ping keeps access up.
	handOvers     = 16
	handOverAfter = 250 * time.Millisecond
	waitsInside   = 2 * time.Second
	triesAnyhow   = 4
	lookAgain     = 200 * time.Millisecond
)

// line knows whether this worker reaches a target. A worker that does not fails what it is given at once, so that
// Temporal gives it to another.
type line struct {
	target string
	pinger Pinger
	log    *zap.Logger

	mu     sync.Mutex
	asking chan struct{} // closed when the ping that is under way is over; nil when none is
	at     time.Time     // when the last ping was over
	cut    error         // why the target is not reached; nil when it is, as far as is known
	lost   bool          // the last ping failed
}

var errSilent = errors.New("the target has not answered a ping yet")

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

// awaitInstant waits for the instant of an end, or until the end is overtaken, and looks meanwhile whether this worker
// reaches the target. What the grant does not know to be there may be nothing to take away, which needs no target.
func (a *Activities) awaitInstant(
	ctx context.Context,
	clock serverClock,
	command contract.EndCommand,
	place *place,
) error {
	line := a.lines[command.Access.Target]
	if line == nil || !command.Mine {
		return clock.wait(ctx, command.Until, place.overtaken)
	}
	for look := command.Until.Add(-ahead); ; look = look.Add(pingEvery) {
		if err := clock.wait(ctx, look, place.overtaken); err != nil {
			return err
		}
		if _, overtaken := place.overtakenBy(); overtaken {
			return nil
		}
		if err := line.reached(ctx, activity.GetInfo(ctx).Attempt); err != nil {
			return activities.Error(err)
		}
		look = latest(look, clock.now())
		if !look.Add(pingEvery).Before(command.Until) {
			return clock.wait(ctx, command.Until, place.overtaken)
		}
	}
}

func latest(one, other time.Time) time.Time {
	if one.Before(other) {
		return other
	}
	return one
}

// reached returns nil when the worker reaches the target, and for an attempt that is made whether it does or not. A
// target that can't be pinged has no line.
func (l *line) reached(ctx context.Context, attempt int32) error {
	if l == nil {
		return nil
	}
	err := l.check(ctx)
	if err == nil || ctx.Err() != nil {
		return ctx.Err()
	}
	if attempt > handOvers {
		err = l.await(ctx, waitsInside)
	}
	if err == nil || attempt > handOvers && attempt%triesAnyhow == 0 {
		return ctx.Err()
	}
	return leaveToOthers(err)
}

// leaveToOthers is why an attempt is given back.
func leaveToOthers(cause error) *contract.Problem {
	problem := *contract.AsProblem(cause)
	problem.Kind, problem.RetryAfter.Duration = contract.KindUnavailable, handOverAfter
	return &problem
}

// check returns why the target is not reached, and pings when that is not known or was found out too long ago. While
// the target is not reached, nobody waits for the ping that may find it again.
func (l *line) check(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if time.Since(l.at) < pingLasts {
		return l.cut
	}
	asking := l.ask(ctx)
	if l.cut != nil {
		return l.cut
	}
	l.mu.Unlock()
	patience := time.NewTimer(pingPatience)
	defer patience.Stop()
	select {
	case <-asking:
	case <-patience.C:
	case <-ctx.Done():
	}
	l.mu.Lock()
	if l.asking == asking && l.cut == nil && ctx.Err() == nil {
		l.cut = errSilent
	}
	return l.cut
}

// isCut is true while the target is not reached, as far as is known.
func (l *line) isCut() bool {
	if l == nil {
		return false
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.cut != nil
}

// doubt has the target count as not reached until a ping says otherwise, after a call that got no answer.
func (l *line) doubt(ctx context.Context, cause error) {
	problem, ok := contract.ProblemOf(cause)
	if l == nil || cause == nil || ok && problem.Kind != contract.KindUnavailable {
		return
	}
	l.mu.Lock()
	defer l.mu.Unlock()
	l.cut, l.at = cause, time.Time{}
	l.ask(ctx)
}

// await returns when a ping has reached the target, or after some time with the reason why none has.
func (l *line) await(ctx context.Context, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	look := time.NewTicker(lookAgain)
	defer look.Stop()
	for {
		err := l.check(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return err
		}
	}
}

// ask pings unless somebody does already, and returns what is closed when that is over. The lock is held.
func (l *line) ask(ctx context.Context) chan struct{} {
	if l.asking == nil {
		l.asking = make(chan struct{})
		go l.tell(
			context.WithoutCancel(ctx),
			l.asking,
		) // others wait for it too: it does not end with whoever asked first
	}
	return l.asking
}

func (l *line) tell(ctx context.Context, over chan struct{}) {
	err := ping(ctx, l.pinger)
	l.mu.Lock()
	defer l.mu.Unlock()
	switch {
	case err != nil && !l.lost:
		l.log.Error(
			"this worker does not reach a target; it leaves the work to others",
			zap.String("target", l.target),
			zapError(err),
		)
	case err == nil && l.lost:
		l.log.Info("the target is reached again", zap.String("target", l.target))
	}
	l.at, l.cut, l.lost, l.asking = time.Now(), err, err != nil, nil
	close(over)
}
