// Package worker composes what runs on Curfew's task queue: the workflows, and the activities with what they talk to.
package worker

import (
	"context"
	"errors"
	"fmt"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"curfew/activities/lease"
	"curfew/activities/ledger"
	"curfew/activities/policy"
	"curfew/activities/target"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/workflows/contract"
	"curfew/workflows/grant"
	"curfew/workflows/request"
)

// Options is what a worker is made of.
type Options struct {
	Config   *config.Config
	Temporal client.Client
	Log      *zap.Logger
	Events   ledger.Events
	Holdings ledger.Holdings
	Tickets  ticket.System // nil when there is no tracker
	Targets  map[string]target.Target
	// Identity names this worker in Temporal's Web UI; empty for process and host.
	Identity string
}

// Run works until the context ends, and then lets what is under way come to its end.
func Run(ctx context.Context, o Options) error {
	w := sdkworker.New(o.Temporal, contract.TaskQueue, options(o))
	registerWorkflows(w)
	registerActivities(w, o)
	if err := w.Start(); err != nil {
		return fmt.Errorf("the worker could not start: %w", err)
	}
	defer w.Stop()
	o.Log.Info("working", zap.String("taskQueue", contract.TaskQueue), zap.Int("targets", len(o.Targets)))
	<-ctx.Done()
	if cause := context.Cause(ctx); cause != nil && !errors.Is(cause, context.Canceled) {
		return cause
	}
	return nil
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

// Registry is a worker, or a test's stand-in for one.
type Registry interface {
	RegisterWorkflowWithOptions(workflow any, options workflow.RegisterOptions)
	RegisterActivityWithOptions(activity any, options activity.RegisterOptions)
}

func registerWorkflows(r Registry) {
	// Sleeping requests go on with the code of the day: an old build need not be kept for weeks to end what it began.
	for name, run := range map[string]any{contract.WorkflowRequest: request.Request, contract.WorkflowGrant: grant.Grant} {
		r.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	}
}

func registerActivities(r Registry, o Options) {
	leases := lease.New(o.Temporal, o.Holdings)
	targets := target.New(o.Targets, o.Holdings, o.Log)
	page := func(id string) string { return o.Config.Server.URL + "/requests/" + id }
	activities := map[string]any{
		contract.ActivityDecide:      policy.New(o.Config, o.Tickets).Decide,
		contract.ActivityHold:        leases.Hold,
		contract.ActivityExtendLease: leases.Extend,
		contract.ActivityRelease:     leases.Release,
		contract.ActivityGrant:       targets.Grant,
		contract.ActivityEnd:         targets.End,
		contract.ActivityRecord:      ledger.New(o.Events).Record,
		contract.ActivityTellTicket:  ticket.New(o.Tickets, page).Tell,
	}
	for name, run := range activities {
		r.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: name})
	}
}
