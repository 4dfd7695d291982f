package sweep_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.uber.org/zap"

	"curfew/activities/sweep"
	"curfew/workflows/contract"
)

// requestID is the id of a request, all different.
func requestID(n int) string { return fmt.Sprintf("01JD2Y3M4N5P6Q7R8S9T0V%04d", n) }

// compared are the requests as a sweep compares them with a Temporal. What it has recorded goes to the ledger.
func (b *bench) compared(server *temporal) *sweep.Activities {
	return sweep.New(sweep.Options{
		Temporal: server, Events: b.store, Holdings: b.store, Tombstones: b.store, Alarms: b.store, Log: zap.NewNop(),
		Record: func(ctx context.Context, _ string, in contract.RecordInput) (contract.RecordResult, error) {
			return contract.RecordResult{}, b.store.Append(ctx, in.Events, in.Status)
		},
	})
}

func (b *bench) requests(server *temporal, dryRun bool) contract.SweptRequests {
	b.t.Helper()
	found, err := b.compared(server).Requests(b.t.Context(), contract.SweepRequestsInput{DryRun: dryRun})
	require.NoError(b.t, err)
	return found
}

// tell records a request with its events of these numbers.
func (b *bench) tell(status contract.Status, numbers ...int) {
	b.t.Helper()
	require.NoError(b.t, b.store.Append(b.t.Context(), story(status.ID, numbers...), status))
}

func story(id string, numbers ...int) (events []contract.Event) {
	for _, n := range numbers {
		events = append(events, contract.Event{
			Request: id, Seq: n, Kind: contract.EventGranted, Actor: contract.ActorCurfew,
			At: time.Date(2026, 1, 2, 3, 4, n, 0, time.UTC),
		})
	}
	return events
}

func TestARequestOfWhichTemporalKnowsMoreIsRecordedAgain(t *testing.T) {
	t.Parallel()
	id := requestID(1)
	until := time.Now().Add(time.Hour).UTC().Truncate(time.Millisecond)
	active := contract.Status{ID: id, State: contract.StateActive, Seq: 2, AskedAt: until, Until: &until}
	ended := contract.Status{ID: id, State: contract.StateEnded, Seq: 2, AskedAt: until}
	pending := contract.Status{ID: id, State: contract.StatePending, Seq: 2, AskedAt: until}
	for name, tc := range map[string]struct {
		recorded *contract.Status
		events   []int
		runs     contract.State
		deadline time.Time
		restated bool
	}{
		"the ledger has all of it":             {&active, []int{1, 2}, contract.StateActive, until, false},
		"the ledger has an earlier state":      {&pending, []int{1, 2}, contract.StateActive, until, true},
		"the ledger has an earlier deadline":   {&active, []int{1, 2}, contract.StateActive, until.Add(time.Hour), true},
		"the ledger lacks an event":            {&active, []int{2}, contract.StateActive, until, true},
		"the ledger has never heard of it":     {nil, nil, contract.StateActive, until, true},
		"the ledger has its end and its story": {&ended, []int{1, 2}, contract.StateActive, until, false},
		"the ledger has its end and a gap":     {&ended, []int{2}, contract.StateEnded, until, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if tc.recorded != nil {
				b.tell(*tc.recorded, tc.events...)
			}
			server := &temporal{workflows: []*workflowpb.WorkflowExecutionInfo{
				running(t, contract.WorkflowRequest, contract.RequestWorkflowID(id), tc.runs, tc.deadline),
				running(t, contract.WorkflowRequest, "somebody's own", tc.runs, tc.deadline),
			}}
			var wanted []string
			if tc.restated {
				wanted = []string{contract.RequestWorkflowID(id)}
			}
			require.Equal(t, wanted, b.requests(server, true).Restated)
			require.Empty(t, server.signals, "a dry run tells nobody")
			require.Equal(t, wanted, b.requests(server, false).Restated)
			require.Equal(t, wanted, server.signals)
		})
	}
}

func TestAGrantWithoutItsHoldingIsRecordedAgain(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		record   func(b *bench)
		deadline time.Duration // from now; the holding's is an hour
		ended    bool
		restated bool
	}{
		"its holding is open":            {func(b *bench) { b.record(true) }, time.Minute, false, false},
		"its holding ends earlier":       {func(b *bench) { b.record(true) }, 2 * time.Hour, false, true},
		"its holding is closed":          {func(b *bench) { b.record(false) }, time.Minute, false, true},
		"the ledger has no holding":      {func(*bench) {}, time.Minute, false, true},
		"the grant does not run anymore": {func(*bench) {}, time.Minute, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			tc.record(b)
			status := enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
			if tc.ended {
				status = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
			}
			server := &temporal{workflows: []*workflowpb.WorkflowExecutionInfo{
				workflow(t, contract.WorkflowGrant, access.GrantID(), status, "", time.Now().Add(tc.deadline)),
			}}
			var wanted []string
			if tc.restated {
				wanted = []string{access.GrantID()}
			}
			require.Equal(t, wanted, b.requests(server, false).Restated)
			require.Equal(t, wanted, server.signals)
		})
	}
}

