package sweep_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/sweep"
	"curfew/workflows/contract"
)

// oneRequest is a Temporal that has a workflow of every request, or of none.
type oneRequest struct {
	noGrants
	runs bool
}

func (o oneRequest) DescribeWorkflowExecution(
	context.Context,
	string,
	string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	if !o.runs {
		return nil, serviceerror.NewNotFound("no such workflow")
	}
	return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: &workflowpb.WorkflowExecutionInfo{
		Status: enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, Type: &commonpb.WorkflowType{Name: contract.WorkflowRequest},
	}}, nil
}

func TestP8ARecordIsClosedOnceNoWorkflowIsLeftAndItsAccessIsGone(t *testing.T) {
	t.Parallel()
	const id = "01JD2Y3M4N5P6Q7R8S9T0V1W2X"
	for name, tc := range map[string]struct {
		runs, live bool
		until      time.Duration
		found      contract.SweptRequests
	}{
		"its workflow runs":      {runs: true, until: -time.Minute},
		"its access is live":     {live: true, until: -time.Minute, found: contract.SweptRequests{Untracked: []string{id}}},
		"its time is not over":   {until: time.Minute, found: contract.SweptRequests{Untracked: []string{id}}},
		"nothing is left of it":  {until: -time.Minute, found: contract.SweptRequests{Closed: []string{id}}},
		"only the clocks differ": {until: -time.Second, found: contract.SweptRequests{Untracked: []string{id}}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.record(tc.live)
			granted, until := time.Now().Add(-time.Hour).UTC(), time.Now().Add(tc.until).UTC()
			require.NoError(t, b.store.Append(t.Context(), []contract.Event{
				{Request: id, Seq: 1, Kind: contract.EventGranted, At: granted, Actor: contract.ActorCurfew},
			}, contract.Status{
				ID: id, State: contract.StateActive, Seq: 1, AskedAt: granted, GrantedAt: &granted, Until: &until,
				Holds: []contract.HoldState{{Access: access, Held: true}},
			}))
			found, err := sweep.New(sweep.Options{
				Temporal: oneRequest{
					runs: tc.runs,
				},
				Events:     b.store,
				Holdings:   b.store,
				Tombstones: b.store,
				Alarms:     b.store,
				Log:        zap.NewNop(),
			}).Requests(t.Context(), contract.SweepRequestsInput{})
			require.NoError(t, err)
			require.Equal(t, tc.found, found)
			recorded, _, err := b.store.Request(t.Context(), id)
			require.NoError(t, err)
			require.Equal(t, len(tc.found.Closed) > 0, recorded.State == contract.StateEnded)
			_, err = b.store.TombstoneOf(t.Context(), id)
			require.ErrorIs(t, err, ledger.ErrNotFound, "nobody has ended it")
		})
	}
}

// lost is a request that no workflow looks after. Its time was over a while ago, or will be.
func lost(n int, state contract.State, over bool) contract.Status {
	asked, at := time.Now().Add(-2*time.Hour).UTC(), time.Now().Add(time.Hour).UTC()
	if over {
		at = time.Now().Add(-time.Hour).UTC()
	}
	status := contract.Status{ID: requestID(n), State: state, Seq: 1, AskedAt: asked}
	switch state {
	case contract.StatePending:
		status.DecideBy = &at
	case contract.StateScheduled:
		status.StartAt = &at
	default:
		status.GrantedAt, status.Until = &asked, &at
	}
	return status
}

