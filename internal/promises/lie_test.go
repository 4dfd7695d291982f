package promises

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox"
	"curfew/workflows/contract"
)

func TestP3AGrantThatIsAnsweredAndNotMadeIsNotActive(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.lightrunFaults.Add(sandbox.Fault{Method: http.MethodPost, Lie: true})
	id := h.ask(alice, "debug", time.Hour).ID
	h.approve(bob, id)
	require.Eventually(t, func() bool {
		return strings.Contains(h.why(id), "the target said that access was granted, but does not show it")
	}, patience, 20*time.Millisecond)
	require.False(t, h.canDebug("alice@example.org"))
	h.await(id, contract.StateGranting)
	require.NotContains(t, h.kindsOf(id), contract.EventGranted)

	h.lightrunFaults.Clear()
	h.await(id, contract.StateActive)
	require.True(t, h.canDebug("alice@example.org"))
	require.Contains(t, h.kindsOf(id), contract.EventGranted)
}

func TestP3ARevokeThatIsAnsweredAndNotMadeIsStuckAndNotEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	h.lightrunFaults.Add(sandbox.Fault{Method: http.MethodDelete, Lie: true})
	_, err := h.starter.Revoke(t.Context(), alice, id, "done")
	require.NoError(t, err)
	grant := h.awaitStuck()
	require.Equal(t, []string{id}, grant.Requests)
	require.Equal(t, grant.ID, h.alarm(contract.AlarmStuck).Grant)
	require.True(t, h.canDebug("alice@example.org"), "the target has not made it")
	status := h.await(id, contract.StateRevoking)
	require.Nil(t, status.Holds[0].GoneAt)
	require.NotContains(t, h.kindsOf(id), contract.EventRevoked)

	h.lightrunFaults.Clear()
	_, err = h.starter.RetryStuck(t.Context(), erin, grant.ID)
	require.NoError(t, err)
	require.False(t, h.canDebug("alice@example.org"))
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
}

// kindsOf are the kinds of the events that the ledger has of a request.
func (h *house) kindsOf(id string) (kinds []contract.EventKind) {
	h.t.Helper()
	_, events, err := h.ledger.Request(h.t.Context(), id)
	require.NoError(h.t, err)
	for _, event := range events {
		kinds = append(kinds, event.Kind)
	}
	return kinds
}
