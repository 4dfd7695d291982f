package ledger

import (
	"context"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Activities records in the ledger what happened.
type Activities struct {
	events Events
	alarms Alarms
}

// New makes the activities of a ledger.
func New(events Events, alarms Alarms) *Activities {
	return &Activities{events: events, alarms: alarms}
}

// Record is the activity contract.ActivityRecord.
func (a *Activities) Record(ctx context.Context, in contract.RecordInput) error {
	return activities.Error(a.events.Append(ctx, in.Events, in.Status))
}

// Alarm is the activity contract.ActivityAlarm.
func (a *Activities) Alarm(ctx context.Context, in contract.AlarmInput) error {
	return activities.Error(a.alarms.Raise(ctx, in.Alarm))
}
