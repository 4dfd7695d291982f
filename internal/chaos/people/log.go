package people

import (
	"context"
	"slices"
	"sync"
	"time"

	"curfew/internal/chaos/judge"
	"curfew/workflows/contract"
)

const (
	// insistFor is how long somebody tries again whose call was not answered.
	insistFor = 45 * time.Second
	// insistEvery is between two tries.
	insistEvery = 700 * time.Millisecond
)

// actLog is what was said. It is safe for concurrent use.
type actLog struct {
	mu   sync.Mutex
	said []judge.Said
}

func (d *actLog) write(said judge.Said) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.said = append(d.said, said)
}

func (d *actLog) all() []judge.Said {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.said)
}

// once does something that must not be done twice, and writes down what came of it.
func (d *actLog) once(ctx context.Context, said judge.Said, do func(context.Context) error) judge.Answer {
	return d.insistUntil(ctx, said, 1, do)
}

// insist does something until it is answered with yes or no, for a while, and writes down what came of it.
func (d *actLog) insist(ctx context.Context, said judge.Said, do func(context.Context) error) judge.Answer {
	return d.insistUntil(ctx, said, 0, do)
}

// insistUntil tries a number of times, or for as long as there is time. A no after an attempt that nobody answered may
// be about that attempt: then nothing is known.
func (d *actLog) insistUntil(
	ctx context.Context,
	said judge.Said,
	most int,
	do func(context.Context) error,
) judge.Answer {
	ctx, cancel := context.WithTimeout(ctx, insistFor)
	defer cancel()
	said.First, said.Answer = time.Now(), judge.Unknown
	for tried := 0; tried < most || most == 0; tried++ {
		said.Sent = time.Now()
		err := do(ctx)
		said.Answered = time.Now()
		if err == nil {
			said.Answer = judge.Taken
			break
		}
		if problem := refusal(err); problem != nil {
			said.Problem = problem
			if tried == 0 || problem.Kind != contract.KindConflict {
				said.Answer = judge.Refused
			}
			break
		}
		if !Pause(ctx, insistEvery) {
			break
		}
	}
	d.write(said)
	return said.Answer
}

// Pause waits, and is false when there is no more time.
func Pause(ctx context.Context, wait time.Duration) bool {
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
