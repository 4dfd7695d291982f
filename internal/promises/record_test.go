package promises

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"curfew/activities/ledger"
	"curfew/activities/sweep"
	"curfew/internal/sandbox/slack"
	"curfew/starter"
	"curfew/workflows/contract"
)

// The intruder of these tests runs workflows of their own, under ids that they have taken, and has Curfew's honest
// workers run Curfew's own activities for them.

// errand is what an intruder's workflow has done.
type errand struct {
	Activity string
	Input    json.RawMessage
	// Anyway is true of a workflow that completes whatever becomes of the errand.
	Anyway bool
}

func runErrand(ctx workflow.Context, e errand) error {
	err := workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
		TaskQueue: contract.TaskQueue, StartToCloseTimeout: 10 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 2},
	}), e.Activity, e.Input).Get(ctx, nil)
	if e.Anyway {
		return nil
	}
	return err
}

// intrude runs an errand under the id of a workflow whose place it takes, and returns what came of it.
func (h *house) intrude(id, activity string, input any) error {
	h.t.Helper()
	text, err := json.Marshal(input)
	require.NoError(h.t, err)
	return h.run(id, errand{Activity: activity, Input: text})
}

func (h *house) run(id string, e errand) error {
	h.t.Helper()
	const queue = "intruder"
	worker := sdkworker.New(h.client, queue, sdkworker.Options{})
	worker.RegisterWorkflowWithOptions(runErrand, workflow.RegisterOptions{Name: contract.WorkflowRequest})
	require.NoError(h.t, worker.Start())
	defer worker.Stop()
	run, err := h.client.ExecuteWorkflow(h.t.Context(), client.StartWorkflowOptions{
		ID: id, TaskQueue: queue, WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_TERMINATE_EXISTING,
	}, contract.WorkflowRequest, e)
	require.NoError(h.t, err)
	return run.Get(h.t.Context(), nil)
}

// told is what a request has had recorded last, when it was in a state.
func (h *house) told(id string, state contract.State) contract.RecordInput {
	h.t.Helper()
	newest := h.await(id, state).Seq
	var last contract.RecordInput
	require.Eventually(h.t, func() bool {
		for _, event := range h.history(contract.RequestWorkflowID(id)).Events {
			if story, told := sweep.StoryIn(event); told {
				last = story
			}
		}
		status, _, err := h.ledger.Request(h.t.Context(), id)
		return err == nil && last.Status.Seq >= newest && status.Seq == last.Status.Seq && status.State == state
	}, patience, 20*time.Millisecond)
	return last
}

// next is an event after all that a request has had recorded.
func next(told contract.RecordInput, kind contract.EventKind, actor, said string) contract.RecordInput {
	told.Status.Seq++
	told.Events = []contract.Event{{
		Request: told.Status.ID, Seq: told.Status.Seq, Kind: kind, At: time.Now(), Actor: actor, Said: said,
	}}
	return told
}

func TestP7TheRecordNamesNobodyWhoHasNotSaidSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "both", time.Hour).ID
	h.approve(bob, id)
	workflowID, told := contract.RequestWorkflowID(id), h.told(id, contract.StatePending)
	_, before, err := h.ledger.Request(t.Context(), id)
	require.NoError(t, err)
	for name, forged := range map[string]contract.RecordInput{
		"a review of somebody who has not reviewed": next(told, contract.EventReviewed, carol, "fine"),
		"a denial by whoever has approved":          next(told, contract.EventDenied, bob, "go ahead"),
		"other words of whoever has reviewed":       next(told, contract.EventReviewed, bob, "and for everybody else"),
		"an approval that nobody has decided":       next(told, contract.EventApproved, bob, "go ahead"),
		"an extension":                              next(told, contract.EventExtended, alice, "more"),
	} {
		require.Error(t, h.intrude(workflowID, contract.ActivityRecord, forged), name)
		require.Error(t, h.intrude(workflowID, contract.ActivityCommentTicket, contract.CommentInput{
			Ticket: key, Events: forged.Events, Status: forged.Status, Provenance: forged.Provenance,
		}), name)
	}
	require.Error(
		t,
		h.intrude(
			"request/elsewhere",
			contract.ActivityRecord,
			next(told, contract.EventReminded, contract.ActorCurfew, ""),
		),
	)
	_, after, err := h.ledger.Request(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, before, after)
	require.Len(t, h.headlines(id), len(before))
	require.NotEmpty(t, h.alarms(contract.AlarmForged))
}