// recordedIn is the history of a workflow that has had these events of its request recorded, one activity each.
func recordedIn(t *testing.T, id string, numbers ...int) (history []*historypb.HistoryEvent) {
	t.Helper()
	history = append(history, &historypb.HistoryEvent{}, scheduled(t, contract.ActivityDecide, "a question"))
	for _, n := range numbers {
		history = append(history, scheduled(t, contract.ActivityRecord, contract.RecordInput{
			Events: story(id, n),
			Status: contract.Status{ID: id, State: contract.StateEnded, Outcome: contract.OutcomeExpired, Seq: n},
		}))
	}
	return append(history,
		scheduled(t, contract.ActivityCommentTicket, contract.CommentInput{
			Events: story(id, 7), Status: contract.Status{ID: id, Seq: 7},
		}),
		scheduled(t, contract.ActivityRecord, "what nobody can read"),
	)
}

func TestTheStoryOfAWorkflowThatHasEndedIsReadFromItsHistory(t *testing.T) {
	t.Parallel()
	id := requestID(1)
	for name, tc := range map[string]struct {
		history  []int
		status   enumspb.WorkflowExecutionStatus
		refuses  error
		dryRun   bool
		restored bool
		problem  string
	}{
		"all of it":             {history: []int{1, 2, 3}, restored: true},
		"in any order":          {history: []int{2, 1, 3}, restored: true},
		"a part of it":          {history: []int{1, 3}},
		"none of it":            {},
		"a dry run":             {history: []int{1, 2, 3}, dryRun: true},
		"one that was reset":    {history: []int{1, 2, 3}, refuses: contract.Conflict("it has a story of its own")},
		"one that is refused":   {history: []int{1, 2, 3}, refuses: contract.Forbidden("no seal"), problem: "no seal"},
		"one that was canceled": {history: []int{1, 2, 3}, status: enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			if tc.status == 0 {
				tc.status = enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED
			}
			workflowID := contract.RequestWorkflowID(id)
			server := &temporal{
				workflows: []*workflowpb.WorkflowExecutionInfo{
					workflow(t, contract.WorkflowRequest, workflowID, tc.status, contract.StateEnded, time.Time{}),
				},
				histories: map[string][]*historypb.HistoryEvent{workflowID: recordedIn(t, id, tc.history...)},
			}
			activities := b.compared(server)
			if tc.refuses != nil {
				activities.Record = func(context.Context, string, contract.RecordInput) (contract.RecordResult, error) {
					return contract.RecordResult{}, tc.refuses
				}
			}
			found, err := activities.Requests(t.Context(), contract.SweepRequestsInput{DryRun: tc.dryRun})
			require.NoError(t, err)
			require.Equal(t, tc.problem != "", found.Problem != "", found.Problem)
			require.Contains(t, found.Problem, tc.problem)
			status, events, err := b.store.Request(t.Context(), id)
			if !tc.restored {
				require.Empty(t, found.Restated)
				require.Error(t, err)
				return
			}
			require.NoError(t, err)
			require.Equal(t, []string{workflowID}, found.Restated)
			require.Equal(t, story(id, 1, 2, 3), events)
			require.Equal(t, contract.OutcomeExpired, status.Outcome)
			require.Empty(t, b.requests(server, false).Restated, "it is there now")
		})
	}
}

// A Temporal of years must not keep one sweep busy for ever.
func TestASweepRestatesAndReadsNoMoreThanItsBounds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	server := &temporal{histories: map[string][]*historypb.HistoryEvent{}}
	for n := range 250 {
		server.workflows = append(server.workflows, running(t, contract.WorkflowRequest,
			contract.RequestWorkflowID(requestID(n)), contract.StateActive, time.Now()))
	}
	require.Len(t, b.requests(server, false).Restated, 200)
	require.Len(t, server.signals, 200)

	server = &temporal{}
	for n := range 501 {
		server.workflows = append(server.workflows, workflow(t, contract.WorkflowRequest,
			contract.RequestWorkflowID(requestID(n)), enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED, "", time.Now()))
	}
	require.Contains(t, b.requests(server, false).Problem, "only the first 500 histories")

	server = &temporal{}
	for n := range 2200 {
		server.workflows = append(server.workflows, workflow(t, contract.WorkflowRequest,
			contract.RequestWorkflowID(requestID(n)), enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED, "", time.Now()))
	}
	b.requests(server, false)
	require.Len(t, server.queries, 1+10, "one page of grants, and ten of requests")
}

func TestATemporalThatDoesNotAnswerMakesNothingUntracked(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	past := time.Now().Add(-time.Hour).UTC()
	b.tell(contract.Status{ID: requestID(1), State: contract.StatePending, Seq: 1, AskedAt: past}, 1)
	down := errors.New("no answer")
	for _, server := range []*temporal{{down: down}, {undescribed: down}} {
		found, err := b.compared(server).Requests(t.Context(), contract.SweepRequestsInput{})
		problem, known := contract.ProblemOf(err)
		require.True(t, known, "%v", err)
		require.Equal(t, contract.KindUnavailable, problem.Kind)
		require.Empty(t, found.Untracked)
		require.Empty(t, found.Closed)
	}
}
