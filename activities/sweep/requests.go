package sweep

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// mostClosed bounds the records that one sweep brings to their end: so many are rather a mistake than lost
	// workflows.
	mostClosed = 50
	// mostUntracked bounds the requests that one sweep looks at closely.
	mostUntracked = 500
	// settled is how long after its time a request without a workflow is left alone, so that the clocks need not agree.
	settled = 10 * time.Second
)

// Requests is the activity contract.ActivitySweepRequests: it finds the requests that no workflow looks after any more,
// and brings the record of those to its end whose time is over and whose access is gone.
func (a *Activities) Requests(ctx context.Context, in contract.SweepRequestsInput) (contract.SweptRequests, error) {
	now, err := a.Holdings.Now(ctx)
	if err != nil {
		return contract.SweptRequests{}, activities.Error(err)
	}
	r := &requests{Activities: a, now: now.UTC(), dryRun: in.DryRun}
	// What Temporal still has is written again before anything is closed.
	for _, step := range []func(context.Context) error{
		r.restateGrants, r.restateRequests, func(ctx context.Context) error { return r.eachOpen(ctx, r.track) },
	} {
		if err := step(ctx); err != nil {
			return r.found, activities.Error(err)
		}
	}
	return r.found, nil
}

// requests is one look at the requests that have not ended.
type requests struct {
	*Activities
	now       time.Time
	dryRun    bool
	found     contract.SweptRequests
	histories int // that were read
}

// eachOpen goes through the requests that have not ended, as far as the ledger knows, newest first.
func (r *requests) eachOpen(ctx context.Context, do func(context.Context, contract.Status) error) error {
	for _, state := range contract.OpenStates() {
		filter := ledger.Filter{State: state, Limit: page}
		for {
			some, err := r.Events.Requests(ctx, filter)
			if err != nil {
				return err
			}
			for _, status := range some {
				if err := do(ctx, status); err != nil {
					return err
				}
			}
			if len(some) < page {
				break
			}
			filter.Before = some[len(some)-1].ID
		}
	}
	return nil
}

// track looks at one request.
func (r *requests) track(ctx context.Context, status contract.Status) error {
	if len(r.found.Untracked)+len(r.found.Closed) == mostUntracked {
		r.found.Problem = fmt.Sprintf("only the first %d requests without a workflow were looked at", mostUntracked)
		return nil
	}
	runs, err := r.running(ctx, status.ID)
	if err != nil || runs {
		return err
	}
	closed, err := r.close(ctx, status)
	switch {
	case err != nil:
		return err
	case closed:
		r.found.Closed = append(r.found.Closed, status.ID)
	default:
		r.found.Untracked = append(r.found.Untracked, status.ID)
	}
	return nil
}

// running is true while Temporal has a workflow of a request.
func (r *requests) running(ctx context.Context, id string) (bool, error) {
	found, err := r.Temporal.DescribeWorkflowExecution(ctx, contract.RequestWorkflowID(id), "")
	var gone *serviceerror.NotFound
	switch {
	case errors.As(err, &gone):
		return false, nil
	case err != nil:
		return false, contract.Unavailable("Temporal can't be asked which requests run: %v", err)
	}
	info := found.GetWorkflowExecutionInfo()
	return info.GetStatus() == enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING &&
		info.GetType().GetName() == contract.WorkflowRequest, nil
}

// close brings the record of a request to its end, once its time is over, or somebody has ended it, and its holdings
// say that its access is gone. It adds no tombstone: nobody has ended the request, and what was decided about it gives
// nothing any more.
func (r *requests) close(ctx context.Context, status contract.Status) (bool, error) {
	if r.dryRun || len(r.found.Closed) == mostClosed {
		return false, nil
	}
	by, over := contract.Ending{By: contract.ActorSweep, At: r.now}, lastMoment(status)
	t, err := r.Tombstones.TombstoneOf(ctx, status.ID)
	switch {
	case err == nil:
		by.By, by.Reason, over = t.By, t.Reason, t.At
	case !errors.Is(err, ledger.ErrNotFound):
		return false, err
	}
	if !over.Add(settled).Before(r.now) {
		return false, nil
	}
	done, err := ledger.Conclude(ctx, r.Holdings, status, by)
	if err != nil || done == nil {
		return false, err
	}
	err = r.Events.Append(ctx, done.Events, done.Status)
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindConflict {
		return false, nil // somebody else was quicker
	}
	return err == nil, err
}

// lastMoment is when a request that nobody changes has nothing to wait for any more.
func lastMoment(status contract.Status) time.Time {
	if status.Until != nil {
		return *status.Until
	}
	moments := []time.Time{status.AskedAt}
	for _, at := range []*time.Time{status.DecideBy, status.StartAt} {
		if at != nil {
			moments = append(moments, *at)
		}
	}
	return slices.MaxFunc(moments, func(a, b time.Time) int { return cmp.Compare(a.UnixNano(), b.UnixNano()) })
}
