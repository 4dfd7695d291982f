// Package worker composes what runs on Curfew's task queues: the workflows, and the activities with the systems that
// they call.
package worker

import (
	"context"
	"errors"
	"sync"
	"time"

	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"curfew/activities/clock"
	"curfew/activities/group"
	"curfew/activities/incident"
	"curfew/activities/ledger"
	"curfew/activities/notify"
	"curfew/activities/target"
	"curfew/activities/ticket"
	"curfew/internal/reload"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Options is what a worker is made of.
type Options struct {
	Config   *reload.Live
	Temporal client.Client
	Log      *zap.Logger
	Events   ledger.Events
	Holdings ledger.Holdings
	// Tombstones are beside the holdings.
	Tombstones ledger.Tombstones
	Alarms     ledger.Alarms
	Tickets    ticket.System // nil when there is no tracker
	// References resolve what stands for a ticket; nil when nothing does.
	References ticket.References
	// Channels notify people, by their configured names. Workers that only serve targets notify nobody.
	Channels  map[string]notify.Channel
	Targets   map[string]target.Target
	Groups    *group.Groups // nil for those that the configuration lists
	Decisions ledger.Decisions
	Incidents incident.Systems
	// Verifier knows the server's seals, and Signer seals decisions; both are nil where nothing is sealed. Workers that
	// only serve targets decide nothing, and have no signer.
	Verifier *seal.Verifier
	Signer   *seal.Signer
	// TaskQueues are those, as the configuration calls them, whose targets this worker serves, and nothing else. When
	// there are none, it runs the workflows and serves the targets that have no task queue of their own.
	TaskQueues []string
	// Identity names this worker in Temporal's Web UI; empty for process and host.
	Identity string
	// Namespace is the one in Temporal; empty for contract.Namespace.
	Namespace string
	// Observer is told of what is done; nil for nobody.
	Observer Observer

	clock *clock.Watch
}

// Run works until the context ends, and then lets what is under way come to its end. The watchdog begins at once; the
// rest as soon as Temporal can be reached.
func Run(ctx context.Context, o Options) error {
	var beside sync.WaitGroup
	defer beside.Wait()
	beside.Go(func() { checkTargets(ctx, o) })
	targets := targetActivities(o)
	watchdog := targets.Watchdog(o.Config.Current().Watchdog.Grace.Duration)
	beside.Go(func() { watchdog.Run(ctx) })
	beside.Go(func() { target.NewStandby(o.Targets, o.Holdings, o.Log).Run(ctx) })
	o.clock = watchClock(o, watchdog)
	workers := start(ctx, o, targets)
	defer stop(workers)
	beside.Go(func() { o.clock.Run(ctx) })
	if len(workers) > 0 && len(o.TaskQueues) == 0 {
		beside.Go(func() { scheduleSweeps(ctx, o) })
	}
	<-ctx.Done()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
}

// startAgain is how long a worker waits for Temporal before it tries again.
const startAgain = 2 * time.Second

// start returns when the workers are at work, or when the context has ended.
func start(ctx context.Context, o Options, targets *target.Activities) []sdkworker.Worker {
	for ctx.Err() == nil {
		workers := compose(o, targets)
		o.clock.Compare(ctx) // before anything is decided by it
		err := startAll(workers)
		if err == nil {
			o.Log.Info("working", zap.Strings("taskQueues", queues(o)), zap.Int("targets", len(o.Targets)))
			return workers
		}
		o.Log.Error("the worker can't start; it tries again, and the watchdog watches meanwhile", zap.Error(err))
		select {
		case <-ctx.Done():
		case <-time.After(startAgain):
		}
	}
	return nil
}

func startAll(workers []sdkworker.Worker) error {
	for i, w := range workers {
		if err := w.Start(); err != nil {
			stop(workers[:i])
			return err
		}
	}
	return nil
}

// compose makes a worker for each task queue.
func compose(o Options, targets *target.Activities) []sdkworker.Worker {
	if len(o.TaskQueues) == 0 {
		w := sdkworker.New(o.Temporal, contract.TaskQueue, options(o))
		registerWorkflows(w)
		registerActivities(w, o, targets)
		return []sdkworker.Worker{w}
	}
	var workers []sdkworker.Worker
	for _, queue := range queues(o) {
		settings := options(o)
		settings.DisableWorkflowWorker = true
		w := sdkworker.New(o.Temporal, queue, settings)
		registerTargetActivities(w, o, targets)
		workers = append(workers, w)
	}
	return workers
}

// queues are the names of the task queues in Temporal.
func queues(o Options) []string {
	if len(o.TaskQueues) == 0 {
		return []string{contract.TaskQueue}
	}
	names := make([]string, len(o.TaskQueues))
	for i, queue := range o.TaskQueues {
		names[i] = contract.TargetTaskQueue(queue)
	}
	return names
}

// stop stops workers at once and together: each may take a while.
func stop(workers []sdkworker.Worker) {
	var all sync.WaitGroup
	for _, w := range workers {
		all.Go(w.Stop)
	}
	all.Wait()
}

// stopTimeout lets a grant that is under way be read back before the worker goes. An end that waits for its instant is
// given up at once, and taken by another worker.
const stopTimeout = 10 * time.Second

// waitingEnds is how many ends may wait for their instant in one worker. Waiting costs a goroutine and a timer.
const waitingEnds = 20_000

func options(o Options) sdkworker.Options {
	return sdkworker.Options{
		Identity:                           o.Identity,
		MaxConcurrentActivityExecutionSize: waitingEnds,
		DisableRegistrationAliasing:        true,
		WorkerStopTimeout:                  stopTimeout,
	}
}

// checkWithin bounds the first look at a target.
const checkWithin = 15 * time.Second

// checkTargets tries the credentials of every target, and says by name which can't be used. Nobody waits for it: the
// others are served all the same.
func checkTargets(ctx context.Context, o Options) {
	var all sync.WaitGroup
	for name, checked := range o.Targets {
		all.Go(func() {
			within, cancel := context.WithTimeout(ctx, checkWithin)
			defer cancel()
			warnings, err := checked.Check(within, o.Config.Current().EntitlementsOn(name))
			if err != nil && ctx.Err() == nil {
				o.Log.Error(
					"a target can't be used as it is; access on it waits until it can",
					zap.String("target", name),
					zap.Error(err),
				)
			}
			for _, warning := range warnings {
				o.Log.Warn(
					"an entitlement lets its holders give on what they have",
					zap.String("target", name),
					zap.String("warning", warning),
				)
			}
		})
	}
	all.Wait()
}
