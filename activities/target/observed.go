package target

import (
	"context"
	"time"
)

// Observer is told of what is done at targets. It must be quick.
type Observer interface {
	// TargetCalled is told of each call to a target, by the name of its method.
	TargetCalled(target, operation string, took time.Duration, err error)
	// Ended is told of access that was seen to be gone: how long after the instant when it was to end, and by whom.
	Ended(target, by string, late time.Duration)
	// EndsWaiting is told how many more Ends wait for their instant; fewer, when the number is negative.
	EndsWaiting(more int)
}

// Who ends access.
const (
	ByGrant        = "grant"         // the grant's End, at its first attempt
	BySecondWorker = "second-worker" // a later attempt, because the first worker did not answer or could not
	ByWatchdog     = "watchdog"      // after its end, because nobody else has
	ByEndNow       = "end-now"       // the watchdog, because its requests were ended
)

// unobserved is told, and does nothing.
type unobserved struct{}

func (unobserved) TargetCalled(string, string, time.Duration, error) {}
func (unobserved) Ended(string, string, time.Duration)               {}
func (unobserved) EndsWaiting(int)                                   {}

// observe returns the same targets, of whose calls an observer is told.
func observe(targets map[string]Target, observer Observer) map[string]Target {
	if _, nobody := observer.(unobserved); nobody {
		return targets
	}
	seen := make(map[string]Target, len(targets))
	for name, one := range targets {
		one.Connector = observed{one.Connector, name, observer}
		seen[name] = one
	}
	return seen
}

// observed is a connector of whose calls an observer is told. What it can do beside them, as finds.
type observed struct {
	connector Connector
	target    string
	observer  Observer
}

// as is a connector as one that can do more, if it can.
func as[T any](connector Connector) (able T, ok bool) {
	if o, is := connector.(observed); is {
		connector = o.connector
	}
	able, ok = connector.(T)
	return able, ok
}

// timed makes a call to a target and has its observer told.
func timed[T any](connector Connector, operation string, call func() (T, error)) (T, error) {
	o, is := connector.(observed)
	if !is {
		return call()
	}
	began := time.Now()
	answer, err := call()
	o.observer.TargetCalled(o.target, operation, time.Since(began), err)
	return answer, err
}

func (o observed) Grant(ctx context.Context, access Access) (Granted, error) {
	return timed(o, "Grant", func() (Granted, error) { return o.connector.Grant(ctx, access) })
}

func (o observed) Revoke(ctx context.Context, access Access) (Revoked, error) {
	return timed(o, "Revoke", func() (Revoked, error) { return o.connector.Revoke(ctx, access) })
}

func (o observed) Inspect(ctx context.Context, access Access) (State, error) {
	return timed(o, "Inspect", func() (State, error) { return o.connector.Inspect(ctx, access) })
}
