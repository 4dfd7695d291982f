package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

// The end of a short access is waited for inside a worker from the moment it is granted, so whatever changes it comes
// during that wait.

func TestP2AnExtensionDuringTheWaitWins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "both", 3*time.Second)
	first, more := *status.Until, pace.Lasts(3*time.Second)

	status, err := h.starter.Current().Extend(
		t.Context(),
		alice,
		status.ID,
		contract.Duration{Duration: more},
		"not done yet",
	)
	require.NoError(t, err)
	require.Equal(t, first.Add(more), *status.Until)
	require.Eventually(
		t,
		func() bool { return time.Now().After(first.Add(500 * time.Millisecond)) },
		patience,
		20*time.Millisecond,
	)
	require.True(t, h.canDebug("alice@example.org"), "after the first end")
	require.True(t, h.database.can(h.database.alice), "after the first end")

	ended := h.ended(status.ID)
	require.Equal(t, contract.OutcomeExpired, ended.Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.False(t, h.database.can(h.database.alice))
	for _, hold := range ended.Holds {
		require.False(t, hold.GoneAt.Before(first.Add(more)), "%s ended early", hold.Access.Target)
	}
}

func TestP2AnEarlyEndDuringTheWaitWins(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "both", 10*time.Second)
	revoked, err := h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, revoked.Outcome, "a revoke answers when the access is seen to be gone")
	require.False(t, h.canDebug("alice@example.org"))
	require.False(t, h.database.can(h.database.alice))
	require.True(t, h.ended(status.ID).EndedAt.Before(*status.Until))
}

func TestP2ABareRevokeSignalIsObeyed(t *testing.T) {
	t.Parallel()
	for name, payload := range map[string]any{
		"with who and why":   map[string]string{"by": "incident tool", "reason": "resolved"},
		"with a string":      "resolved",
		"with a number":      42,
		"with bytes":         []byte{0xff, 0x00},
		"with nothing":       nil,
		"with another shape": []string{"?"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.work()
			id := h.active(alice, "debug", time.Hour).ID
			require.NoError(
				t,
				h.client.SignalWorkflow(
					t.Context(),
					contract.RequestWorkflowID(id),
					"",
					contract.SignalRevoke,
					payload,
				),
			)
			require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
			require.False(t, h.canDebug("alice@example.org"))
		})
	}
}

func TestP2ACanceledWorkflowGivesTheAccessBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "both", time.Hour).ID
	require.NoError(t, h.client.CancelWorkflow(t.Context(), contract.RequestWorkflowID(id), ""))
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.False(t, h.database.can(h.database.alice))
}

func TestP2TerminatingTheRequestDoesNotProlongTheAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "orders", 3*time.Second)
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), contract.RequestWorkflowID(status.ID), "", "by mistake"))
	require.Eventually(t, func() bool { return !h.database.can(h.database.alice) }, patience, 50*time.Millisecond)
	pace.OnTime(t, "the end", time.Since(*status.Until), 5*time.Second)
}

func TestP2TerminatingTheGrantDoesNotProlongTheAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "orders", 3*time.Second)
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), status.Holds[0].Access.GrantID(), "", "by mistake"))
	ended := h.ended(status.ID)
	require.Equal(t, contract.OutcomeExpired, ended.Outcome)
	require.False(t, h.database.can(h.database.alice))
	pace.OnTime(t, "the end", ended.EndedAt.Sub(*status.Until), 5*time.Second)
}

func TestP3ARevokeThatFailsIsStuckUntilItSucceeds(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	h.lightrunFaults.Add(sandbox.Fault{Down: true})
	require.NoError(
		t,
		h.client.SignalWorkflow(t.Context(), contract.RequestWorkflowID(id), "", contract.SignalRevoke, nil),
	)

	require.Eventually(t, func() bool {
		value, err := h.client.QueryWorkflow(t.Context(), contract.RequestWorkflowID(id), "", contract.QueryStatus)
		var status contract.Status
		return err == nil && value.Get(&status) == nil && status.Stuck
	}, 3*patience, 100*time.Millisecond)
	require.True(t, h.canDebug("alice@example.org"))
	require.NotContains(
		t,
		h.headlines(id),
		"Access was ended early by a signal from Temporal",
		"the ticket says so only when it is gone",
	)

	h.lightrunFaults.Clear()
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.Equal(t, []string{
		"Access requested by Alice (alice)", "Access approved by Bob (bob)", "Access granted",
		"Access is being ended by a signal from Temporal", "Access could not be taken away yet; Curfew goes on trying",
		"Access was ended early by a signal from Temporal",
	}, h.headlines(id))
}
