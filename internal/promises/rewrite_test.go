package promises

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"curfew/workflows/contract"
)

// A release runs for anybody's workflow, and puts on record that its request has ended.
func TestP7AReleaseNamesNobodyWhoHasNotEndedTheRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	for name, forge := range map[string]func(status contract.Status) error{
		"by a workflow of the intruder's": func(status contract.Status) error {
			return h.intrude("elsewhere", contract.ActivityRelease, map[string]any{
				"access": status.Holds[0].Access, "request": status.ID, "by": erin, "reason": "an intruder",
				"end": contract.Sealed[contract.End]{Fact: contract.End{Request: status.ID, By: erin, Reason: "an intruder"}},
			})
		},
		"by the request's own": func(status contract.Status) error {
			return h.send(status.ID, contract.UpdateRevoke, contract.EndInput{End: contract.Sealed[contract.End]{
				Fact: contract.End{Request: status.ID, By: erin, Reason: "an intruder", At: time.Now()},
			}})
		},
	} {
		status := h.active(alice, "orders", time.Hour)
		require.NoError(t, forge(status), name)
		require.Eventually(
			t,
			func() bool { return !h.database.can(h.database.alice) },
			patience,
			20*time.Millisecond,
			"anybody may end access",
		)
		var recorded contract.Tombstone
		require.Eventually(t, func() (known bool) {
			var err error
			recorded, err = h.ledger.TombstoneOf(t.Context(), status.ID)
			return err == nil
		}, patience, 20*time.Millisecond)
		require.Equal(t, contract.ActorSignal, recorded.By, name)
		require.Contains(t, recorded.Reason, "an intruder", "what was said is kept")
		shown, err := h.starter.Current().Get(t.Context(), alice, status.ID)
		require.NoError(t, err)
		if shown.Ending != nil {
			require.NotEqual(t, erin, shown.Ending.By, name)
		}
	}
}

// Whoever can write to Temporal takes a workflow's place and tells of the request what its story does not say.
func TestP7AStatusSaysNoMoreThanTheRecordBearsOut(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	waits := h.ask(alice, "orders", time.Hour).ID
	over := h.active(carol, "orders", 2*time.Second).ID
	require.Equal(t, contract.OutcomeExpired, h.ended(over).Outcome)
	live := h.active(carol, "orders", time.Hour)
	granted, until := time.Now().UTC(), time.Now().Add(1000*time.Hour).UTC()
	active := func(told *contract.RecordInput) {
		told.Status.State, told.Status.Outcome, told.Status.EndedAt = contract.StateActive, "", nil
		told.Status.GrantedAt, told.Status.Until = &granted, &until
	}
	for name, forgery := range map[string]struct {
		told  contract.RecordInput
		event bool
		forge func(*contract.RecordInput)
	}{
		"one that waits is active":                 {told: h.told(waits, contract.StatePending), event: true, forge: active},
		"one that has ended is active":             {told: h.told(over, contract.StateEnded), forge: active},
		"one that has ended is active, with news":  {told: h.told(over, contract.StateEnded), event: true, forge: active},
		"one that is live lasts longer":            {told: h.told(live.ID, contract.StateActive), forge: func(told *contract.RecordInput) { told.Status.Until = &until }},
		"one that is live lasts longer, with news": {told: h.told(live.ID, contract.StateActive), event: true, forge: func(told *contract.RecordInput) { told.Status.Until = &until }},
	} {
		before, story, err := h.ledger.Request(t.Context(), forgery.told.Status.ID)
		require.NoError(t, err)
		told := forgery.told
		told.Events = story
		if forgery.event {
			told = next(forgery.told, contract.EventReminded, contract.ActorCurfew, "")
		}
		told.Status.Seq += 1_000_000
		forgery.forge(&told)
		_ = h.intrude(contract.RequestWorkflowID(told.Status.ID), contract.ActivityRecord, told)
		after, story, err := h.ledger.Request(t.Context(), told.Status.ID)
		require.NoError(t, err)
		require.Equal(t, before.State, after.State, name)
		require.Equal(t, before.Outcome, after.Outcome, name)
		require.Equal(t, before.GrantedAt, after.GrantedAt, name)
		require.Equal(
			t,
			story[len(story)-1].Seq,
			after.Seq,
			"%s: no later event finds the record newer than itself",
			name,
		)
		if after.Until != nil {
			require.True(t, after.Until.Before(time.Now().Add(100*time.Hour)), "%s: until %s", name, after.Until)
		}
	}
}

// A sweep reads the history of requests that have ended. Anybody who can write to Temporal may leave one there.
func TestP8AHistoryWithAHoleIsNotPutOnRecord(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	told := h.told(h.ask(alice, "orders", time.Hour).ID, contract.StatePending)
	const other = "01JD2Y3M4N5P6Q7R8S9T0V1W2X"
	told.Status.ID, told.Events = other, []contract.Event{
		{Request: other, Seq: 1, Kind: contract.EventRequested, At: time.Now(), Actor: alice},
	}
	told.Status.Seq = 20_000_000
	told.Provenance = contract.Provenance{}
	told.Provenance.Chain.Request.Fact.ID = other
	text, err := json.Marshal(told)
	require.NoError(t, err)
	require.NoError(
		t,
		h.run(contract.RequestWorkflowID(other), errand{Activity: contract.ActivityRecord, Input: text, Anyway: true}),
	)
	require.Eventually(t, func() bool {
		found, err := h.client.CountWorkflow(t.Context(), &workflowservice.CountWorkflowExecutionsRequest{
			Query: "WorkflowId = '" + contract.RequestWorkflowID(other) + "' AND ExecutionStatus = 'Completed'",
		})
		return err == nil && found.GetCount() == 1
	}, patience, 50*time.Millisecond)
	require.Empty(t, h.sweepRequests().Restated)
}
