package promises

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// behind has the workers reach the database through a liar.
func behind(liar **postgres.Liar) func(*house) {
	return func(h *house) {
		*liar = h.database.server.StartLiar(h.t)
		h.database.dsn = h.database.server.Via((*liar).Address(), h.database.broker, h.database.name)
	}
}

func TestP3AGrantThatIsAnsweredAndNotMadeIsNotActive(t *testing.T) {
	t.Parallel()
	var liar *postgres.Liar
	h := newHouse(t, behind(&liar))
	h.work()
	honest := liar.Lie()
	id := h.ask(alice, "orders", time.Hour).ID
	h.approve(bob, id)
	require.Eventually(t, func() bool {
		return strings.Contains(h.why(id), "the target said that access was granted, but does not show it")
	}, patience, 20*time.Millisecond)
	require.False(t, h.database.can(h.database.alice))
	h.await(id, contract.StateGranting)
	require.NotContains(t, h.kindsOf(id), contract.EventGranted)

	honest()
	h.await(id, contract.StateActive)
	require.True(t, h.database.can(h.database.alice))
	require.Eventually(t, func() bool {
		return slices.Contains(h.kindsOf(id), contract.EventGranted)
	}, patience, 20*time.Millisecond, "the ledger hears of it a moment later")
}

func TestP3ARevokeThatIsAnsweredAndNotMadeIsStuckAndNotEnded(t *testing.T) {
	t.Parallel()
	var liar *postgres.Liar
	h := newHouse(t, behind(&liar))
	h.work()
	id := h.active(alice, "orders", time.Hour).ID
	honest := liar.Lie()
	_, err := h.starter.Current().Revoke(t.Context(), alice, id, "done")
	require.NoError(t, err)
	grant := h.awaitStuck()
	require.Equal(t, []string{id}, grant.Requests)
	require.Contains(t, grant.Problem, "the target said that access was revoked, but still shows it")
	require.Equal(t, grant.ID, h.alarm(contract.AlarmStuck).Grant)
	require.True(t, h.database.can(h.database.alice), "the target has not made it")
	status := h.await(id, contract.StateRevoking)
	require.Nil(t, status.Holds[0].GoneAt)
	require.NotContains(t, h.kindsOf(id), contract.EventRevoked)

	honest()
	_, err = h.starter.Current().RetryStuck(t.Context(), erin, grant.ID)
	require.NoError(t, err)
	require.False(t, h.database.can(h.database.alice))
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
