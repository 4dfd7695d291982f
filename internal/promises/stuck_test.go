package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox"
	"curfew/workflows/contract"
)

// stuck has access whose revoke is stuck, and returns the request and its grant.
func (h *house) stuck() (id string, grant contract.GrantStatus) {
	h.t.Helper()
	id = h.active(alice, "debug", time.Hour).ID
	h.lightrunFaults.Add(sandbox.Fault{Down: true})
	require.NoError(
		h.t,
		h.client.SignalWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.SignalRevoke, nil),
	)
	return id, h.awaitStuck()
}

// awaitStuck waits until one revoke is stuck, which takes a minute.
func (h *house) awaitStuck() (grant contract.GrantStatus) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		list, err := h.starter.Current().Stuck(h.t.Context(), erin)
		if err != nil || len(list) != 1 {
			return false
		}
		grant = list[0]
		return true
	}, 3*patience, 200*time.Millisecond)
	return grant
}

func TestP3AStuckRevokeIsListedAndCanBeTriedAgainAtOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id, grant := h.stuck()
	require.Equal(t, []string{id}, grant.Requests)
	require.NotEmpty(t, grant.Problem)
	require.Equal(t, grant.ID, h.alarm(contract.AlarmStuck).Grant)

	h.lightrunFaults.Clear()
	status, err := h.starter.Current().RetryStuck(t.Context(), erin, grant.ID)
	require.NoError(t, err)
	require.True(t, status.Over)
	require.False(t, h.canDebug("alice@example.org"))
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
}

func TestP3WhoeverTakesStuckAccessOverIsNamedAndTheTicketDoesNotSayThatItIsGone(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id, grant := h.stuck()
	_, err := h.starter.Current().TakeOver(t.Context(), erin, grant.ID, "it is gone")
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, contract.KindForbidden, problem.Kind, "an operator is no admin")
	_, err = h.starter.Current().TakeOver(t.Context(), frank, grant.ID, "")
	problem, ok = contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, "reason", problem.Field)

	require.ErrorContains(t, h.takeOver(grant.ID, frank), "no seal", "P7: nobody does it in another's name")
	status, err := h.starter.Current().TakeOver(t.Context(), frank, grant.ID, "the company was closed")
	require.NoError(t, err)
	require.True(t, status.Over)
	require.Equal(t, "frank", h.alarm(contract.AlarmTakenOver).Actor)
	ended := h.ended(id)
	require.Equal(t, contract.OutcomeTakenOver, ended.Outcome)
	require.Nil(t, ended.Holds[0].GoneAt)
	lines := h.headlines(id)
	require.Equal(
		t,
		"Access could not be taken away: it may still be there, and Frank (frank) answers for it",
		lines[len(lines)-1],
	)
	stuck, err := h.starter.Current().Stuck(t.Context(), erin)
	require.NoError(t, err)
	require.Empty(t, stuck)
}

func TestP3ARevokeThatFailsShowsWhatTheTargetAnswersWithinSeconds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	h.lightrunFaults.Add(sandbox.Fault{Status: 503})
	_, err := h.starter.Current().Revoke(t.Context(), alice, id, "done")
	require.NoError(t, err)
	var shown contract.Status
	require.Eventually(t, func() bool {
		var err error
		shown, err = h.starter.Current().Get(t.Context(), alice, id)
		return err == nil && shown.Holds[0].Problem != ""
	}, patience, 100*time.Millisecond)
	require.False(t, shown.Stuck)
	require.Contains(t, shown.Summary, "The access could not be revoked yet: lightrun-prod: ")
	require.Contains(t, shown.Summary, "503", "it is the target's own answer")
	h.lightrunFaults.Clear()
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
}

func TestP3AGrantThatIsCanceledInTemporalEndsItsRequestWhichSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "debug", time.Hour)
	require.NoError(t, h.client.CancelWorkflow(t.Context(), status.Holds[0].Access.GrantID(), ""))
	require.Equal(t, contract.OutcomeRevoked, h.ended(status.ID).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	h.tells(status.ID, "Access was ended early by a cancellation in Temporal")
}
