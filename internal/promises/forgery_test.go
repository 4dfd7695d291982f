package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"curfew/starter"
	"curfew/workflows/contract"
)

// The intruder of these tests may do everything in the Temporal namespace, and has no key.

// sealedRequest is a request as the server has sent it.
func (h *house) sealedRequest(id string) (request contract.Sealed[contract.Request]) {
	h.t.Helper()
	var answer interface{ Get(any) error }
	require.Eventually(h.t, func() bool {
		value, err := h.client.QueryWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.QueryRequest)
		answer = value
		return err == nil
	}, patience, 50*time.Millisecond)
	require.NoError(h.t, answer.Get(&request))
	return request
}

// smuggle starts a request past the server.
func (h *house) smuggle(id string, request contract.Sealed[contract.Request]) {
	h.t.Helper()
	_, err := h.client.ExecuteWorkflow(h.t.Context(), client.StartWorkflowOptions{
		ID: contract.RequestWorkflowID(id), TaskQueue: contract.TaskQueue,
	}, contract.WorkflowRequest, contract.RequestInput{Request: request})
	require.NoError(h.t, err)
}

func (h *house) send(id, update string, input any) error {
	h.t.Helper()
	handle, err := h.client.UpdateWorkflow(h.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: contract.RequestWorkflowID(
			id,
		),
		UpdateName:   update,
		WaitForStage: client.WorkflowUpdateStageCompleted,
		Args:         []any{input},
	})
	if err != nil {
		return err
	}
	return handle.Get(h.t.Context(), nil)
}

func (h *house) requireNoAccess() {
	h.t.Helper()
	require.False(h.t, h.canDebug("alice@example.org"))
	require.False(h.t, h.canDebug("carol@example.org"))
}

func TestP7ARequestThatTheServerHasNotSealedIsDeniedAndAlarmed(t *testing.T) {
	t.Parallel()
	const id = "01KAS3T4M5X6Y7Z8A9B0C1D2E3"
	for name, forge := range map[string]func(*house, *contract.Sealed[contract.Request]){
		"made up": func(_ *house, request *contract.Sealed[contract.Request]) { request.Seal = "" },
		"of another requester": func(_ *house, request *contract.Sealed[contract.Request]) {
			request.Fact.Requester, request.Fact.Subject = carol, carol
		},
		"with a longer duration": func(_ *house, request *contract.Sealed[contract.Request]) {
			request.Fact.Duration.Duration = 8 * time.Hour
		},
		"with fewer reviews": func(_ *house, request *contract.Sealed[contract.Request]) {
			request.Fact.Terms.Rules.Approvals[0].Count = 0
		},
		"under another id": func(_ *house, _ *contract.Sealed[contract.Request]) {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.work()
			request := h.sealedRequest(h.ask(alice, "debug", time.Hour).ID)
			forge(h, &request)
			request.Fact.ID = id
			h.smuggle(id, request)
			require.Equal(t, contract.OutcomeDenied, h.ended(id).Outcome)
			h.requireNoAccess()
			require.Contains(t, h.alarm(contract.AlarmForged).Requests, id)
			_, events, err := h.ledger.Request(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, contract.EventDenied, events[len(events)-1].Kind)
		})
	}
}

func TestP7AReviewThatTheServerHasNotSealedIsNotCounted(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	require.ErrorContains(t, h.updateReview(id, bob), "nobody vouches for the review")
	h.alarm(contract.AlarmForged)
	require.Empty(t, h.await(id, contract.StatePending).Reviews)
	h.requireNoAccess()
	h.approve(bob, id) // whoever was impersonated may still say what they think
	h.await(id, contract.StateActive)
}

func TestP7ASealedReviewCountsForNoOtherRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	reviewed := h.ask(alice, "both", time.Hour).ID
	h.approve(bob, reviewed)
	other := h.ask(alice, "debug", time.Hour).ID
	h.replay(reviewed, other)
	h.alarm(contract.AlarmForged)
	h.await(other, contract.StatePending)
	h.requireNoAccess()
}

// replay sends the reviews of one request, with their seals, to another.
func (h *house) replay(from, to string) {
	h.t.Helper()
	history := h.history(contract.RequestWorkflowID(from))
	for _, event := range history.Events {
		accepted := event.GetWorkflowExecutionUpdateAcceptedEventAttributes().GetAcceptedRequest()
		if accepted.GetInput().GetName() != contract.UpdateReview {
			continue
		}
		var review contract.ReviewInput
		require.NoError(h.t, converter.GetDefaultDataConverter().FromPayloads(accepted.GetInput().GetArgs(), &review))
		review.Review.Fact.Request = to
		require.ErrorContains(h.t, h.send(to, contract.UpdateReview, review), "nobody vouches for the review")
		return
	}
	require.Fail(h.t, "there was no review")
}

func TestP7AnExtensionThatTheServerHasNotSealedMovesNoEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "debug", time.Hour)
	require.Error(
		t,
		h.send(status.ID, contract.UpdateExtend, contract.ExtendInput{Extension: contract.Sealed[contract.Extension]{
			Fact: contract.Extension{
				Request:  status.ID,
				By:       alice,
				Duration: contract.Duration{Duration: time.Hour},
				Reason:   "more",
				At:       time.Now(),
			},
		}}),
	)
	h.alarm(contract.AlarmForged)
	require.Equal(t, status.Until.UTC(), h.await(status.ID, contract.StateActive).Until.UTC())
}

func TestP7ARequestThatNobodySealedIsNobodysToReview(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	plain, err := starter.New(
		starter.Options{Temporal: h.client, Config: h.live, Ledger: h.ledger, Tickets: h.tracker()},
	)
	require.NoError(t, err)
	status, err := plain.Current().Start(t.Context(), starter.Ask{
		Template:  "debug",
		Requester: alice,
		Duration:  contract.Duration{Duration: time.Hour},
		Purpose:   contract.Purpose{Reason: "orders are late", Ticket: key},
		Source:    "test",
	})
	require.NoError(t, err)
	h.work()
	_, err = h.starter.Current().Review(
		t.Context(),
		bob,
		status.ID,
		starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: ""},
	)
	require.Error(t, err)
	require.Equal(t, contract.OutcomeDenied, h.ended(status.ID).Outcome)
}
