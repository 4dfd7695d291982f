package worker

import (
	"cmp"
	"context"
	"fmt"
	"os"

	"curfew/activities"
	"curfew/activities/clock"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// watchClock compares the clock of this worker with others, and tells the watchdog what Temporal's says.
func watchClock(o Options, watchdog *target.Watchdog) *clock.Watch {
	return clock.New(clock.Options{
		Process: "the worker " + cmp.Or(
			o.Identity,
			Process(),
		),
		Temporal:  o.Temporal,
		Namespace: cmp.Or(o.Namespace, contract.Namespace),
		Ledger:    o.Holdings,
		Alarms:    o.Alarms,
		Follow:    watchdog.Follow,
		Log:       o.Log,
	})
}

// Process names this process and its host.
func Process() string {
	host, err := os.Hostname()
	if err != nil {
		host = "an unknown host"
	}
	return fmt.Sprintf("%d@%s", os.Getpid(), host)
}

// rightly leaves an activity to another worker, or for later, while the clock of this one is off. The worker goes on
// polling: what ends access comes on the same task queues.
func rightly[In, Out any](
	watch *clock.Watch,
	run func(context.Context, In) (Out, error),
) func(context.Context, In) (Out, error) {
	return func(ctx context.Context, in In) (Out, error) {
		if err := watch.Check(); err != nil {
			var none Out
			return none, activities.Error(err)
		}
		return run(ctx, in)
	}
}

// rightlyDone is rightly for an activity that answers nothing.
func rightlyDone[In any](watch *clock.Watch, run func(context.Context, In) error) func(context.Context, In) error {
	return func(ctx context.Context, in In) error {
		if err := watch.Check(); err != nil {
			return activities.Error(err)
		}
		return run(ctx, in)
	}
}
