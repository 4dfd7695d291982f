package sweep

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// Steps is the one place that says how each activity is called. A sweep gives up after a while: there is a next one.

const (
	lowest  = 5 // priority: nobody waits for a sweep
	attempt = 2 * time.Minute
	within  = 5 * time.Minute
)

func makePlan(ctx workflow.Context, in contract.SweepInput) (plan contract.SweepPlan, err error) {
	err = workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                "Read the configuration",
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: within,
		Priority:               temporal.Priority{PriorityKey: lowest},
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
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                "Look for requests without a workflow",
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: within,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			MaximumAttempts:        3,
			NonRetryableErrorTypes: contract.Final,
		},
		Priority: temporal.Priority{PriorityKey: lowest},
	}), contract.ActivitySweepRequests, in)
}

func atTarget(ctx workflow.Context, summary string, target contract.SweepTarget) workflow.Context {
	return workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    attempt,
		ScheduleToCloseTimeout: within,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			MaximumAttempts:        3,
			NonRetryableErrorTypes: contract.Final,
		},
		Priority:  temporal.Priority{PriorityKey: lowest, FairnessKey: target.Name},
		TaskQueue: contract.TargetTaskQueue(target.TaskQueue),
	})
}

func raise(ctx workflow.Context, alarm contract.AlarmInput) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary: "Raise the alarm: " + string(
			alarm.Kind,
		),
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: within,
		Priority:               temporal.Priority{PriorityKey: lowest},
	}), contract.ActivityAlarm, alarm)
}
