package promises

import (
	"context"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"curfew/activities/ledger"
	"curfew/starter"
	"curfew/workflows/contract"
	"curfew/workflows/request"
)

// The intruder of these tests may do everything in the Temporal namespace, and has no key, as in the tests of forgery.
// Here they go past the requests: to grants, workers and histories.

// hold asks the grant of an access to hold it up, past its request.
func (h *house) hold(in contract.HoldInput) error {
	h.t.Helper()
	handle, err := h.client.UpdateWithStartWorkflow(h.t.Context(), client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: h.client.NewWithStartWorkflowOperation(client.StartWorkflowOptions{
			ID: in.Access.GrantID(), TaskQueue: contract.TaskQueue,
			WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		}, contract.WorkflowGrant, contract.GrantInput{Access: in.Access}),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateName: contract.UpdateHold, WaitForStage: client.WorkflowUpdateStageCompleted, Args: []any{in},
		},
	})
	if err != nil {
		return err
	}
	return handle.Get(h.t.Context(), nil)
}

// chainOf is what a request has shown to its grants.
func (h *house) chainOf(id string) contract.HoldInput {
	h.t.Helper()
	for _, event := range h.history(contract.RequestWorkflowID(id)).Events {
		scheduled := event.GetActivityTaskScheduledEventAttributes()
		if scheduled.GetActivityType().GetName() == contract.ActivityHold {
			var in contract.HoldInput
			h.decode(scheduled.GetInput(), &in)
			return in
		}
	}
	require.Fail(h.t, "the request holds nothing")
	return contract.HoldInput{}
}

func TestP7AGrantHoldsNothingThatWasNotDecided(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	asked := h.sealedRequest(id)
	in := contract.HoldInput{
		Access: asked.Fact.Terms.Accesses[0],
		Lease:  contract.Lease{Request: id, Until: time.Now().AddDate(1, 0, 0)},
		Chain:  contract.Chain{Grounds: contract.Grounds{Request: asked}},
	}
	require.ErrorContains(t, h.hold(in), "no seal")
	h.requireNoAccess()
	require.Contains(t, h.alarm(contract.AlarmForged).Requests, id)

	h.approve(bob, id)
	until := *h.await(id, contract.StateActive).Until
	genuine := h.chainOf(id)
	genuine.Lease.Until = time.Now().AddDate(1, 0, 0)
	require.ErrorContains(t, h.hold(genuine), "later than was decided")
	require.WithinDuration(t, until, h.holding(genuine.Access).Until, time.Second)
}

func TestP7WhatEndedEarlyIsNotHeldAgainByItsOldDecision(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	genuine := h.chainOf(id)
	require.NoError(
		t,
		h.client.SignalWorkflow(t.Context(), contract.RequestWorkflowID(id), "", contract.SignalRevoke, "enough"),
	)
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	h.requireNoAccess()
	require.ErrorContains(t, h.hold(genuine), "the request has ended")
	h.requireNoAccess()

	// Nor by the request itself, started once more with the server's own seal and reviews.
	h.smuggle(id, genuine.Chain.Request)
	for _, review := range genuine.Chain.Reviews {
		_ = h.send(
			id,
			contract.UpdateReview,
			contract.ReviewInput{Review: review},
		) // the ledger may have ended it already
	}
	require.Equal(t, contract.OutcomeDenied, h.ended(id).Outcome)
	h.requireNoAccess()
}

// rogue is a worker of the intruder's that runs honest workflows and says yes to everything. It works until it was
// asked.
func (h *house) rogue(seal func(contract.DecideInput) *contract.Sealed[contract.DecisionFact]) {
	h.t.Helper()
	asked := make(chan struct{})
	worker := sdkworker.New(h.client, contract.TaskQueue, sdkworker.Options{})
	worker.RegisterWorkflowWithOptions(request.Request, workflow.RegisterOptions{
		Name: contract.WorkflowRequest, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade,
	})
	worker.RegisterActivityWithOptions(func(_ context.Context, in contract.DecideInput) (contract.Decision, error) {
		defer close(asked)
		return contract.Decision{
			Ruling:   contract.RulingGrant,
			Why:      "yes",
			Duration: in.Request.Fact.Duration,
			Fact:     seal(in),
		}, nil
	}, activity.RegisterOptions{Name: contract.ActivityDecide})
	require.NoError(h.t, worker.Start())
	select {
	case <-asked:
	case <-time.After(patience):
		require.Fail(h.t, "nobody asked the rogue worker")
	}
	worker.Stop()
}

