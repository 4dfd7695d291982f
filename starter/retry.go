package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"curfew/activities/lease"
	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// restartWithin bounds what a retry does when the grant's workflow is not there or does not answer.
	restartWithin = 15 * time.Second
	// pollsEvery is more than the time between two polls of a worker that is at work.
	pollsEvery = 2 * time.Minute
)

// RetryStuck tries a stuck revoke again at once. A grant whose workflow is gone, or does not answer although workers
// are at work, gets a new one, which goes on with what the holding has; the status says so.
func (s *Snapshot) RetryStuck(ctx context.Context, actor, grant string) (contract.GrantStatus, error) {
	if err := cmp.Or(s.allow(actor, OperationRetryStuck), checkGrant(grant)); err != nil {
		return contract.GrantStatus{}, err
	}
	found, err := s.grantExecution(ctx, grant)
	switch {
	case err != nil:
		return contract.GrantStatus{}, err
	case !found.running:
		return s.startGrant(ctx, grant, "no workflow of the grant was running")
	case found.foreign:
		return s.replaceGrant(ctx, actor, grant, "another workflow was running under the grant's id")
	}
	status, err := s.updateGrant(ctx, grant, contract.UpdateRetry)
	if problem, _ := contract.ProblemOf(err); problem == nil || problem.Kind != contract.KindUnavailable {
		return status, err
	}
	switch working, failed := s.workersAreAtWork(ctx); {
	case failed != nil:
		return contract.GrantStatus{}, failed
	case !working:
		return contract.GrantStatus{}, unavailable(
			err,
			"the grant does not answer, because no worker is at work: start one",
		)
	}
	return s.replaceGrant(
		ctx,
		actor,
		grant,
		fmt.Sprintf("its workflow had not answered for %s and was terminated", answerWithin),
	)
}

// execution is what runs under a grant's id.
type execution struct{ running, foreign bool }

func (s *Snapshot) grantExecution(ctx context.Context, grant string) (execution, error) {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	described, err := s.temporal.DescribeWorkflow(ctx, grant, "")
	switch {
	case isA[*serviceerror.NotFound](err):
		return execution{}, nil
	case err != nil:
		return execution{}, unavailable(err, "Temporal can't be asked about the grant")
	}
	return execution{
		running: described.Status == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING,
		foreign: described.WorkflowType.Name != contract.WorkflowGrant,
	}, nil
}

func (s *Snapshot) workersAreAtWork(ctx context.Context) (bool, error) {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	queue, err := s.temporal.DescribeTaskQueue(ctx, contract.TaskQueue, enumspb.TASK_QUEUE_TYPE_WORKFLOW)
	if err != nil {
		return false, unavailable(err, "Temporal can't be asked which workers are at work")
	}
	for _, poller := range queue.GetPollers() {
		if time.Since(poller.GetLastAccessTime().AsTime()) < pollsEvery {
			return true, nil
		}
	}
	return false, nil
}

// replaceGrant starts a new workflow in the place of one that does not answer, under the actor's name.
func (s *Snapshot) replaceGrant(ctx context.Context, actor, grant, why string) (contract.GrantStatus, error) {
	at := now()
	err := s.alarms.Raise(ctx, contract.Alarm{
		ID: fmt.Sprintf(
			"%s/restarted/%d",
			grant,
			at.UnixNano(),
		),
		Kind:  contract.AlarmStuck,
		At:    at,
		Grant: grant,
		Actor: actor,
		Text:  actor + " retried the revoke, and " + why + ". A new workflow goes on with what the ledger has.",
	})
	if err != nil {
		return contract.GrantStatus{}, unreadable(err) // nothing is terminated in nobody's name
	}
	err = s.temporal.TerminateWorkflow(ctx, grant, "", "curfew stuck retry, by "+actor+": "+why)
	if err != nil && !isA[*serviceerror.NotFound](err) {
		return contract.GrantStatus{}, unavailable(err, "the grant's workflow can't be terminated")
	}
	return s.startGrant(ctx, grant, why)
}

// startGrant starts the workflow of a grant and has it look at once what there is. A holding that is closed needs none.
func (s *Snapshot) startGrant(ctx context.Context, grant, why string) (contract.GrantStatus, error) {
	gone := grantProblem(serviceerror.NewNotFound(""), grant)
	if s.holdings == nil {
		return contract.GrantStatus{}, gone
	}
	ctx, cancel := context.WithTimeout(ctx, restartWithin)
	defer cancel()
	holding, err := s.holdings.Read(ctx, grant)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return contract.GrantStatus{}, gone
	case err != nil:
		return contract.GrantStatus{}, unreadable(err)
	case !holding.Open:
		return contract.GrantStatus{ID: grant, Access: holding.Access, Over: true}, nil
	}
	handle, err := s.temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: s.temporal.NewWithStartWorkflowOperation(
			lease.Start(holding.Access, holding.Until),
			contract.WorkflowGrant,
			contract.GrantInput{Access: holding.Access},
		),
		UpdateOptions: client.UpdateWorkflowOptions{
			WorkflowID: grant, UpdateName: contract.UpdateRetry, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	var status contract.GrantStatus
	if err == nil {
		err = handle.Get(ctx, &status)
	}
	status.Restarted = why
	return status, grantProblem(err, grant)
}