func TestP7LiveAccessIsNotRecordedAsEnded(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	workflowID, told := contract.RequestWorkflowID(id), h.told(id, contract.StateActive)
	ended := next(told, contract.EventExpired, contract.ActorDeadline, "")
	ended.Status.State, ended.Status.Outcome = contract.StateEnded, contract.OutcomeExpired
	pending := next(told, contract.EventReminded, contract.ActorCurfew, "")
	pending.Status.State = contract.StatePending
	for _, forged := range []contract.RecordInput{ended, pending} {
		require.Error(t, h.intrude(workflowID, contract.ActivityRecord, forged))
	}
	require.Error(t, h.intrude(workflowID, contract.ActivityCommentTicket, contract.CommentInput{
		Ticket: key, Events: ended.Events, Status: ended.Status, Provenance: ended.Provenance,
	}))
	live, err := h.starter.Current().List(t.Context(), erin, ledger.Filter{State: contract.StateActive})
	require.NoError(t, err)
	require.Len(t, live.Requests, 1, "operators still see it")
	require.True(t, h.canDebug("alice@example.org"))
	require.NotEmpty(t, h.alarms(contract.AlarmNotRecorded))
	require.NotContains(t, strings.Join(h.headlines(id), "\n"), "ended")
}

func TestP7NoEndIsOnRecordInTheNameOfSomebodyWhoHasNotSaidSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.active(alice, "orders", time.Hour)
	grant := status.Holds[0].Access.GrantID()
	forged := map[string]any{
		"tombstones": []contract.Tombstone{
			{Request: status.ID, Kind: contract.EndKillSwitch, By: erin, Reason: "an intruder"},
		},
		"requests": []string{status.ID},
		"by":       erin,
		"kind":     contract.EndKillSwitch,
		"reason":   "an intruder",
	}
	require.Error(
		t,
		h.intrude(contract.RequestWorkflowID(status.ID)+"/x", contract.ActivityRecordEnds, forged),
		"it ends no request as a whole",
	)
	require.True(t, h.database.can(h.database.alice))
	forged["grant"] = grant
	require.NoError(t, h.intrude("elsewhere", contract.ActivityRecordEnds, forged), "anybody may end access")
	h.goneWithin(h.database.alice, time.Now().Add(-time.Second), endsNow)
	_, err := h.ledger.TombstoneOf(t.Context(), status.ID)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	locked, err := h.ledger.Lock(t.Context(), grant)
	require.NoError(t, err)
	defer locked.Unlock()
	stops, err := locked.Stops(t.Context(), status.ID)
	require.NoError(t, err)
	require.Equal(t, contract.EndReleased, stops.Ended[status.ID].Kind)
	require.Equal(t, contract.ActorCurfew, stops.Ended[status.ID].By)
}

// Somebody who can write to Temporal takes a workflow's place, and tells that the time was over.
func TestP7AStoryOfADeadlineDoesNotHideWhoHasEndedTheRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.watch()
	status := h.active(alice, "orders", time.Hour)
	workflowID, told := contract.RequestWorkflowID(status.ID), h.told(status.ID, contract.StateActive)
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), workflowID, "", "an intruder"))
	_, err := h.starter.Current().Revoke(t.Context(), bob, status.ID, "it looks odd")
	require.NoError(t, err)
	require.Eventually(t, func() bool {
		holding, err := h.ledger.Read(t.Context(), status.Holds[0].Access.GrantID())
		require.NoError(t, err)
		return !holding.Open
	}, patience, 20*time.Millisecond)
	ended := next(told, contract.EventExpired, contract.ActorDeadline, "")
	ended.Status.State, ended.Status.Outcome = contract.StateEnded, contract.OutcomeExpired
	require.NoError(t, h.intrude(workflowID, contract.ActivityRecord, ended))
	shown, err := h.starter.Current().Get(t.Context(), erin, status.ID)
	require.NoError(t, err)
	require.NotNil(t, shown.Ending)
	require.Equal(t, bob, shown.Ending.By)
	require.Equal(t, "it looks odd", shown.Ending.Reason)
}

