package promises

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"

	"curfew/workflows/contract"
)

// mended lets the target answer again, and retries the stuck revoke.
func (h *house) mended(grant string) contract.GrantStatus {
	h.t.Helper()
	h.lightrunFaults.Clear()
	status, err := h.starter.Current().RetryStuck(h.t.Context(), erin, grant)
	require.NoError(h.t, err)
	return status
}

func TestP3ARetryReachesAGrantWhoseWorkflowIsGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id, grant := h.stuck()
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), contract.RequestWorkflowID(id), "", "by mistake"))
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), grant.ID, "", "by mistake"))
	require.True(t, h.mended(grant.ID).Over)
	require.False(t, h.canDebug("alice@example.org"))
}

// Somebody has taken the grant's id, so that nobody answers under it.
func TestP3ARetryReachesAGrantThatDoesNotAnswer(t *testing.T) {
	t.Parallel()
	for name, squat := range map[string]struct{ workflow, queue, why string }{
		"another workflow":             {"any", "nowhere", "another workflow was running under the grant's id"},
		"a grant that nobody works at": {contract.WorkflowGrant, "nowhere", "had not answered for 10s"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.work()
			id, grant := h.stuck()
			require.NoError(
				t,
				h.client.TerminateWorkflow(t.Context(), contract.RequestWorkflowID(id), "", "by mistake"),
			)
			require.NoError(t, h.client.TerminateWorkflow(t.Context(), grant.ID, "", "by mistake"))
			_, err := h.client.ExecuteWorkflow(
				t.Context(),
				client.StartWorkflowOptions{
					ID: grant.ID, TaskQueue: squat.queue,
					// A release that is on its way may have started the grant again.
					WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
				},
				squat.workflow,
				"unreadable",
			)
			require.NoError(t, err)
			require.True(t, h.mended(grant.ID).Over)
			require.False(t, h.canDebug("alice@example.org"))
			require.True(t, slices.ContainsFunc(h.alarms(contract.AlarmStuck), func(alarm contract.Alarm) bool {
				return alarm.Actor == erin && strings.Contains(alarm.Text, squat.why)
			}), "the record says who has ended the other workflow, and why")
		})
	}
}

func TestP3ARetryTerminatesNothingWhileNoWorkerIsAtWork(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	access := contract.Access{
		Target:      "lightrun-prod",
		Entitlement: []byte(`{}`),
		Person:      alice,
		Account:     "alice@example.org",
	}
	run, err := h.client.ExecuteWorkflow(
		t.Context(),
		client.StartWorkflowOptions{ID: access.GrantID(), TaskQueue: contract.TaskQueue},
		contract.WorkflowGrant,
		contract.GrantInput{Access: access},
	)
	require.NoError(t, err)
	_, err = h.starter.Current().RetryStuck(t.Context(), erin, access.GrantID())
	require.ErrorContains(t, err, "no worker is at work")
	described, err := h.client.DescribeWorkflow(t.Context(), run.GetID(), run.GetRunID())
	require.NoError(t, err)
	require.Equal(t, "Running", described.Status.String())
}

// A retry of access that is live leaves it alone, also when its workflow had to be started anew.
func TestP4ARetryOfAGrantThatIsGoneKeepsLiveAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "orders", time.Hour)
	grant := status.Holds[0].Access.GrantID()
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), grant, "", "by mistake"))
	retried, err := h.starter.Current().RetryStuck(t.Context(), erin, grant)
	require.NoError(t, err)
	require.Equal(t, "no workflow of the grant was running", retried.Restarted)
	require.True(t, retried.Held.Equal(*status.Until))
	require.Equal(t, []string{status.ID}, retried.Leases.Requests())
	require.True(t, h.database.can(h.database.alice))
	_, err = h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
	require.NoError(t, err)
	require.False(t, h.database.can(h.database.alice))
}
