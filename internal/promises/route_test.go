package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"curfew/workflows/contract"
)

// startHold sends a hold to a grant, starting it, and does not wait for what comes of it.
func (h *house) startHold(in contract.HoldInput) {
	h.t.Helper()
	_, err := h.client.UpdateWithStartWorkflow(h.t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: h.client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: in.Access.GrantID(), TaskQueue: contract.TaskQueue,
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, contract.WorkflowGrant, contract.GrantInput{Access: in.Access}),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: contract.UpdateHold, WaitForStage: client.WorkflowUpdateStageAccepted, Args: []any{in},
		},
	})
	require.NoError(h.t, err)
}

// queuesOf are the task queues on which a grant has had something done.
func (h *house) queuesOf(grant string) map[string]bool {
	h.t.Helper()
	queues := map[string]bool{}
	for _, event := range h.history(grant).Events {
		if scheduled := event.GetActivityTaskScheduledEventAttributes(); scheduled != nil {
			queues[scheduled.GetTaskQueue().GetName()] = true
		}
	}
	return queues
}

func TestP7AnUnvouchedHoldParksNoGrant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	access := h.sealedRequest(id).Fact.Terms.Accesses[0]
	elsewhere := access
	elsewhere.TaskQueue = "nowhere"
	forged := contract.HoldInput{
		Access: elsewhere,
		Lease:  contract.Lease{Request: id, Until: time.Now().Add(time.Hour)},
	}
	h.startHold(forged)
	h.approve(bob, id)
	h.await(id, contract.StateActive)
	h.startHold(forged)
	_, err := h.starter.Current().Revoke(t.Context(), alice, id, "enough")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.Equal(t, map[string]bool{contract.TaskQueue: true}, h.queuesOf(access.GrantID()))
	require.Contains(t, h.alarm(contract.AlarmForged).Requests, id)
}

func TestP7AGrantThatIsStartedAnewGoesToItsOwnWorkers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	access := h.sealedRequest(id).Fact.Terms.Accesses[0]
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), access.GrantID(), "", "to hold the end up"))
	elsewhere := access
	elsewhere.TaskQueue = "nowhere"
	_, err := h.client.ExecuteWorkflow(
		t.Context(),
		client.StartWorkflowOptions{ID: access.GrantID(), TaskQueue: contract.TaskQueue},
		contract.WorkflowGrant,
		contract.GrantInput{Access: elsewhere},
	)
	require.NoError(t, err)
	_, err = h.starter.Current().Revoke(t.Context(), alice, id, "enough")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.Equal(t, map[string]bool{contract.TaskQueue: true}, h.queuesOf(access.GrantID()))
}
