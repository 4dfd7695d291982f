package starter

import (
	"context"
	"fmt"
	"strings"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"go.temporal.io/sdk/converter"
	"golang.org/x/sync/errgroup"

	"curfew/workflows/contract"
)

const (
	// trackWithin bounds how long a list waits for Temporal. Without an answer it says nothing of what is tracked.
	trackWithin = time.Second
	// askedTogether is how many workflows one question to Temporal is about.
	askedTogether = 100
	// mostDescribed is how many requests of a page Temporal's lists may lack; when there are more, they lag behind.
	mostDescribed = 50
	// untrackedAfter leaves alone what has just begun.
	untrackedAfter = time.Minute
)

// mayBeUntracked is true of a request that has not ended and was not asked for just now.
func (s *Snapshot) mayBeUntracked(status contract.Status) bool {
	return status.State != contract.StateEnded && time.Since(status.AskedAt) > s.untrackedAfter
}

// withTracking says of each request of a page that has not ended whether a workflow of it runs.
func (s *Snapshot) withTracking(ctx context.Context, page []contract.Status) []contract.Status {
	ctx, cancel := context.WithTimeout(ctx, trackWithin)
	defer cancel()
	var open []int
	for i, status := range page {
		if s.mayBeUntracked(status) && checkID(status.ID) == nil {
			open = append(open, i)
		}
	}
	var doubtful []int
	for len(open) > 0 {
		some := open[:min(askedTogether, len(open))]
		open = open[len(some):]
		listed, err := s.listed(ctx, page, some)
		if err != nil {
			return page
		}
		for _, i := range some {
			if listed[contract.RequestWorkflowID(page[i].ID)] != page[i].State {
				doubtful = append(doubtful, i)
			}
		}
	}
	var all errgroup.Group
	all.SetLimit(askedAtOnce)
	for _, i := range doubtful[:min(mostDescribed, len(doubtful))] { // Temporal's lists lag behind a little, and so does the ledger
		all.Go(func() error {
			page[i] = s.tracked(ctx, page[i])
			return nil
		})
	}
	_ = all.Wait() // none fails
	return page
}

// listed are the states of those of some requests' workflows that Temporal lists as running.
func (s *Snapshot) listed(ctx context.Context, page []contract.Status, which []int) (map[string]contract.State, error) {
	ids := make([]string, len(which))
	for n, i := range which {
		ids[n] = "'" + contract.RequestWorkflowID(page[i].ID) + "'"
	}
	found, err := s.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
		PageSize: askedTogether,
		Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND WorkflowId IN (%s)",
			contract.WorkflowRequest, strings.Join(ids, ", ")),
	})
	if err != nil {
		return nil, err
	}
	running := map[string]contract.State{}
	for _, execution := range found.GetExecutions() {
		var state contract.State
		field := execution.GetSearchAttributes().GetIndexedFields()[contract.KeyState.GetName()]
		if field != nil &&
			converter.GetDefaultDataConverter().FromPayload(field, &state) == nil { // they are never encrypted
			running[execution.GetExecution().GetWorkflowId()] = state
		}
	}
	return running, nil
}

// tracked says of a request from the ledger whether no workflow of it runs, or one that has forgotten what the ledger
// knows.
func (s *Snapshot) tracked(ctx context.Context, recorded contract.Status) contract.Status {
	if !s.mayBeUntracked(recorded) {
		return recorded
	}
	ctx, cancel := context.WithTimeout(ctx, trackWithin)
	defer cancel()
	running, err := s.running(ctx, recorded.ID)
	if err == nil && running {
		var status contract.Status
		status, _, err = s.query(ctx, recorded.ID)
		running = err != nil || !forgets(status, recorded)
	}
	recorded.Untracked = err == nil && !running
	return recorded
}

// running is true while Temporal has a workflow of a request.
func (s *Snapshot) running(ctx context.Context, id string) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	found, err := s.temporal.DescribeWorkflowExecution(ctx, contract.RequestWorkflowID(id), "")
	if isA[*serviceerror.NotFound](err) {
		return false, nil
	}
	info := found.GetWorkflowExecutionInfo()
	return info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING &&
		info.GetType().GetName() == contract.WorkflowRequest, err
}

// untracked is why nothing but an end can be done to a request.
func untracked(status contract.Status) error {
	ends := "it has no access"
	if status.Until != nil && status.GrantedAt != nil {
		ends = "its access ends at " + status.Until.UTC().Format("2006-01-02 15:04:05 UTC")
	}
	return contract.Conflict("the request is untracked: Temporal has no workflow of it any more, and %s", ends).
		Advise("make a new request; revoke this one if its access is to end sooner")
}
