package sweep_test

import (
	"cmp"
	"context"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/converter"

	"curfew/workflows/contract"
)

// temporal is a Temporal that has these workflows. It lists them by the queries of a sweep and keeps what it was asked.
type temporal struct {
	client.Client
	workflows   []*workflowpb.WorkflowExecutionInfo
	histories   map[string][]*historypb.HistoryEvent // by the workflow's id
	down        error
	undescribed error // lists are answered
	queries     []string
	signals     []string // the ids of workflows that were told to restate
}

// workflow is an entry of Temporal's list.
func workflow(
	t *testing.T, kind, id string, status enumspb.WorkflowExecutionStatus, state contract.State, deadline time.Time,
) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	fields := map[string]*commonpb.Payload{}
	for key, value := range map[string]any{
		contract.KeyState.GetName(): state, contract.KeyDeadline.GetName(): deadline,
	} {
		payload, err := converter.GetDefaultDataConverter().ToPayload(value)
		require.NoError(t, err)
		fields[key] = payload
	}
	return &workflowpb.WorkflowExecutionInfo{
		Execution: &commonpb.WorkflowExecution{WorkflowId: id, RunId: "run"},
		Type:      &commonpb.WorkflowType{Name: kind}, Status: status,
		SearchAttributes: &commonpb.SearchAttributes{IndexedFields: fields},
	}
}

func running(
	t *testing.T,
	kind, id string,
	state contract.State,
	deadline time.Time,
) *workflowpb.WorkflowExecutionInfo {
	t.Helper()
	return workflow(t, kind, id, enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING, state, deadline)
}

var (
	typeAsked   = regexp.MustCompile(`WorkflowType = '([^']*)'`)
	prefixAsked = regexp.MustCompile(`WorkflowId STARTS_WITH '([^']*)'`)
)

func (s *temporal) ListWorkflow(
	_ context.Context, in *workflowservice.ListWorkflowExecutionsRequest,
) (*workflowservice.ListWorkflowExecutionsResponse, error) {
	s.queries = append(s.queries, in.GetQuery())
	var fitting []*workflowpb.WorkflowExecutionInfo
	for _, one := range s.workflows {
		prefix := append(prefixAsked.FindStringSubmatch(in.GetQuery()), "", "")[1]
		if one.GetType().GetName() == typeAsked.FindStringSubmatch(in.GetQuery())[1] &&
			strings.HasPrefix(one.GetExecution().GetWorkflowId(), prefix) &&
			(one.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING ||
				!strings.Contains(in.GetQuery(), "ExecutionStatus = 'Running'")) {
			fitting = append(fitting, one)
		}
	}
	first, _ := strconv.Atoi(string(in.GetNextPageToken()))
	after := min(first+int(in.GetPageSize()), len(fitting))
	out := &workflowservice.ListWorkflowExecutionsResponse{Executions: fitting[first:after]}
	if after < len(fitting) {
		out.NextPageToken = []byte(strconv.Itoa(after))
	}
	return out, s.down
}

func (s *temporal) DescribeWorkflowExecution(
	_ context.Context, id, _ string,
) (*workflowservice.DescribeWorkflowExecutionResponse, error) {
	for _, one := range s.workflows {
		if one.GetExecution().GetWorkflowId() == id {
			return &workflowservice.DescribeWorkflowExecutionResponse{WorkflowExecutionInfo: one}, s.down
		}
	}
	if err := cmp.Or(s.undescribed, s.down); err != nil {
		return nil, err
	}
	return nil, serviceerror.NewNotFound("no such workflow")
}

func (s *temporal) SignalWorkflow(_ context.Context, id, _, signal string, _ any) error {
	if signal == contract.SignalRestate {
		s.signals = append(s.signals, id)
	}
	for _, one := range s.workflows {
		if one.GetExecution().GetWorkflowId() == id {
			return s.down
		}
	}
	return serviceerror.NewNotFound("no such workflow")
}

func (s *temporal) GetWorkflowHistory(
	_ context.Context, id, _ string, _ bool, _ enumspb.HistoryEventFilterType,
) client.HistoryEventIterator {
	return &events{left: s.histories[id], err: s.down}
}

// events is an iterator.
type events struct {
	left []*historypb.HistoryEvent
	err  error
}

func (e *events) HasNext() bool { return len(e.left) > 0 || e.err != nil }

func (e *events) Next() (*historypb.HistoryEvent, error) {
	if e.err != nil {
		return nil, e.err
	}
	next := e.left[0]
	e.left = e.left[1:]
	return next, nil
}

// scheduled is an activity in a history.
func scheduled(t *testing.T, activity string, input any) *historypb.HistoryEvent {
	t.Helper()
	payloads, err := converter.GetDefaultDataConverter().ToPayloads(input)
	require.NoError(t, err)
	return &historypb.HistoryEvent{Attributes: &historypb.HistoryEvent_ActivityTaskScheduledEventAttributes{
		ActivityTaskScheduledEventAttributes: &historypb.ActivityTaskScheduledEventAttributes{
			ActivityType: &commonpb.ActivityType{Name: activity}, Input: payloads,
		},
	}}
}
