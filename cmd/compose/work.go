package compose

import (
	"context"
	"maps"
	"slices"
	"strings"

	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/activities/notify"
	"curfew/internal/config"
	"curfew/internal/seal"
	"curfew/worker"
	"curfew/workflows/contract"
)

// Serves says which targets a worker serves that was started for these; started for none, it serves those that have no
// task queue of their own.
func Serves(only []string) func(target, taskQueue string) bool {
	return func(target, taskQueue string) bool {
		if len(only) == 0 {
			return taskQueue == ""
		}
		return slices.Contains(only, target)
	}
}

// Work works until the context ends, for some targets or, when none is named, for everything that has no task queue of
// its own. identity names the worker in Temporal's Web UI; empty for process and host.
func (app *App) Work(ctx context.Context, identity string, only ...string) error {
	queues, err := taskQueues(app.config.Current(), only)
	if err != nil {
		return err
	}
	serves, served := Serves(only), maps.Clone(app.config.Current().Targets)
	maps.DeleteFunc(served, func(name string, target config.Target) bool { return !serves(name, target.TaskQueue) })
	targets, faults := kinds.OpenTargets(served)
	for name, fault := range faults {
		app.log.Error("a target can't be used; the others are served", zap.String("target", name), zap.Error(fault))
	}
	verifier, err := app.verifier()
	if err != nil {
		return err
	}
	var decides *seal.Signer
	var channels map[string]notify.Channel
	if len(only) == 0 {
		channels = app.channels()
		if decides, err = decider(app.config.Current().Seals, verifier); err != nil {
			return err
		}
	}
	return worker.Run(ctx, worker.Options{
		Config:     app.config,
		Temporal:   app.Temporal,
		Log:        app.log,
		Events:     app.ledger,
		Holdings:   app.ledger,
		Tombstones: app.ledger,
		Alarms:     app.ledger,
		Tickets:    app.tickets,
		References: app.references,
		Incidents:  app.incidents,
		Channels:   channels,
		Groups:     app.groups,
		Targets:    targets,
		TaskQueues: queues,
		Identity:   identity,
		Namespace:  app.namespace,
		Decisions:  app.ledger,
		Verifier:   verifier,
		Signer:     decides,
		Observer:   app.metrics,
	})
}

// taskQueues are those of the named targets. Whoever works on a task queue gets all its work, so all its targets must
// be named.
func taskQueues(configured *config.Config, only []string) ([]string, error) {
	var queues []string
	for _, name := range only {
		target, found := configured.Targets[name]
		switch {
		case !found:
			return nil, contract.Invalid("there is no target %q", contract.Shorten(name, 64)).
				At("targets").
				Advise("choose from " + strings.Join(configured.TargetNames(), ", "))
		case target.TaskQueue == "":
			return nil, contract.Invalid("%s has no task queue of its own: every worker that is started without --targets serves it", name).
				At("targets").
				Advise("give it a taskQueue in the configuration, or leave --targets out")
		case !slices.Contains(queues, target.TaskQueue):
			queues = append(queues, target.TaskQueue)
		}
	}
	for _, name := range configured.TargetNames() {
		queue := configured.Targets[name].TaskQueue
		if slices.Contains(queues, queue) && !slices.Contains(only, name) {
			return nil, contract.Invalid("%s is on the task queue %s as well", name, queue).
				At("targets").
				Advise("name it too, or give it a task queue of its own")
		}
	}
	return queues, nil
}

// TaskQueued are the targets that have a task queue of their own.
func (app *App) TaskQueued() []string {
	return slices.DeleteFunc(
		app.config.Current().TargetNames(),
		func(name string) bool { return app.config.Current().Targets[name].TaskQueue == "" },
	)
}
