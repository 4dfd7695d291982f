package worker

import (
	"context"
	"time"

	enumspb "go.temporal.io/api/enums/v1"

	"curfew/activities/target"
)

const (
	// clockEvery is how often Temporal's clock is read. A worker polls at least once a minute, and what it is late by at its
	// best counts, so that this is known to a second or so.
	clockEvery  = 5 * time.Second
	clockWithin = 2 * time.Second
)

// followClock tells the watchdog how far Temporal's clock is: the server notes with it when a task queue was polled.
func followClock(ctx context.Context, o Options, watchdog *target.Watchdog) {
	look := time.NewTicker(clockEvery)
	defer look.Stop()
	for {
		for _, queue := range queues(o) {
			for _, at := range polls(ctx, o, queue) {
				watchdog.Follow(at)
			}
		}
		select {
		case <-ctx.Done():
			return
		case <-look.C:
		}
	}
}

// polls are when a task queue was polled last. While Temporal is down there are none.
func polls(ctx context.Context, o Options, queue string) (at []time.Time) {
	ctx, done := context.WithTimeout(ctx, clockWithin)
	defer done()
	described, err := o.Temporal.DescribeTaskQueue(ctx, queue, enumspb.TASK_QUEUE_TYPE_ACTIVITY)
	if err != nil {
		return nil
	}
	for _, poller := range described.GetPollers() {
		if last := poller.GetLastAccessTime(); last.IsValid() {
			at = append(at, last.AsTime())
		}
	}
	return at
}
