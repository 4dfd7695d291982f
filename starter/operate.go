package starter

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"

	"github.com/oklog/ulid/v2"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"curfew/activities/ledger"
	"curfew/activities/story"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// TakeOver ends Curfew's attempts to take stuck access away; from then on the actor answers for it.
func (s *Snapshot) TakeOver(ctx context.Context, actor, grant, reason string) (contract.GrantStatus, error) {
	if err := cmp.Or(
		s.allow(actor, OperationTakeOverStuck),
		checkGrant(grant),
		checkTakeOverReason(reason),
	); err != nil {
		return contract.GrantStatus{}, err
	}
	takeOver := contract.TakeOver{Grant: grant, By: actor, Reason: reason, At: now()}
	sealedFact, err := sealed(s.shared, seal.OfTakeOver(takeOver), takeOver)
	if err != nil {
		return contract.GrantStatus{}, err
	}
	return s.updateGrant(ctx, grant, contract.UpdateTakeOver, contract.TakeOverInput{TakeOver: sealedFact})
}

func checkTakeOverReason(reason string) error {
	if problem, ok := contract.ProblemOf(checkReason(reason)); ok {
		problem.Field = "reason"
		return problem
	}
	return nil
}

func (s *Snapshot) updateGrant(
	ctx context.Context,
	grant, name string,
	args ...any,
) (status contract.GrantStatus, err error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	handle, err := s.temporal.UpdateWorkflow(ctx, client.UpdateWorkflowOptions{
		WorkflowID: grant, UpdateName: name, Args: args, WaitForStage: client.WorkflowUpdateStageCompleted,
	})
	if err == nil {
		err = handle.Get(ctx, &status)
	}
	return s.namedGrant(status), grantProblem(err, grant)
}

func grantProblem(err error, grant string) error {
	switch {
	case err == nil:
		return nil
	case isA[*serviceerror.NotFound](err):
		return contract.NotFound("there is no grant %s at work", grant).
			At("grant").
			Advise("`curfew stuck list` shows those that are stuck")
	}
	return problemOf(err, grant)
}

// checkGrant refuses what can't be a grant's id before it is looked for.
func checkGrant(grant string) error {
	const most = 512
	if len(grant) > most || !contract.IsGrantID(grant) {
		return contract.Invalid("%q is not the id of a grant", shortened(grant)).
			At("grant").
			Advise("copy it from `curfew stuck list`")
	}
	return nil
}

// Alarms returns what concerns operators and is no request's event, newest first.
func (s *Snapshot) Alarms(ctx context.Context, actor string, filter ledger.AlarmFilter) ([]contract.Alarm, error) {
	if err := s.allow(actor, OperationAlarms); err != nil {
		return nil, err
	}
	alarms, err := s.alarms.List(ctx, filter)
	if problem, ok := contract.ProblemOf(err); ok {
		return nil, problem
	}
	if err != nil {
		return nil, unreadable(err)
	}
	for i := range alarms {
		alarms[i].Text = story.Named(alarms[i].Text, s.config.Name)
	}
	return alarms, nil
}

// Sweep compares every target with the live grants, now, and returns what was found.
func (s *Snapshot) Sweep(ctx context.Context, actor string, dryRun bool) (contract.SweepReport, error) {
	if err := s.allow(actor, OperationSweep); err != nil {
		return contract.SweepReport{}, err
	}
	id, err := ulid.New(ulid.Now(), rand.Reader)
	if err != nil {
		return contract.SweepReport{}, problemOf(fmt.Errorf("make an id: %w", err), "")
	}
	run, err := s.temporal.ExecuteWorkflow(ctx, client.StartWorkflowOptions{
		ID:                  contract.SweepWorkflowStart + id.String(),
		TaskQueue:           contract.TaskQueue,
		WorkflowTaskTimeout: workflowTaskTimeout,
	}, contract.WorkflowSweep, contract.SweepInput{DryRun: dryRun})
	if err != nil {
		return contract.SweepReport{}, problemOf(err, id.String())
	}
	var report contract.SweepReport
	if err := run.Get(ctx, &report); err != nil {
		return contract.SweepReport{}, unavailable(
			err,
			"the sweep "+run.GetID()+" has not ended yet; see it in Temporal's Web UI",
		)
	}
	return report, nil
}
