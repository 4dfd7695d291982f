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
