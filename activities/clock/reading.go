package clock

import (
	"context"
	"fmt"
	"sync"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	taskqueuepb "go.temporal.io/api/taskqueue/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/zap"

	"curfew/workflows/contract"
)

const (
	temporals = iota
	ledgers
)

// longestIdentity bounds what Temporal is given as a name, in bytes.
const longestIdentity = 128

// lookAgain is how soon Temporal is asked again whether it has noted the poll.
const lookAgain = 20 * time.Millisecond

// reading is another clock, read between two instants of this one.
type reading struct {
	whose            string    // empty when it was never read
	earliest, latest time.Time // by this clock
	other            time.Time
	taken            time.Time // has what the monotonic clock said, which nobody sets
}

// least is how far this clock is ahead of the other one now, at least; negative when it is behind. What this one was
// set by since the reading counts.
func (r reading) least(now time.Time) time.Duration {
	if r.whose == "" {
		return 0
	}
	set := now.Round(0).Sub(r.latest.Round(0)) - time.Since(r.taken)
	from, to := r.earliest.Sub(r.other)+set, r.latest.Sub(r.other)+set
	switch {
	case from > 0:
		return from
	case to < 0:
		return to
	}
	return 0
}

// read reads both clocks. One that can't be read keeps its last reading: this clock is not right because of that.
func (w *Watch) read(ctx context.Context) {
	var both sync.WaitGroup
	both.Go(func() { w.keep(ctx, temporals, "Temporal's", w.readTemporal) })
	if w.Ledger.HasClock() {
		both.Go(func() { w.keep(ctx, ledgers, "the ledger's", w.readLedger) })
	}
	both.Wait()
}

func (w *Watch) keep(ctx context.Context, which int, whose string, read func(context.Context) (reading, error)) {
	within, done := context.WithTimeout(ctx, compareWithin)
	defer done()
	r, err := read(within)
	if err != nil {
		if ctx.Err() == nil {
			w.Log.Debug("a clock can't be read", zap.String("whose", whose), zap.Error(err))
		}
		return
	}
	r.whose, r.taken, r.earliest, r.latest = whose, time.Now(), r.earliest.Round(0), r.latest.Round(0)
	w.mu.Lock()
	defer w.mu.Unlock()
	w.readings[which] = r
}

func (w *Watch) readLedger(ctx context.Context) (reading, error) {
	before := w.Now()
	at, err := w.Ledger.Now(ctx)
	return reading{earliest: before, latest: w.Now(), other: at}, err
}

// readTemporal has Temporal note by its clock that this process polls a task queue, on which there is never any work:
// no call tells the time, but the list of those who poll does.
func (w *Watch) readTemporal(ctx context.Context) (reading, error) {
	noted, err := w.noted(ctx)
	if err != nil {
		return reading{}, err
	}
	before := w.Now()
	polling, stop := context.WithCancel(ctx)
	var polled sync.WaitGroup
	defer polled.Wait()
	defer stop()
	polled.Go(func() { w.poll(polling) })
	for {
		at, err := w.noted(ctx)
		if err != nil {
			return reading{}, err
		}
		if at.After(noted) {
			if w.Follow != nil {
				w.Follow(at)
			}
			return reading{earliest: before, latest: w.Now(), other: at}, nil
		}
		select {
		case <-time.After(lookAgain):
		case <-ctx.Done():
			return reading{}, fmt.Errorf("Temporal has not noted a poll: %w", ctx.Err())
		}
	}
}

// poll ends when the context does; a task that somebody put there is nobody's.
func (w *Watch) poll(ctx context.Context) {
	_, err := w.Temporal.WorkflowService().PollActivityTaskQueue(ctx, &workflowservice.PollActivityTaskQueueRequest{
		Namespace: w.Namespace, TaskQueue: &taskqueuepb.TaskQueue{Name: contract.TaskQueueClock}, Identity: w.identity,
	})
	if err != nil && ctx.Err() == nil {
		w.Log.Debug("Temporal does not let this process poll", zap.Error(err))
	}
}

// noted is when this process polled last, by Temporal's clock; zero when it has not.
func (w *Watch) noted(ctx context.Context) (last time.Time, err error) {
	described, err := w.Temporal.DescribeTaskQueue(ctx, contract.TaskQueueClock, enumspb.TASK_QUEUE_TYPE_ACTIVITY)
	if err != nil {
		return last, err
	}
	for _, poller := range described.GetPollers() {
		if at := poller.GetLastAccessTime(); poller.GetIdentity() == w.identity && at.IsValid() &&
			at.AsTime().After(last) {
			last = at.AsTime()
		}
	}
	return last, nil
}
