package promises

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"

	"curfew/workflows/contract"
)

// takenUp is when a worker began with a workflow's first task; false when none has.
func (h *house) takenUp(workflow string) (time.Time, bool) {
	for _, event := range h.history(workflow).Events {
		if event.EventType == enumspb.EVENT_TYPE_WORKFLOW_TASK_STARTED {
			return event.EventTime.AsTime(), true
		}
	}
	return time.Time{}, false
}

// TestARequestPassesTheDeliveriesThatWait: workers are behind with what one source has sent, and somebody requests
// access. What counts is the order, so that the machine's speed does not matter.
func TestARequestPassesTheDeliveriesThatWait(t *testing.T) {
	t.Parallel()
	h := newHouse(t, hooked)
	const sent = 400
	var deliveries [sent]string
	inParallel(sent, func(i int) {
		delivery := contract.Delivery{
			ID: fmt.Sprintf("flood-%d", i), Source: "pd", Event: "incident.triggered", Incident: "PFLOOD0001",
			At: time.Now(),
		}
		deliveries[i] = contract.DeliveryWorkflowID(delivery.Source, delivery.ID)
		for t.Context().Err() == nil { // as a source sends again what a busy Temporal has not kept
			if _, err := h.starter.Deliver(t.Context(), delivery); err == nil {
				return
			}
		}
	})
	request := contract.RequestWorkflowID(h.ask(alice, "debug", time.Hour).ID)
	h.work()
	var ahead int
	require.Eventually(t, func() bool {
		asked, taken := h.takenUp(request)
		if !taken {
			return false
		}
		ahead = 0
		for _, delivery := range deliveries {
			at, taken := h.takenUp(delivery)
			if !taken {
				return false
			}
			if at.Before(asked) {
				ahead++
			}
		}
		return true
	}, patience, 100*time.Millisecond, "a delivery is never taken up")
	require.Less(t, ahead, sent/2, "deliveries that were taken up before the request, of %d", sent)
}
