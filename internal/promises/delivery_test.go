package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
	"curfew/workflows/delivery"
	"curfew/workflows/replaytest"
)

// inject starts a delivery as somebody with rights on the Temporal namespace can.
func (h *house) inject(id string, in contract.DeliveryInput) error {
	h.t.Helper()
	run, err := h.client.ExecuteWorkflow(
		h.t.Context(),
		client.StartWorkflowOptions{ID: id, TaskQueue: contract.TaskQueue},
		contract.WorkflowDelivery,
		in,
	)
	require.NoError(h.t, err)
	return run.Get(h.t.Context(), nil)
}

func TestP7ADeliveryThatNoServerHasLetInIsRefusedAndAlarmed(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	forged := contract.Delivery{
		Source: "cron", ID: "1", At: time.Now().UTC(), Event: contract.OrderStart,
		Order: &contract.Order{Person: alice, Template: "looked-at", Purpose: contract.Purpose{Reason: "mine"}},
	}
	byDecider, err := seal.Of(d.decider, seal.OfDelivery(forged), time.Now(), forged)
	require.NoError(t, err)
	good, err := seal.Of(d.signer, seal.OfDelivery(forged), time.Now(), forged)
	require.NoError(t, err)
	changed := good
	changed.Fact.Order = &contract.Order{
		Person:   carol,
		Template: "looked-at",
		Purpose:  contract.Purpose{Reason: "mine"},
	}
	for name, sealed := range map[string]contract.Sealed[contract.Delivery]{
		"unsealed": {Fact: forged}, "sealed by a decider": byDecider, "changed": changed,
	} {
		problem, ok := contract.ProblemOf(d.inject("delivery/forged/"+name, contract.DeliveryInput{Delivery: sealed}))
		require.True(t, ok, name)
		require.Equal(t, contract.KindForbidden, problem.Kind, name)
	}
	alarms, err := d.ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmForged})
	require.NoError(t, err)
	require.Len(t, alarms, 3)
	found, err := d.ledger.Requests(t.Context(), ledger.Filter{})
	require.NoError(t, err)
	require.Empty(t, found)
}

func TestP7ADeliveryThatIsRepeatedInTemporalStartsAndExtendsNothingAnew(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.order(`{"id":"start","action":"start","template":"looked-at","reason":"mine","duration":"1h"}`)
	id := d.only(ledger.Filter{}).ID
	d.approve(bob, id)
	until := *d.await(id, contract.StateActive).Until
	d.order(`{"id":"longer","action":"extend","request":"` + id + `","duration":"10m","reason":"not done yet"}`)
	require.Eventually(
		t,
		func() bool { return d.await(id, contract.StateActive).Extension != nil },
		patience,
		20*time.Millisecond,
	)
	d.approve(bob, id)
	until = until.Add(10 * time.Minute)
	d.endsAt(id, until)
	for _, name := range []string{"start", "longer"} {
		var in contract.DeliveryInput
		started := d.history(contract.DeliveryWorkflowID("cron", name)).Events[0].GetWorkflowExecutionStartedEventAttributes()
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(started.GetInput(), &in))
		require.NoError(t, d.inject("delivery/again/"+name, in))
	}
	d.only(ledger.Filter{})
	status := d.await(id, contract.StateActive)
	require.Nil(t, status.Extension)
	d.endsAt(id, until)
}

func TestADeliveryIsReplayedByTheCodeOfTheDay(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.order(`{"id":"good","action":"start","template":"looked-at","reason":"mine"}`)
	d.order(`{"id":"bad","action":"end","request":"01KAS3T4M5X6Y7Z8A9B0C1D2E3","reason":"there is none"}`)
	for _, name := range []string{"good", "bad"} {
		id := contract.DeliveryWorkflowID("cron", name)
		_ = d.client.GetWorkflow(t.Context(), id, "").Get(t.Context(), nil) // one of them fails
		history := d.history(id)
		require.NoError(t, replaytest.Replay(contract.WorkflowDelivery, delivery.Delivery, history))
		d.keep("delivery", name, history)
	}
}
