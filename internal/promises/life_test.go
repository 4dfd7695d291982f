package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestP1AccessComesWithTheDecisionAndNotBefore(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "both", time.Hour).ID

	require.False(t, h.canDebug("alice@example.org"))
	status := h.approve(bob, id)
	require.Equal(t, contract.StatePending, status.State, "one of two approvals")
	require.False(t, h.canDebug("alice@example.org"))
	require.False(t, h.database.can(h.database.alice))

	h.approve(carol, id)
	status = h.await(id, contract.StateActive)
	require.True(t, h.canDebug("alice@example.org"))
	require.True(t, h.database.can(h.database.alice))
	require.False(t, h.canDebug("carol@example.org"), "nobody else gets access")
	require.Equal(t, time.Hour, status.Until.Sub(*status.GrantedAt))
}

func TestP2AccessEndsAtItsDeadlineAndTheTicketTellsTheStory(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "both", 2*time.Second)
	require.True(t, h.database.can(h.database.alice))

	status = h.ended(status.ID)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.False(t, h.database.can(h.database.alice))
	require.Equal(t, []string{
		"Access requested by Alice (alice)",
		"Reviewed by Bob (bob); not decided yet",
		"Access approved by Carol (carol)",
		"Access granted",
		"Access has ended at its deadline",
	}, h.headlines(status.ID))
}
