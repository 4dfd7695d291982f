package sweep

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
)

// Steps is the one place that says how each activity is called. A sweep gives up after a while: there is a next one.

const (
	attempt = 2 * time.Minute
	within  = 5 * time.Minute
)

func makePlan(ctx workflow.Context, in contract.SweepInput) (plan contract.SweepPlan, err error) {
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                "Read the configuration",
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: within,
		Priority:               temporal.Priority{PriorityKey: step.Upkeep},
	}), contract.ActivityPlanSweep, in).Get(ctx, &plan)
	return plan, err
}

func look(ctx workflow.Context, target contract.SweepTarget, in contract.SweepTargetInput) workflow.Future {
	return workflow.ExecuteActivity(atTarget(ctx, "Look at "+target.Name, target), contract.ActivitySweepTarget, in)
}

func remove(ctx workflow.Context, target contract.SweepTarget, in contract.SweepRemoveInput) workflow.Future {
	return workflow.ExecuteActivity(
		atTarget(ctx, "Remove orphans from "+target.Name, target),
		contract.ActivitySweepRemove,
		in,
	)
}

// lookAtRequests has the record of requests brought to its end whose workflows are gone.
func lookAtRequests(ctx workflow.Context, in contract.SweepRequestsInput) workflow.Future {
	options := upkeep("Look for requests without a workflow")
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), contract.ActivitySweepRequests, in)
}

func atTarget(ctx workflow.Context, summary string, target contract.SweepTarget) workflow.Context {
	options := upkeep(summary)
	options.Priority.FairnessKey = target.Name
	options.TaskQueue = contract.TargetTaskQueue(target.TaskQueue)
	return workflow.WithActivityOptions(ctx, options)
}

func upkeep(summary string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: within,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			MaximumAttempts:        3,
			NonRetryableErrorTypes: contract.Final,
		},
		Priority: temporal.Priority{PriorityKey: step.Upkeep},
	}
}
