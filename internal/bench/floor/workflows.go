package floor

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// life is two activities and a timer between them.
func life(ctx workflow.Context, access Access) error {
	if err := call(ctx, (*activities).Grant, access.Account); err != nil {
		return err
	}
	if err := workflow.Sleep(ctx, access.For); err != nil {
		return err
	}
	return call(ctx, (*activities).Revoke, access.Account)
}

// grant is one activity, after an update if it waits for one.
func grant(ctx workflow.Context, access Access) error {
	err := workflow.SetUpdateHandler(ctx, ApproveUpdate, func(workflow.Context) error {
		access.Approved = true
		return nil
	})
	if err != nil {
		return err
	}
	if err := workflow.Await(ctx, func() bool { return access.Approved }); err != nil {
		return err
	}
	return call(ctx, (*activities).Grant, access.Account)
}

// deadline is a timer and one activity.
func deadline(ctx workflow.Context, access Access) error {
	if err := workflow.Sleep(ctx, access.Until.Sub(workflow.Now(ctx))); err != nil {
		return err
	}
	return call(ctx, (*activities).Revoke, access.Account)
}

// sleep is a timer.
func sleep(ctx workflow.Context, access Access) error { return workflow.Sleep(ctx, access.For) }

func call(ctx workflow.Context, activity any, account string) error {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: 10 * time.Second})
	return workflow.ExecuteActivity(ctx, activity, account).Get(ctx, nil)
}
