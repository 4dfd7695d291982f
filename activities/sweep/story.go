package sweep

import (
	commonpb "go.temporal.io/api/common/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/converter"

	"curfew/workflows/contract"
)

// StoryIn is what a workflow has had recorded by an event of its history: by an activity of its own, by one that did
// something else afterwards, or by a local activity.
func StoryIn(event *historypb.HistoryEvent) (story contract.RecordInput, told bool) {
	if marker := event.GetMarkerRecordedEventAttributes(); marker != nil {
		return storyOfMarker(marker.GetDetails())
	}
	scheduled := event.GetActivityTaskScheduledEventAttributes()
	switch scheduled.GetActivityType().GetName() {
	case contract.ActivityRecord:
		told = decode(scheduled.GetInput(), &story)
		return story, told
	case contract.ActivityDecide, contract.ActivityHold:
		var carried struct {
			Story *contract.RecordInput `json:"story"`
		}
		if decode(scheduled.GetInput(), &carried) && carried.Story != nil {
			return *carried.Story, true
		}
	}
	return story, false
}

// storyOfMarker reads the marker of a local activity, as Temporal's SDK for Go writes it.
func storyOfMarker(details map[string]*commonpb.Payloads) (contract.RecordInput, bool) {
	var what struct{ ActivityType string }
	var result contract.RecordResult
	if !decode(details["data"], &what) || what.ActivityType != contract.ActivityRecord ||
		!decode(details["result"], &result) || result.Story == nil || result.Missing > 0 {
		return contract.RecordInput{}, false
	}
	return *result.Story, true
}

func decode(payloads *commonpb.Payloads, value any) bool {
	return payloads != nil && converter.GetDefaultDataConverter().FromPayloads(payloads, value) == nil
}
