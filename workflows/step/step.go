// Package step has what the steps of all of Curfew's workflows share: their priorities, and how an alarm is recorded.
package step

import (
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// Priorities of activities: where many wait for a worker, those of the lowest number go first.
const (
	Revoke  = 1 // access has to go
	Grant   = 2 // somebody waits for access
	Narrate = 4 // people read it when they can
	Upkeep  = 5 // nobody waits for it
)

// attempt bounds one attempt at the ledger.
const attempt = 10 * time.Second

// RecordAlarm writes an alarm to the ledger, however long that takes.
func RecordAlarm(ctx workflow.Context, alarm contract.AlarmInput) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		Summary:             "Raise the alarm: " + string(alarm.Kind),
		StartToCloseTimeout: attempt,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval:        200 * time.Millisecond,
			MaximumInterval:        time.Minute,
			NonRetryableErrorTypes: contract.Final,
		},
		Priority: temporal.Priority{PriorityKey: Narrate},
	}), contract.ActivityAlarm, alarm)
}