func TestP7WhatWasRequestedIsRecordedAsItWasSealed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	forged := next(h.told(id, contract.StateActive), contract.EventReminded, contract.ActorCurfew, "")
	forged.Status.Requester, forged.Status.Subject, forged.Status.Reason = dave, dave, "nothing of importance"
	forged.Status.Holds[0].Access.Entitlement = json.RawMessage(`{"agentPoolIds":["harmless"]}`)
	forged.Status.Reviews[0].Reviewer = carol
	require.NoError(t, h.intrude(contract.RequestWorkflowID(id), contract.ActivityRecord, forged))
	status, _, err := h.ledger.Request(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, forged.Status.Seq, status.Seq)
	require.Equal(
		t,
		[]string{alice, alice, "orders are late"},
		[]string{status.Requester, status.Subject, status.Reason},
	)
	require.Contains(t, string(status.Holds[0].Access.Entitlement), pool)
	require.Empty(t, status.Reviews, "carol has not reviewed it")
}

func TestP7NobodyWritesOnAnotherTicketOrIncident(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.jira.AddIssue("OPS-8", "Another one", "In Progress")
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	told := next(h.told(id, contract.StateActive), contract.EventReminded, contract.ActorCurfew, "")
	require.Error(t, h.intrude(contract.RequestWorkflowID(id), contract.ActivityCommentTicket, contract.CommentInput{
		Ticket: "OPS-8", Events: told.Events, Status: told.Status, Provenance: told.Provenance,
	}))
	require.Error(t, h.intrude(contract.RequestWorkflowID(id), contract.ActivityOpenTicket, contract.OpenTicketInput{
		Project: "OPS", Type: "Task", Status: told.Status, Provenance: told.Provenance,
	}))
	require.Error(t, h.intrude(contract.RequestWorkflowID(id), contract.ActivityAddIncidentNote, contract.AddNoteInput{
		Incident: "PT4KHLK", Events: told.Events, Status: told.Status, Provenance: told.Provenance,
	}))
	require.Empty(t, h.jira.Comments("OPS-8"))
}

func TestP7AnAlarmNamesNobodyWhoHasNotSaidSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	access := h.sealedRequest(id).Fact.Terms.Accesses[0]
	grant := access.GrantID()
	alarm := func(kind contract.AlarmKind, actor string) contract.AlarmInput {
		return contract.AlarmInput{Alarm: contract.Alarm{
			ID: grant + "/1/" + string(
				kind,
			),
			Kind:   kind,
			At:     time.Now(),
			Target: access.Target,
			Grant:  grant,
			Actor:  actor,
			Text:   "all is well",
		}}
	}
	other := alarm(contract.AlarmStuck, "")
	other.ID = "grant/elsewhere/1/stuck/1"
	for name, forged := range map[string]contract.AlarmInput{
		"a take-over":       alarm(contract.AlarmTakenOver, frank),
		"somebody's name":   alarm(contract.AlarmStuck, frank),
		"another's finding": alarm(contract.AlarmOrphaned, contract.ActorSweep),
		"another's id":      other,
	} {
		require.Error(t, h.intrude(grant, contract.ActivityAlarm, forged), name)
	}
	require.Error(t, h.intrude("anything", contract.ActivityAlarm, alarm(contract.AlarmStuck, "")))
	for _, kind := range []contract.AlarmKind{contract.AlarmTakenOver, contract.AlarmStuck, contract.AlarmOrphaned} {
		require.Empty(t, h.alarms(kind))
	}
}

func TestP7AnEndInSomebodysNameIsObeyedAndToldAsNobodys(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	require.NoError(t, h.send(id, contract.UpdateRevoke, contract.EndInput{End: contract.Sealed[contract.End]{
		Fact: contract.End{Request: id, By: bob, Reason: "enough", At: time.Now()},
	}}))
	require.Equal(t, contract.OutcomeRevoked, h.ended(id).Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	_, events, err := h.ledger.Request(t.Context(), id)
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, contract.EventRevoked, last.Kind)
	require.Equal(t, contract.ActorSignal, last.Actor)
	require.Contains(t, strings.Join(h.headlines(id), "\n"), "Access was ended early by a signal from Temporal")

	other := h.active(alice, "debug", time.Hour).ID
	_, err = h.starter.Current().Revoke(t.Context(), bob, other, "enough")
	require.NoError(t, err)
	h.ended(other)
	require.Contains(
		t,
		strings.Join(h.headlines(other), "\n"),
		"Access was ended early by Bob (bob)",
		"whoever has said so is named",
	)
}

