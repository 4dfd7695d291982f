package bench

import (
	"context"

	"go.temporal.io/sdk/client"

	"curfew/internal/bench/floor"
)

// bare runs the workflow of the floor to its end.
func (r *run) bare(ctx context.Context, account string, steps ...floor.Step) error {
	started, err := r.startBare(ctx, account, steps...)
	if err != nil {
		return err
	}
	return started.Get(ctx, nil)
}

func (r *run) startBare(ctx context.Context, account string, steps ...floor.Step) (client.WorkflowRun, error) {
	return r.world.Client.ExecuteWorkflow(
		ctx, client.StartWorkflowOptions{TaskQueue: floor.TaskQueue}, floor.Workflow,
		floor.Input{Account: account, Steps: steps},
	)
}

// letGo sends the update that a bare workflow waits for.
func (r *run) letGo(ctx context.Context, bare client.WorkflowRun) error {
	update, err := r.world.Client.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: bare.GetID(), UpdateName: floor.Go, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err != nil {
		return err
	}
	return update.Get(ctx, nil)
}
