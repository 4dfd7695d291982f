package ledger

import (
	"context"
	"errors"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Activities records in the ledger what happened.
type Activities struct {
	events     Events
	tombstones Tombstones
	holdings   Holdings
	alarms     Alarms
	observer   RecordObserver
}

// RecordObserver is told of what was recorded of a request: the events that the ledger had, and those that are new. It
// must be quick.
type RecordObserver interface {
	Recorded(earlier, news []contract.Event, status contract.Status)
}

// New makes the activities of a ledger. The observer may be nil.
func New(
	events Events, tombstones Tombstones, holdings Holdings, alarms Alarms, observer RecordObserver,
) *Activities {
	return &Activities{
		events: events, tombstones: tombstones, holdings: holdings, alarms: alarms, observer: observer,
	}
}

// Record is the activity contract.ActivityRecord. That a request has ended is on record before its story says so: from
// then on nothing that was decided about it opens anything.
func (a *Activities) Record(ctx context.Context, in contract.RecordInput) (contract.RecordResult, error) {
	found, err := a.compare(ctx, in)
	if err != nil || found.missing > 0 || len(found.news) == 0 {
		return recorded(in, found.missing), activities.Error(err)
	}
	in.Status.Seq = found.newest
	if in.Status.State == contract.StateEnded {
		if err := a.tombstones.AddTombstones(ctx, endOf(in)); err != nil {
			return contract.RecordResult{}, activities.Error(err)
		}
	}
	if err := a.events.Append(ctx, in.Events, in.Status); err != nil {
		return contract.RecordResult{}, activities.Error(err)
	}
	if a.observer != nil {
		a.observer.Recorded(found.earlier, found.news, in.Status)
	}
	return recorded(in, 0), nil
}

// recorded is the answer to a story.
func recorded(in contract.RecordInput, missing int) contract.RecordResult {
	result := contract.RecordResult{Missing: missing}
	if in.Keep {
		in.Keep = false
		result.Story = &in
	}
	return result
}

// comparison is what a workflow tells beside what is on record.
type comparison struct {
	missing int // the first event that the record lacks before these
	newest  int // the number of the newest event that the record will have
	earlier []contract.Event
	// news are the events that the record lacks. When there are none the status is nothing new either: it comes with an
	// event, and is as new as that.
	news []contract.Event
}

// compare holds what a workflow tells against what is on record. A story that contradicts the record is refused whole:
// its workflow has forgotten something, and the record has not.
func (a *Activities) compare(ctx context.Context, in contract.RecordInput) (comparison, error) {
	recorded, events, err := a.events.Request(ctx, in.Status.ID)
	if err != nil && !errors.Is(err, ErrNotFound) {
		return comparison{}, err
	}
	newest := 0
	known := make(map[int]contract.Event, len(events))
	for _, event := range events {
		known[event.Seq] = event
		newest = max(newest, event.Seq)
	}
	var news []contract.Event
	for _, event := range in.Events {
		was, there := known[event.Seq]
		if !there {
			news = append(news, event)
			newest = max(newest, event.Seq)
		} else if err := CheckSame(event, was); err != nil {
			return comparison{}, err
		}
	}
	if len(news) == 0 {
		return comparison{}, nil
	}
	if !in.Status.MayFollow(recorded) {
		return comparison{}, contract.Conflict("the request can't be %s: the ledger has that it is %s", stateOf(in.Status), stateOf(recorded)).
			At("state").
			Advise("see whether the workflow was reset, or Temporal restored from an older copy")
	}
	refused := make(map[int]bool, len(in.Refused))
	for _, seq := range in.Refused {
		refused[seq] = true
	}
	for seq := 1; seq < news[0].Seq; seq++ {
		if _, there := known[seq]; !there && !refused[seq] {
			return comparison{missing: seq}, nil
		}
	}
	return comparison{newest: newest, earlier: events, news: news}, nil
}

func stateOf(status contract.Status) string {
	if status.State == contract.StateEnded {
		return string(status.Outcome)
	}
	return string(status.State)
}

// endOf is the end that a story tells of, by whoever its last event names.
func endOf(in contract.RecordInput) contract.Tombstone {
	t := contract.Tombstone{Request: in.Status.ID, Kind: contract.EndKind(in.Status.Outcome), By: contract.ActorCurfew}
	if n := len(in.Events); n > 0 {
		t.By, t.Reason = in.Events[n-1].Actor, in.Events[n-1].Said
	}
	return t
}

// RecordEnds is the activity contract.ActivityRecordEnds: it pays what a grant owes that has ended leases while the
// ledger was away. It runs for anybody's workflow, so it ends leases in nobody's name, and no request as a whole.
func (a *Activities) RecordEnds(ctx context.Context, in contract.RecordEndsInput) error {
	if !contract.IsGrantID(in.Grant) {
		return activities.Error(
			contract.Invalid("%.80q is no grant's id", in.Grant).At("grant").Advise("name the grant"),
		)
	}
	return activities.Error(a.tombstones.AddTombstones(ctx, Released(in.Grant, in.Requests)...))
}

// Alarm is the activity contract.ActivityAlarm. It may come long after a workflow has asked for it, because the ledger
// was down: that access is stuck is told only while it is.
func (a *Activities) Alarm(ctx context.Context, in contract.AlarmInput) error {
	if in.Kind == contract.AlarmStuck && in.Grant != "" {
		stuck, err := ConfirmRead(
			ctx,
			a.holdings,
			in.Grant,
			func(_ context.Context, holding Holding) (bool, error) { return holding.Open, nil },
		)
		if err != nil || !stuck {
			return activities.Error(err)
		}
	}
	return activities.Error(a.alarms.Raise(ctx, in.Alarm))
}
