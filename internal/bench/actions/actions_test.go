package actions_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"curfew/internal/bench/actions"
)

func event(kind enumspb.EventType) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{EventType: kind}
}

// attempt is an activity that was started as often.
func attempt(n int32) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_ACTIVITY_TASK_STARTED,
		Attributes: &historypb.HistoryEvent_ActivityTaskStartedEventAttributes{
			ActivityTaskStartedEventAttributes: &historypb.ActivityTaskStartedEventAttributes{Attempt: n},
		},
	}
}

func marker(name string, task int64) *historypb.HistoryEvent {
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_MARKER_RECORDED,
		Attributes: &historypb.HistoryEvent_MarkerRecordedEventAttributes{
			MarkerRecordedEventAttributes: &historypb.MarkerRecordedEventAttributes{
				MarkerName: name, WorkflowTaskCompletedEventId: task,
			},
		},
	}
}

func upsert(names ...string) *historypb.HistoryEvent {
	fields := map[string]*commonpb.Payload{}
	for _, name := range names {
		fields[name] = &commonpb.Payload{}
	}
	return &historypb.HistoryEvent{
		EventType: enumspb.EVENT_TYPE_UPSERT_WORKFLOW_SEARCH_ATTRIBUTES,
		Attributes: &historypb.HistoryEvent_UpsertWorkflowSearchAttributesEventAttributes{
			UpsertWorkflowSearchAttributesEventAttributes: &historypb.UpsertWorkflowSearchAttributesEventAttributes{
				SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields},
			},
		},
	}
}

func TestActionsAreCountedByTemporalsRule(t *testing.T) {
	t.Parallel()
	counts := actions.In([]*historypb.HistoryEvent{
		event(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_STARTED),
		event(enumspb.EVENT_TYPE_WORKFLOW_TASK_SCHEDULED),
		event(enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED),
		event(enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED),
		attempt(1),
		attempt(3),
		event(enumspb.EVENT_TYPE_ACTIVITY_TASK_COMPLETED),
		event(enumspb.EVENT_TYPE_TIMER_STARTED),
		event(enumspb.EVENT_TYPE_TIMER_CANCELED),
		event(
			enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_ACCEPTED,
		),
		event(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_UPDATE_COMPLETED),
		event(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_SIGNALED),
		upsert(
			"CurfewState",
			"CurfewDeadline",
		),
		upsert("TemporalChangeVersion"),
		upsert("CurfewState", "TemporalChangeVersion"),
		marker("LocalActivity", 4),
		marker("LocalActivity", 4),
		marker("LocalActivity", 9),
		marker("SideEffect", 4),
		marker("Version", 4),
		event(enumspb.EVENT_TYPE_WORKFLOW_EXECUTION_COMPLETED),
	})
	require.Equal(t, actions.Counts{
		actions.Start: 1, actions.Activity: 4, actions.Timer: 1, actions.Update: 1, actions.Signal: 1,
		actions.Upsert: 2, actions.LocalActivity: 2, actions.SideEffect: 1,
	}, counts)
	require.Equal(t, 13, counts.Total())
}

func TestAnActivityThatNeverStartedCostsNothing(t *testing.T) {
	t.Parallel()
	require.Zero(t, actions.In([]*historypb.HistoryEvent{event(enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED)}).Total())
}

func TestEveryKindThatIsCountedIsShown(t *testing.T) {
	t.Parallel()
	counts := actions.Counts{}
	for _, kind := range actions.Kinds() {
		counts.Add(actions.Counts{kind: 1})
	}
	require.Equal(t, len(actions.Kinds()), counts.Total())
}
