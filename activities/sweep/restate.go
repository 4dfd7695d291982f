package sweep

import (
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	workflowpb "go.temporal.io/api/workflow/v1"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// mostCompared bounds the workflows of either type that one sweep holds against the ledger, newest first.
	mostCompared = 2000
	// mostRestated bounds those that one sweep has put on record again, and mostHistories those that it reads.
	mostRestated  = 200
	mostHistories = 500
)

// restateRequests finds requests that Temporal knows more of than the ledger, which was restored from an older copy,
// say. Those that run put their story on record again; of those that have ended it is read from Temporal's history.
func (r *requests) restateRequests(ctx context.Context) error {
	return r.each(ctx, contract.WorkflowRequest, "", func(execution *workflowpb.WorkflowExecutionInfo) error {
		workflow := execution.GetExecution().GetWorkflowId()
		id, named := contract.RequestOfWorkflow(workflow)
		if !named {
			return nil
		}
		recorded, events, err := r.Events.Request(ctx, id)
		switch {
		case err != nil && !errors.Is(err, ledger.ErrNotFound):
			return err
		case recorded.State == contract.StateEnded && len(contract.Gaps(events)) == 0:
			return nil
		case execution.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING:
			if sameAs(execution, recorded) && len(contract.Gaps(events)) == 0 {
				return nil
			}
			return r.signal(ctx, workflow)
		case execution.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_COMPLETED:
			return r.restore(ctx, execution, id)
		}
		return nil
	})
}

// restateGrants finds grants that hold up what the ledger has no open holding of.
func (r *requests) restateGrants(ctx context.Context) error {
	return r.each(
		ctx,
		contract.WorkflowGrant,
		" AND ExecutionStatus = 'Running'",
		func(execution *workflowpb.WorkflowExecutionInfo) error {
			grant := execution.GetExecution().GetWorkflowId()
			holding, err := r.Holdings.Read(ctx, grant)
			switch {
			case err != nil && !errors.Is(err, ledger.ErrNotFound):
				return err
			case holding.Open && !holding.Until.Before(timeOf(execution, contract.KeyDeadline.GetName())):
				return nil
			}
			return r.signal(ctx, grant)
		},
	)
}

// each goes through Temporal's list of one type of workflows.
func (r *requests) each(ctx context.Context, kind, and string, do func(*workflowpb.WorkflowExecutionInfo) error) error {
	var token []byte
	for compared := 0; compared < mostCompared; {
		found, err := r.Temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: page, NextPageToken: token, Query: fmt.Sprintf("WorkflowType = '%s'%s", kind, and),
		})
		if err != nil {
			return contract.Unavailable("Temporal can't be asked which workflows there are: %v", err)
		}
		for _, execution := range found.GetExecutions() {
			if len(r.found.Restated) == mostRestated {
				return nil
			}
			if err := do(execution); err != nil {
				return err
			}
		}
		compared += len(found.GetExecutions())
		if token = found.GetNextPageToken(); len(token) == 0 {
			return nil
		}
	}
	return nil
}

// signal has a workflow put on record again what it knows. It is nothing to one that has nothing to add.
func (r *requests) signal(ctx context.Context, workflow string) error {
	if !r.dryRun {
		err := r.Temporal.SignalWorkflow(ctx, workflow, "", contract.SignalRestate, nil)
		var gone *serviceerror.NotFound
		if errors.As(err, &gone) {
			return nil
		}
		if err != nil {
			return contract.Unavailable("%s can't be told to restate what it knows: %v", workflow, err)
		}
	}
	r.found.Restated = append(r.found.Restated, workflow)
	return nil
}

// restore records what the workflow of a request has had recorded in its life, as its history has it, with the same
// guard before it.
func (r *requests) restore(ctx context.Context, execution *workflowpb.WorkflowExecutionInfo, id string) error {
	if r.histories == mostHistories {
		r.found.Problem = fmt.Sprintf("only the first %d histories were held against the ledger", mostHistories)
		return nil
	}
	r.histories++
	workflow := execution.GetExecution()
	history := r.Temporal.GetWorkflowHistory(
		ctx,
		workflow.GetWorkflowId(),
		workflow.GetRunId(),
		false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT,
	)
	var last contract.RecordInput
	events := map[int]contract.Event{}
	for history.HasNext() {
		event, err := history.Next()
		if err != nil {
			return contract.Unavailable("the history of %s can't be read: %v", id, err)
		}
		in, told := StoryIn(event)
		if !told {
			continue
		}
		for _, event := range in.Events {
			events[event.Seq] = event
		}
		last = in
	}
	last.Events = nil
	for seq := 1; seq <= last.Status.Seq; seq++ {
		event, there := events[seq]
		if !there {
			return nil // a request has all of its events recorded: this is none, whatever its workflow says
		}
		last.Events = append(last.Events, event)
	}
	if len(last.Events) == 0 || r.dryRun {
		return nil
	}
	_, err := r.Record(ctx, workflow.GetWorkflowId(), last)
	problem, known := contract.ProblemOf(err)
	switch {
	case known && problem.Kind == contract.KindConflict:
		return nil // the ledger has a story of its own: this workflow was reset, say
	case known:
		r.found.Problem = fmt.Sprintf("the story of %s could not be written again: %s", id, problem.Error())
		return nil
	}
	if err == nil {
		r.found.Restated = append(r.found.Restated, workflow.GetWorkflowId())
	}
	return err
}

// sameAs is true when Temporal's list says of a request what the ledger says.
func sameAs(execution *workflowpb.WorkflowExecutionInfo, recorded contract.Status) bool {
	var state contract.State
	field := execution.GetSearchAttributes().GetIndexedFields()[contract.KeyState.GetName()]
	if field == nil || converter.GetDefaultDataConverter().FromPayload(field, &state) != nil {
		return false
	}
	deadline := timeOf(execution, contract.KeyDeadline.GetName())
	return state == recorded.State && (recorded.Until == nil || deadline.IsZero() || deadline.Equal(*recorded.Until))
}

// timeOf is a time in Temporal's list; zero when it is not there. They are never encrypted.
func timeOf(execution *workflowpb.WorkflowExecutionInfo, key string) (at time.Time) {
	field := execution.GetSearchAttributes().GetIndexedFields()[key]
	if field == nil || converter.GetDefaultDataConverter().FromPayload(field, &at) != nil {
		return time.Time{}
	}
	return at
}
