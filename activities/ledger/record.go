package ledger

import (
	"context"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Activities tells the ledger what happened.
type Activities struct{ events Events }

// New makes the activities of a ledger.
func New(events Events) *Activities { return &Activities{events: events} }

// Record is the activity contract.ActivityRecord.
func (a *Activities) Record(ctx context.Context, in contract.RecordInput) error {
	return activities.Error(a.events.Append(ctx, in.Events, in.Status))
}
