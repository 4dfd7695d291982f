package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter"
	"curfew/workflows/contract"
)

// occupy puts an event into the ledger under a number that the request will need itself.
func (h *house) occupy(id string, seq int) {
	h.t.Helper()
	var status contract.Status
	require.Eventually(h.t, func() bool {
		known, events, err := h.ledger.Request(h.t.Context(), id)
		status = known
		return err == nil && len(events) > 0
	}, patience, 20*time.Millisecond)
	require.NoError(h.t, h.ledger.Append(h.t.Context(), []contract.Event{
		{Request: id, Seq: seq, Kind: contract.EventReminded, At: time.Now(), Actor: contract.ActorCurfew},
	}, status))
}

func TestP8NothingIsGrantedWhenTheLedgerRefusesTheApproval(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	h.occupy(id, 2)
	_, err := h.starter.Current().Review(
		t.Context(),
		bob,
		id,
		starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"},
	)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeFailed, h.ended(id).Outcome)
	require.Empty(t, h.holding(h.sealedRequest(id).Fact.Terms.Accesses[0]).Grant, "no grant was ever tried")
	require.Empty(t, h.lightrun.Live())
	require.Contains(t, h.alarm(contract.AlarmNotRecorded).Requests, id)
	status, _, err := h.ledger.Request(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeFailed, status.Outcome)
}

func TestP8LiveAccessIsReleasedWhenTheLedgerRefusesItsGrant(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	h.occupy(id, 3)
	h.approve(bob, id)
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.Contains(t, h.alarm(contract.AlarmNotRecorded).Requests, id)
}

func TestP8AnEndGoesOnWhenTheLedgerRefusesIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", 4*time.Second).ID
	h.occupy(id, 4)
	require.Equal(t, contract.OutcomeExpired, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.Contains(t, h.alarm(contract.AlarmNotRecorded).Requests, id)
}
