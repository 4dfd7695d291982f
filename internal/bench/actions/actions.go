// Package actions counts what Temporal Cloud bills for a workflow's history, by the rule that Temporal publishes
// (docs.temporal.io, "Temporal Cloud Actions").
package actions

import (
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
)

// Kind is a kind of action.
type Kind string

// The kinds that Curfew's workflows need. Heartbeats and queries are in no history: whoever counts a life adds them.
const (
	Start         Kind = "starts"
	Timer         Kind = "timers"
	Activity      Kind = "activity attempts"
	LocalActivity Kind = "workflow tasks with local activities"
	Update        Kind = "updates"
	Signal        Kind = "signals"
	Upsert        Kind = "upserts of search attributes"
	SideEffect    Kind = "side effects"
	Heartbeat     Kind = "heartbeats"
	Query         Kind = "queries"
)

// Kinds are all of them, in the order in which they are shown.
func Kinds() []Kind {
	return []Kind{Start, Timer, Activity, LocalActivity, Update, Signal, Upsert, SideEffect, Heartbeat, Query}
}

// Counts are actions by their kind.
type Counts map[Kind]int

// Total of all kinds.
func (c Counts) Total() (n int) {
	for _, count := range c {
		n += count
	}
	return n
}

// Add adds others.
func (c Counts) Add(others Counts) {
	for kind, n := range others {
		c[kind] += n
	}
}

// The markers that the SDK records.
const (
	localActivityMarker = "LocalActivity"
	sideEffectMarker    = "SideEffect"
	mutableMarker       = "MutableSideEffect"
)

// versionsAttribute is what the SDK upserts for workflow.GetVersion, alone: Temporal bills no such upsert.
const versionsAttribute = "TemporalChangeVersion"

// In counts the actions of one history.
func In(events []*historypb.HistoryEvent) Counts {
	counts := Counts{}
	localIn := map[int64]bool{}
	for _, event := range events {
		kind, n := of(event)
		if kind == LocalActivity {
			// All local activities of one workflow task are one action.
			task := event.GetMarkerRecordedEventAttributes().GetWorkflowTaskCompletedEventId()
			if localIn[task] {
				continue
			}
			localIn[task] = true
		}
		if n > 0 {
			counts[kind] += n
		}
	}
	return counts
}

// of is the kind of action that an event stands for, and how many of it.
func of(event *historypb.HistoryEvent) (Kind, int) {
	switch event.GetEventType() { // all others cost nothing
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED:
		return Start, 1
	case enumspb.EVENT_TYPE_TIMER_STARTED:
		return Timer, 1
	case enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED:
		// The event is written with the last attempt, and has the number of it.
		return Activity, int(max(event.GetActivityTaskStartedEventAttributes().GetAttempt(), 1))
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED:
		return Update, 1
	case enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED:
		return Signal, 1
	case enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES:
		return Upsert, upserts(event.GetUpsertWorkflowSearchAttributesEventAttributes())
	case enumspb.EVENT_TYPE_MARKER_RECORDED:
		switch event.GetMarkerRecordedEventAttributes().GetMarkerName() {
		case localActivityMarker:
			return LocalActivity, 1
		case sideEffectMarker, mutableMarker:
			return SideEffect, 1
		}
	}
	return "", 0
}

func upserts(attributes *historypb.UpsertWorkflowSearchAttributesEventAttributes) int {
	fields := attributes.GetSearchAttributes().GetIndexedFields()
	if _, versions := fields[versionsAttribute]; versions && len(fields) == 1 {
		return 0
	}
	return 1
}