func TestP7AMessageInChatIsDrawnFromTheSealedRequest(t *testing.T) {
	t.Parallel()
	var workspace *slack.Server
	d := newDesk(t, chatted(&workspace))
	id := d.ask(alice, "looked-at", time.Hour).ID
	var asked slack.Message
	require.Eventually(t, func() bool {
		messages := workspace.Messages(room)
		if len(messages) > 0 {
			asked = messages[0]
		}
		return pressed(asked) != ""
	}, patience, 20*time.Millisecond, "nobody was asked")
	told := next(d.told(id, contract.StatePending), contract.EventReminded, contract.ActorCurfew, "")
	redraw := contract.NotifyInput{
		Channel:    "team",
		Events:     told.Events,
		Status:     told.Status,
		Provenance: told.Provenance,
		Thread:     room + "/" + asked.TS,
	}
	redraw.Status.Requester, redraw.Status.Template, redraw.Status.Reason = bob, "harmless", "just looking"
	require.NoError(t, d.intrude(contract.RequestWorkflowID(id), contract.ActivityNotify, redraw))
	redrawn := workspace.Messages(room)[0]
	require.Equal(t, asked.TS, redrawn.TS)
	require.NotContains(t, redrawn.Blocks, "harmless")
	require.NotContains(t, redrawn.Blocks, "just looking")
	require.Contains(t, redrawn.Blocks, "looked-at")

	redraw.Provenance.Chain.Request.Fact.Template = "harmless"
	require.Error(
		t,
		d.intrude(contract.RequestWorkflowID(id), contract.ActivityNotify, redraw),
		"its seal is of another request",
	)
	require.NotContains(t, workspace.Messages(room)[0].Blocks, "harmless")
}

func TestTheListOfStuckGrantsSkipsWhatCannotBeAskedAndSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	_, grant := h.stuck()
	const dead = "grant/lightrun-prod/0123456789abcdef0123456789abcdef/mallory"
	_, err := h.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
		ID:                    dead,
		TaskQueue:             "nowhere",
		TypedSearchAttributes: temporal.NewSearchAttributes(contract.KeyStuck.ValueSet(true)),
	}, contract.WorkflowGrant, contract.GrantInput{})
	require.NoError(t, err)
	var list []contract.GrantStatus
	require.Eventually(t, func() bool {
		list, err = h.starter.Current().Stuck(t.Context(), erin)
		return err == nil && len(list) == 2
	}, patience, 100*time.Millisecond)
	require.Equal(t, grant.ID, list[0].ID)
	require.Empty(t, list[0].Unanswered)
	require.Equal(t, dead, list[1].ID)
	require.NotEmpty(t, list[1].Unanswered)
	h.lightrunFaults.Clear()
	_, err = h.starter.Current().TakeOver(t.Context(), frank, grant.ID, "so that the test ends")
	if err != nil {
		require.ErrorContains(t, err, "not stuck")
	}
}

func TestWhereNothingIsSealedTheRecordGoesByTheWorkflow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.verifier, h.decider = nil, nil
	plain, err := starter.New(
		starter.Options{Temporal: h.client, Config: h.live, Ledger: h.ledger, Tickets: h.tracker()},
	)
	require.NoError(t, err)
	h.starter = plain
	h.work()
	id := h.active(alice, "debug", time.Hour).ID
	_, err = h.starter.Current().Revoke(t.Context(), bob, id, "enough")
	require.NoError(t, err)
	h.ended(id)
	require.Equal(t, []string{
		"Access requested by Alice (alice)",
		"Access approved by Bob (bob)",
		"Access granted",
		"Access is being ended by Bob (bob)",
		"Access was ended early by Bob (bob)",
	}, h.headlines(id))
}
