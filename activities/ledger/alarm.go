package ledger

import (
	"context"

	"curfew/workflows/contract"
)

// Alarms is the journal of what concerns operators and is no request's event.
type Alarms interface {
	// Raise adds an alarm. One that is there under the same id stays as it is, so that a repetition does no harm.
	Raise(ctx context.Context, alarm contract.Alarm) error
	// List returns alarms, newest first.
	List(ctx context.Context, filter AlarmFilter) ([]contract.Alarm, error)
}

// AlarmFilter narrows a list of alarms. Empty fields don't.
type AlarmFilter struct {
	Kind   contract.AlarmKind
	Target string
	Grant  string
	// Before is the AlarmCursor of the last alarm of the page before.
	Before string
	Limit  int // 0 means 50; at most 500
}

// Bounds of an alarm.
const (
	longestAlarmID   = 512  // bytes; the id of a grant is a part of it
	longestAlarmText = 4096 // bytes
	mostRequests     = 100
)

// CheckAlarm says what is wrong with an alarm, and returns it as stores keep it: with UTC, no more text and
// requests than fit, and the requests as text. An alarm that covers too much is worth more than none.
func CheckAlarm(alarm contract.Alarm) (checked contract.Alarm, requests string, err error) {
	if err := checkAlarm(alarm); err != nil {
		return alarm, "", err
	}
	alarm.At = alarm.At.UTC()
	alarm.Text = contract.Shorten(alarm.Text, longestAlarmText)
	alarm.Requests = alarm.Requests[:min(len(alarm.Requests), mostRequests)]
	requests, err = encode(alarm.Requests)
	return alarm, requests, err
}

func checkAlarm(alarm contract.Alarm) error {
	switch {
	case alarm.ID == "" || len(alarm.ID) > longestAlarmID:
		return contract.Invalid("an alarm's id has 1 to %d bytes, not %d", longestAlarmID, len(alarm.ID)).
			At("id").
			Advise("give each alarm an id of its own, the same when it is repeated")
	case alarm.Kind == "":
		return contract.Invalid("the alarm %s has no kind", alarm.ID).At("kind").Advise("say what was found")
	case alarm.At.IsZero():
		return contract.Invalid("the alarm %s has no time", alarm.ID).At("at").Advise("say when it was found")
	}
	return nil
}
