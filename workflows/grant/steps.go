package grant

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
)

// Steps is the one place that says how each activity is called.

const (
	// grantAttempt bounds one attempt, and so how long a worker's death during a grant goes unnoticed.
	grantAttempt = 10 * time.Second
	// grantWithin is when a grant that keeps failing is given back to the request, which decides what then.
	grantWithin = 25 * time.Second
	// putAgain is how soon after the first attempt the next one is made.
	putAgain = 200 * time.Millisecond
	// localAttempt bounds what asks nobody, on a machine that is very busy.
	localAttempt = 5 * time.Second
	// shortestGrant is what a grant has at least.
	shortestGrant = time.Second
	// endAttempt bounds what is done of an end at once: lock, revoke, end sessions, read back.
	endAttempt = 20 * time.Second
	// unanswered is how long after the instant the server gives an end that waited in a worker to another one: the
	// first may have died while it waited. No workflow task is needed for that, which a dead worker might hold up once
	// more.
	unanswered = 2500 * time.Millisecond
	// shortestEnd is what an attempt has at least, so that it can say which call to the target has not been answered.
	shortestEnd = 8 * time.Second
	// driftWithin is how long a look at the target may take.
	driftWithin = time.Minute
)

// firstPut gives access, or moves its end, and reads it back, in one attempt. That has its time also when the access is
// to last for less, so that the target's own error is told.
func firstPut(ctx workflow.Context, command contract.GrantCommand) workflow.Future {
	within := max(min(grantWithin, command.Until.Sub(workflow.Now(ctx))), grantAttempt)
	return putOnTarget(ctx, command, within, &temporal.RetryPolicy{MaximumAttempts: 1})
}

// putsAfter makes more attempts, for as long as it may.
func putsAfter(ctx workflow.Context, command contract.GrantCommand, within time.Duration) workflow.Future {
	return putOnTarget(ctx, command, within, &temporal.RetryPolicy{
		InitialInterval: 2 * putAgain, MaximumInterval: 5 * time.Second, NonRetryableErrorTypes: contract.Answered,
	})
}

func putOnTarget(
	ctx workflow.Context,
	command contract.GrantCommand,
	within time.Duration,
	retry *temporal.RetryPolicy,
) workflow.Future {
	return atTarget(ctx, command.Access, contract.ActivityGrant, command, workflow.ActivityOptions{
		Summary:                "Grant until " + clock(command.Until) + " and read back",
		StartToCloseTimeout:    grantAttempt,
		ScheduleToCloseTimeout: within,
		RetryPolicy:            retry,
		Priority:               temporal.Priority{PriorityKey: step.Grant},
	})
}

// atTarget runs an activity in the workers of the target; one busy target does not hold up the others.
func atTarget(
	ctx workflow.Context,
	access contract.Access,
	name string,
	command any,
	options workflow.ActivityOptions,
) workflow.Future {
	options.Priority.FairnessKey = access.Target
	options.TaskQueue = contract.TargetTaskQueue(access.TaskQueue)
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), name, command)
}

// endOnTarget waits for the instant, revokes and reads back. A patient end has no last attempt; the others fail after
// the alarm time, so that the workflow learns why. No error is final: whatever the target says, the access must go.
func endOnTarget(ctx workflow.Context, command contract.EndCommand, patient bool) workflow.Future {
	waiting, attempt := max(command.Until.Sub(workflow.Now(ctx)), 0), endAttempt
	if waiting > 0 {
		attempt = max(waiting+unanswered, shortestEnd)
	}
	options := workflow.ActivityOptions{
		Summary:             "End at " + clock(command.Until) + " and see that it is gone",
		StartToCloseTimeout: attempt,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 200 * time.Millisecond,
			MaximumInterval: 30 * time.Second,
		},
		Priority: temporal.Priority{PriorityKey: step.Revoke},
	}
	if !patient {
		options.ScheduleToCloseTimeout = waiting + alarm
	}
	return atTarget(ctx, command.Access, contract.ActivityEnd, command, options)
}

// detectDriftOnTarget reads what the target holds. It gives up soon: there is a next time.
func detectDriftOnTarget(ctx workflow.Context, command contract.DetectDriftCommand) workflow.Future {
	return atTarget(ctx, command.Access, contract.ActivityDetectDrift, command, workflow.ActivityOptions{
		Summary:                "Look whether the access is still there",
		StartToCloseTimeout:    grantAttempt,
		ScheduleToCloseTimeout: driftWithin,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        time.Second,
			NonRetryableErrorTypes: contract.Final,
		},
		Priority: temporal.Priority{PriorityKey: step.Upkeep},
	})
}

// takeOverOnTarget closes the holding of access that a person has taken over. Nobody waits long for it: the worker may
// be what is broken.
func takeOverOnTarget(ctx workflow.Context, command contract.TakeOverCommand) workflow.Future {
	return atTarget(ctx, command.Access, contract.ActivityTakeOver, command, workflow.ActivityOptions{
		Summary:                "Close the holding",
		StartToCloseTimeout:    grantAttempt,
		ScheduleToCloseTimeout: grantAttempt,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        200 * time.Millisecond,
			NonRetryableErrorTypes: contract.Final,
		},
		Priority: temporal.Priority{PriorityKey: step.Revoke},
	})
}

// issueOnTarget has a certificate made. Somebody waits for it.
func issueOnTarget(ctx workflow.Context, command contract.IssueCommand) workflow.Future {
	return atTarget(ctx, command.Access, contract.ActivityIssue, command, workflow.ActivityOptions{
		Summary:                "Issue a certificate",
		StartToCloseTimeout:    grantAttempt,
		ScheduleToCloseTimeout: grantAttempt,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        200 * time.Millisecond,
			NonRetryableErrorTypes: contract.Answered,
		},
		Priority: temporal.Priority{PriorityKey: step.Grant},
	})
}

// routeLocally verifies leases in the worker that runs this workflow, at the cost of no round trip.
func routeLocally(ctx workflow.Context, in contract.RouteInput) workflow.Future {
	return workflow.ExecuteLocalActivity(
		locally(ctx, "Verify leases and find the workers of the target"),
		contract.ActivityRoute,
		in,
	)
}

// verifyLocally verifies a take-over there.
func verifyLocally(ctx workflow.Context, in contract.TakeOverInput) workflow.Future {
	return workflow.ExecuteLocalActivity(locally(ctx, "Verify the take-over"), contract.ActivityVerifyTakeOver, in)
}

func locally(ctx workflow.Context, summary string) workflow.Context {
	return workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary: summary, StartToCloseTimeout: localAttempt,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 3, NonRetryableErrorTypes: contract.Final},
	})
}

// recordEnds tells the ledger what has ended, for as long as it takes.
func recordEnds(ctx workflow.Context, in contract.RecordEndsInput) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             "Record what has ended",
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        200 * time.Millisecond,
			MaximumInterval:        time.Minute,
			NonRetryableErrorTypes: contract.Final,
		},
		Priority: temporal.Priority{PriorityKey: step.Revoke},
	}), contract.ActivityRecordEnds, in)
}

func upsert(ctx workflow.Context, attributes ...temporal.SearchAttributeUpdate) {
	if err := workflow.UpsertTypedSearchAttributes(ctx, attributes...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes were not updated", "error", err)
	}
}