func TestARequestWithoutAWorkflowIsClosedWhenItHasNothingToWaitForAnyMore(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		state    contract.State
		over     bool
		endedBy  string
		ago      time.Duration // that somebody ended it
		recorded contract.Outcome
		actor    string
	}{
		"it waits for a review":                {state: contract.StatePending},
		"nobody decided in time":               {state: contract.StatePending, over: true, recorded: contract.OutcomeFailed, actor: contract.ActorSweep},
		"it waits for its start":               {state: contract.StateScheduled},
		"its start has passed":                 {state: contract.StateScheduled, over: true, recorded: contract.OutcomeFailed, actor: contract.ActorSweep},
		"its access is over":                   {state: contract.StateActive, over: true, recorded: contract.OutcomeUnconfirmed, actor: contract.ActorSweep},
		"somebody has withdrawn it":            {state: contract.StatePending, endedBy: "p-bob", ago: time.Hour, recorded: contract.OutcomeWithdrawn, actor: "p-bob"},
		"somebody has withdrawn it just now":   {state: contract.StatePending, endedBy: "p-bob", ago: 0},
		"somebody ended it before its time is": {state: contract.StateActive, endedBy: "p-bob", ago: time.Hour, recorded: contract.OutcomeUnconfirmed, actor: "p-bob"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			status := lost(1, tc.state, tc.over)
			if status.GrantedAt != nil { // the ledger has lost its holding
				status.Holds = []contract.HoldState{{Access: access, Held: true}}
			}
			b.tell(status, 1)
			activities := b.compared(&temporal{})
			if tc.endedBy != "" {
				activities.Tombstones = endedLong{b.store, contract.Tombstone{
					Request: status.ID, By: tc.endedBy, Reason: "not needed", At: time.Now().Add(-tc.ago),
				}}
			}
			dry, err := activities.Requests(t.Context(), contract.SweepRequestsInput{DryRun: true})
			require.NoError(t, err)
			require.Equal(t, contract.SweptRequests{Untracked: []string{status.ID}}, dry)

			found, err := activities.Requests(t.Context(), contract.SweepRequestsInput{})
			require.NoError(t, err)
			if tc.recorded == "" {
				require.Equal(t, dry, found)
				return
			}
			require.Equal(t, contract.SweptRequests{Closed: []string{status.ID}}, found)
			recorded, events, err := b.store.Request(t.Context(), status.ID)
			require.NoError(t, err)
			require.Equal(t, contract.StateEnded, recorded.State)
			require.Equal(t, tc.recorded, recorded.Outcome)
			require.Equal(t, tc.actor, events[len(events)-1].Actor)
		})
	}
}

// endedLong is a ledger in which somebody has ended a request a while ago.
type endedLong struct {
	ledger.Tombstones
	one contract.Tombstone
}

func (e endedLong) TombstoneOf(context.Context, string) (contract.Tombstone, error) {
	return e.one, nil
}

func TestOnlyAWorkflowOfARequestLooksAfterIt(t *testing.T) {
	t.Parallel()
	id := requestID(1)
	for name, tc := range map[string]struct {
		kind   string
		status enumspb.WorkflowExecutionStatus
	}{
		"another type":   {contract.WorkflowGrant, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING},
		"one that ended": {contract.WorkflowRequest, enumspb.WORKFLOW_EXECUTION_STATUS_TERMINATED},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.tell(lost(1, contract.StatePending, false), 1)
			server := &temporal{workflows: []*workflowpb.WorkflowExecutionInfo{
				workflow(t, tc.kind, contract.RequestWorkflowID(id), tc.status, contract.StatePending, time.Time{}),
			}}
			require.Equal(t, []string{id}, b.requests(server, false).Untracked)
		})
	}
}

// So many are rather a mistake than lost workflows.
func TestASweepClosesAndReportsNoMoreThanItsBounds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for n := range 502 {
		b.tell(lost(n, contract.StatePending, true), 1)
	}
	found := b.requests(&temporal{}, false)
	require.Len(t, found.Closed, 50)
	require.Len(t, found.Untracked, 450)
	require.Contains(t, found.Problem, "only the first 500 requests")
}

// taken is a ledger in which somebody else has just written the end of every request.
type taken struct{ ledger.Events }

func (taken) Append(context.Context, []contract.Event, contract.Status) error {
	return contract.Conflict("it has ended")
}

func TestARecordThatSomebodyElseClosesIsLeftToThem(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.tell(lost(1, contract.StatePending, true), 1)
	activities := b.compared(&temporal{})
	activities.Events = taken{b.store}
	found, err := activities.Requests(t.Context(), contract.SweepRequestsInput{})
	require.NoError(t, err)
	require.Empty(t, found.Closed)
}
