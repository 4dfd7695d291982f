package target

import (
	"context"
	"errors"
	"time"

	"go.temporal.io/sdk/activity"
)

// serverClock is the Temporal server's clock as seen from an activity: when the server started it, and how long ago
// that is by this machine's monotonic clock. A worker whose wall clock is wrong ends access at the right time all the
// same. It is behind the server's by the time that the task took to arrive, so nothing is done too early.
type serverClock struct {
	started time.Time
	arrived time.Time
}

func startedAt(ctx context.Context) serverClock {
	return serverClock{started: activity.GetInfo(ctx).StartedTime, arrived: time.Now()}
}

func (c serverClock) now() time.Time { return c.started.Add(time.Since(c.arrived)).UTC() }

// soon is how near an instant must be for a worker that is told to stop to wait for it all the same.
const soon = 3 * time.Second

// wait returns at an instant, or when there is nothing left to wait for. It fails when the context ends, or when the
// worker stops: another can wait as well.
func (c serverClock) wait(ctx context.Context, until time.Time, over <-chan struct{}) error {
	for {
		left := until.Sub(c.now())
		if left <= 0 {
			return nil
		}
		pause, stopping := left-soon, activity.GetWorkerStopChannel(ctx)
		if left <= soon {
			pause, stopping = left, nil
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-over:
			timer.Stop()
			return nil
		case <-stopping:
			timer.Stop()
			return errStopping
		case <-ctx.Done():
			timer.Stop()
			return ctx.Err()
		}
	}
}

var errStopping = errors.New("this worker is stopping; another will wait for the end")

// deadlineIn is how long a call made with this context can go on.
func deadlineIn(ctx context.Context) time.Duration {
	deadline, ok := ctx.Deadline()
	if !ok {
		return 0
	}
	return max(time.Until(deadline), 0)
}
