package promises

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"

	"curfew/starter"
	"curfew/workflows/contract"
)

// The intruder of these tests sends updates of their own under ids that genuine ones might bear.

// take sends an update under an id, and returns when the workflow has taken it on, whatever comes of it.
func (h *house) take(workflow, id, name string, input any) {
	h.t.Helper()
	handle, err := h.client.UpdateWorkflow(h.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID:   workflow,
		UpdateName:   name,
		UpdateID:     id,
		WaitForStage: client.WorkflowUpdateStageAccepted,
		Args:         []any{input},
	})
	require.NoError(h.t, err)
	require.Error(h.t, handle.Get(h.t.Context(), nil), "nobody vouches for it")
}

// idsOfActivities are more numbers than a short request gives to its activities.
const idsOfActivities = 150

// forgedReview is carol's, by her leave or not.
func forgedReview(id string) contract.ReviewInput {
	return contract.ReviewInput{Review: contract.Sealed[contract.Review]{Fact: contract.Review{
		Request: id, Reviewer: carol, Verdict: contract.VerdictApprove, Rules: []string{contract.DefaultRuleName},
	}}}
}

func forgedExtension(id string) contract.ExtendInput {
	return contract.ExtendInput{Extension: contract.Sealed[contract.Extension]{Fact: contract.Extension{
		Request: id, By: alice, Duration: contract.Duration{Duration: time.Minute}, Reason: "more", At: time.Now(),
	}}}
}

func TestP7ATakenUpdateIDSwallowsNoReview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	h.await(id, contract.StatePending)
	for _, verdict := range []contract.Verdict{contract.VerdictApprove, contract.VerdictDeny} {
		h.take(
			contract.RequestWorkflowID(id),
			fmt.Sprintf("review/bob/%s", verdict),
			contract.UpdateReview,
			forgedReview(id),
		)
	}
	_, err := h.starter.Current().Review(
		t.Context(),
		bob,
		id,
		starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: "not now"},
	)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeDenied, h.ended(id).Outcome)
}

func TestP7ATakenUpdateIDKeepsNobodyFromEndingAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	for _, person := range []string{alice, bob, erin} {
		h.take(contract.RequestWorkflowID(id), "revoke/"+person, contract.UpdateExtend, forgedExtension(id))
	}
	_, err := h.starter.Current().Revoke(t.Context(), erin, id, "enough")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
}

func TestP7ATakenUpdateIDKeepsNoLeaseFromBeingReleased(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	forged := h.chainOf(id)
	forged.Chain, forged.Lease.Until = contract.Chain{}, forged.Lease.Until.Add(time.Hour)
	for number := range idsOfActivities {
		h.take(forged.Access.GrantID(), fmt.Sprintf("release/%s/%d", id, number), contract.UpdateHold, forged)
	}
	_, err := h.starter.Current().Revoke(t.Context(), alice, id, "enough")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
}

// An intruder who has read the id of a release in a history may terminate the grant and take the id in the one that
// follows.
func TestP7AReleaseThatWasSwallowedIsSentAnew(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	held := h.chainOf(id)
	forged := held
	forged.Chain, forged.Lease.Until = contract.Chain{}, held.Lease.Until.Add(time.Hour)
	described, err := h.client.DescribeWorkflowExecution(t.Context(), contract.RequestWorkflowID(id), "")
	require.NoError(t, err)
	run := described.GetWorkflowExecutionInfo().GetExecution().GetRunId()
	for number := range idsOfActivities {
		name := h.decider.Name("release", held.Access.GrantID(), id, run, fmt.Sprint(number))
		h.take(held.Access.GrantID(), name, contract.UpdateHold, forged)
	}
	_, err = h.starter.Current().Revoke(t.Context(), alice, id, "enough")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
}

func TestAReviewThatIsSentAgainIsOneReview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "both", time.Hour).ID
	h.approve(bob, id)
	require.Len(t, h.approve(bob, id).Reviews, 1)
	_, err := h.starter.Current().Cancel(t.Context(), alice, id, "")
	require.NoError(t, err)
}