func TestP7ARogueWorkersYesOpensNothing(t *testing.T) {
	t.Parallel()
	fact := func(in contract.DecideInput) contract.DecisionFact {
		return contract.DecisionFact{
			Request: in.Request.Fact.ID,
			Ruling:  contract.RulingGrant,
			Lasts:   in.Request.Fact.Duration,
			Until:   time.Now().Add(time.Hour),
		}
	}
	for name, seal := range map[string]func(contract.DecideInput) *contract.Sealed[contract.DecisionFact]{
		"without a decision": func(contract.DecideInput) *contract.Sealed[contract.DecisionFact] { return nil },
		"with a decision that nobody has sealed": func(in contract.DecideInput) *contract.Sealed[contract.DecisionFact] {
			return &contract.Sealed[contract.DecisionFact]{Fact: fact(in)}
		},
		"with the seal of something else": func(in contract.DecideInput) *contract.Sealed[contract.DecisionFact] {
			return &contract.Sealed[contract.DecisionFact]{Fact: fact(in), Seal: in.Request.Seal}
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			id := h.ask(alice, "debug", time.Hour).ID
			h.rogue(seal)
			h.work()
			require.Contains(t, []contract.Outcome{contract.OutcomeFailed, contract.OutcomeDenied}, h.ended(id).Outcome)
			h.requireNoAccess()
			require.Eventually(
				t,
				func() bool { return len(h.alarms(contract.AlarmForged)) > 0 },
				patience,
				20*time.Millisecond,
			)
			for _, alarm := range h.alarms(contract.AlarmForged) {
				require.Contains(t, alarm.Requests, id)
			}
		})
	}
}

func TestP7AWorkflowThatIsResetCannotForgetADenial(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	_, err := h.starter.Current().Review(
		t.Context(),
		bob,
		id,
		starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: "not now"},
	)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeDenied, h.ended(id).Outcome)

	_, err = h.client.ResetWorkflowExecution(t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace:                 contract.Namespace,
		WorkflowExecution:         &commonpb.WorkflowExecution{WorkflowId: contract.RequestWorkflowID(id)},
		Reason:                    "to forget",
		WorkflowTaskFinishEventId: h.firstTask(id),
		RequestId:                 uuid.NewString(),
		ResetReapplyExcludeTypes:  []enumspb.ResetReapplyExcludeType{enumspb.RESET_REAPPLY_EXCLUDE_TYPE_UPDATE},
	})
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeDenied, h.ended(id).Outcome)
	h.requireNoAccess()
	require.Contains(t, h.alarm(contract.AlarmForged).Text, "was denied")
}

// firstTask is the end of the first step of a request.
func (h *house) firstTask(id string) int64 {
	h.t.Helper()
	for _, event := range h.history(contract.RequestWorkflowID(id)).Events {
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			return event.GetEventId()
		}
	}
	require.Fail(h.t, "the request has done nothing")
	return 0
}

func TestP7ABareExtendSignalWaitsForAReviewer(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "debug", time.Hour)
	require.NoError(
		t,
		h.client.SignalWorkflow(t.Context(), contract.RequestWorkflowID(status.ID), "", contract.SignalExtend,
			contract.ExtendSignal{By: alice, Duration: "1h", Reason: "more"}),
	)
	require.Eventually(t, func() bool {
		return h.await(status.ID, contract.StateActive).Extension != nil
	}, patience, 20*time.Millisecond)
	access := status.Holds[0].Access
	require.WithinDuration(t, *status.Until, h.holding(access).Until, time.Second)
	h.approve(carol, status.ID)
	require.Eventually(t, func() bool {
		return h.holding(access).Until.Sub(status.Until.Add(time.Hour)).Abs() < time.Second
	}, patience, 20*time.Millisecond, "a sealed review vouches for it")
}

func TestP7AStoryIsToldUnderItsOwnNameOnly(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", time.Hour).ID
	run, err := h.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID: contract.RequestWorkflowID("01KAS3T4M5X6Y7Z8A9B0C1D2E3"), TaskQueue: contract.TaskQueue,
	}, contract.WorkflowRequest, contract.RequestInput{Request: h.sealedRequest(id)})
	require.NoError(t, err)
	require.ErrorContains(t, run.Get(t.Context(), nil), "not that of the request")
	h.alarm(contract.AlarmForged)
	require.Equal(t, contract.StatePending, h.await(id, contract.StatePending).State)
}

// takeOver answers for an access in somebody's name, past the server.
func (h *house) takeOver(grant, by string) error {
	h.t.Helper()
	handle, err := h.client.UpdateWorkflow(h.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: grant, UpdateName: contract.UpdateTakeOver, WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{contract.TakeOverInput{TakeOver: contract.Sealed[contract.TakeOver]{
			Fact: contract.TakeOver{Grant: grant, By: by, Reason: "I say so", At: time.Now()},
		}}},
	})
	if err != nil {
		return err
	}
	return handle.Get(h.t.Context(), nil)
}

// decode reads the one argument of a message.
func (h *house) decode(payloads *commonpb.Payloads, value any) {
	h.t.Helper()
	require.NoError(h.t, converter.GetDefaultDataConverter().FromPayloads(payloads, value))
}

func (h *house) holding(access contract.Access) ledger.Holding {
	h.t.Helper()
	locked, err := h.ledger.Lock(h.t.Context(), access.GrantID())
	require.NoError(h.t, err)
	defer locked.Unlock()
	return locked.Holding()
}
