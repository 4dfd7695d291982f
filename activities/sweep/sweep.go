// Package sweep compares what targets hold with the holdings and the running grants. It finds access that every other
// mechanism has missed, and removes only what carries Curfew's own mark.
package sweep

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

const (
	// memory is how long after its end access is looked for that might be there again.
	memory = 7 * 24 * time.Hour
	// page is how many holdings are read at once.
	page = 200
	// mostInspected bounds the calls to one target in one sweep.
	mostInspected = 5000
)

// Options is what sweeps work on.
type Options struct {
	Config     *config.Config
	Temporal   client.Client
	Targets    map[string]target.Target
	Events     ledger.Events
	Holdings   ledger.Holdings
	Tombstones ledger.Tombstones
	// Record is contract.ActivityRecord, with its guard before it, for a workflow that has ended.
	Record func(ctx context.Context, workflow string, in contract.RecordInput) (contract.RecordResult, error)
	Alarms ledger.Alarms
	Log    *zap.Logger
}

// Activities does what a sweep asks of one target.
type Activities struct{ Options }

// New makes the activities.
func New(o Options) *Activities { return &Activities{o} }

// Plan is the activity contract.ActivityPlanSweep: what the configuration of this moment says.
func (a *Activities) Plan(context.Context, contract.SweepInput) (contract.SweepPlan, error) {
	plan := contract.SweepPlan{Remove: a.Config.Sweep.Remove, MaxRemovals: a.Config.Sweep.MaxRemovals}
	for _, name := range a.Config.TargetNames() {
		plan.Targets = append(
			plan.Targets,
			contract.SweepTarget{Name: name, TaskQueue: a.Config.Targets[name].TaskQueue},
		)
	}
	return plan, nil
}

// Target is the activity contract.ActivitySweepTarget: it looks at one target and changes nothing there.
func (a *Activities) Target(ctx context.Context, in contract.SweepTargetInput) (contract.SweepResult, error) {
	result, err := a.compare(ctx, in)
	return result, activities.Error(err)
}

func (a *Activities) compare(ctx context.Context, in contract.SweepTargetInput) (contract.SweepResult, error) {
	found, err := a.find(in.Target)
	if err != nil {
		return contract.SweepResult{}, err
	}
	now, err := a.Holdings.Now(ctx)
	if err != nil {
		return contract.SweepResult{}, err
	}
	c := &comparison{
		Activities: a, target: in.Target, connector: found.Connector, now: now, quiet: in.DryRun,
		result: contract.SweepResult{Target: in.Target},
	}
	if err := c.orphans(ctx); err != nil {
		return contract.SweepResult{}, err
	}
	return c.result, c.inspect(ctx)
}

func (a *Activities) find(name string) (target.Target, error) {
	if found, ok := a.Targets[name]; ok {
		return found, nil
	}
	return target.Target{}, contract.Unavailable("this worker has no target %q", name).
		At("target").
		Advise("see in this worker's log why")
}

// held reads every holding of a target that is open or that was closed lately.
func (a *Activities) held(ctx context.Context, name string) ([]ledger.Holding, error) {
	filter := ledger.HeldFilter{Target: name, GoneSince: time.Now().Add(-memory), Limit: page}
	var all []ledger.Holding
	for {
		some, err := a.Holdings.Held(ctx, filter)
		if err != nil {
			return nil, err
		}
		all = append(all, some...)
		if len(some) < page {
			return all, nil
		}
		filter.After = some[len(some)-1].Grant
	}
}
