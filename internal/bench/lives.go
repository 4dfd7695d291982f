package bench

import (
	"context"
	"time"

	"go.temporal.io/sdk/client"

	"curfew/internal/bench/floor"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

// lives: how many requests go through their whole life in a second, when there are always as many under way.
func (r *run) lives(ctx context.Context) error {
	people, err := r.world.NewPeople(r.Sizes.Lives)
	if err != nil {
		return err
	}
	const lasts = 2 * time.Second
	bare, err := r.rate(func(i int) error {
		return r.bare(ctx, floor.LifeWorkflow, floor.Access{Account: people[i].Account, For: lasts})
	})
	if err != nil {
		return err
	}
	whole, err := r.rate(func(i int) error {
		status, err := r.ask(ctx, people[i], world.Automatic, lasts)
		if err != nil {
			return err
		}
		return r.ended(ctx, status.ID)
	})
	if err != nil {
		return err
	}
	r.add(report.Figure{
		Name: "lives", Title: "whole lives: asked, approved automatically, granted, ended", Unit: report.PerSecond,
		Measure: report.Value(whole, r.Sizes.Lives),
		Floor: &report.Floor{
			What:    "a bare workflow: one activity grants, a timer, one activity revokes",
			Measure: report.Value(bare, r.Sizes.Lives),
		},
		How: "64 at a time, each access lasts 2 s",
	})
	return nil
}

// livesAtOnce keeps the machine busy while the timers run.
const livesAtOnce = 64

// rate is how many lives there are in a second.
func (r *run) rate(live func(i int) error) (float64, error) {
	began := time.Now()
	err := atOnce(livesAtOnce, r.Sizes.Lives, live)
	return float64(r.Sizes.Lives) / time.Since(began).Seconds(), err
}

// bare runs a workflow of the floor to its end.
func (r *run) bare(ctx context.Context, workflow string, access floor.Access) error {
	started, err := r.startBare(ctx, workflow, access)
	if err != nil {
		return err
	}
	return started.Get(ctx, nil)
}

func (r *run) startBare(ctx context.Context, workflow string, access floor.Access) (client.WorkflowRun, error) {
	return r.world.Client.ExecuteWorkflow(
		ctx,
		client.StartWorkflowOptions{TaskQueue: floor.TaskQueue},
		workflow,
		access,
	)
}
