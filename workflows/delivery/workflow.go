// Package delivery is what a source of webhooks has told, on its way to whoever acts on it. Once its workflow has been
// started, no crash loses it.
package delivery

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
)

const (
	// attempt is far more than reading an incident and starting a few requests takes.
	attempt = time.Minute
	// silence is when a server counts as dead, and another one acts in its place.
	silence = 5 * time.Second
	// within is how long it is tried. After that an alarm says what came to nothing.
	within = 3 * 24 * time.Hour
)

// Delivery has a server act on what was told. A server refuses what no server has let in.
func Delivery(ctx workflow.Context, in contract.DeliveryInput) (done contract.Delivered, err error) {
	if err = deliver(ctx, in).Get(ctx, &done); err == nil {
		workflow.SetCurrentDetails(ctx, done.Said)
		return done, nil
	}
	problem := contract.AsProblem(err)
	failed := contract.AlarmInput{Alarm: failure(ctx, in.Delivery.Fact, problem)}
	if alarmed := step.RecordAlarm(ctx, failed).Get(ctx, nil); alarmed != nil {
		workflow.GetLogger(ctx).
			Error("the ledger did not take the alarm of a delivery that came to nothing", "error", alarmed)
	}
	return contract.Delivered{}, problem.Application()
}

func failure(ctx workflow.Context, told contract.Delivery, problem *contract.Problem) contract.Alarm {
	kind := contract.AlarmHook
	if problem.Kind == contract.KindForbidden && problem.Field == string(contract.SealDelivery) {
		kind = contract.AlarmForged
	}
	id := contract.Shorten(workflow.GetInfo(ctx).WorkflowExecution.ID, 256)
	text := contract.Shorten(told.Event, 64) + " from " + contract.Shorten(told.Source, 64) + ": " + problem.Error()
	return contract.Alarm{
		ID:    string(kind) + "/" + id,
		Kind:  kind,
		At:    workflow.Now(ctx),
		Actor: contract.ActorCurfew,
		Text:  id + ": " + text,
	}
}

func deliver(ctx workflow.Context, in contract.DeliveryInput) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                "Read it again where it comes from, and act on it",
		TaskQueue:              contract.TaskQueueServer,
		StartToCloseTimeout:    attempt,
		HeartbeatTimeout:       silence,
		ScheduleToCloseTimeout: within,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        200 * time.Millisecond,
			MaximumInterval:        time.Minute,
			NonRetryableErrorTypes: contract.Answered,
		},
	}), contract.ActivityDeliver, in)
}
