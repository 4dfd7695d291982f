// Package lease takes, moves and gives up a request's leases by talking to the workflow that holds the grant: it starts
// that workflow when none runs, also when it was terminated.
package lease

import (
	"context"
	"crypto/rand"
	"errors"
	"strconv"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/internal/reload"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Options of Activities.
type Options struct {
	Temporal   client.Client
	Holdings   ledger.Holdings
	Events     ledger.Events
	Tombstones ledger.Tombstones
	Config     *reload.Live
	// Signer's key makes the ids of updates, so that nobody can take them beforehand, and Verifier knows the seals;
	// both are nil where nothing is sealed.
	Signer   *seal.Signer
	Verifier *seal.Verifier
}

// Activities talks to grants.
type Activities struct{ Options }

// New makes the activities.
func New(o Options) *Activities { return &Activities{o} }

// Hold is the activity contract.ActivityHold: it returns when the access was seen at the target.
func (a *Activities) Hold(ctx context.Context, in contract.HoldInput) (contract.HoldResult, error) {
	ctx, leave := context.WithCancelCause(ctx)
	defer leave(nil)
	go a.watchTries(ctx, leave, in)
	result, err := a.hold(ctx, contract.UpdateHold, in)
	var why trying
	if err != nil && errors.As(context.Cause(ctx), &why) {
		return contract.HoldResult{Request: in.Lease.Request, Trying: string(why)}, nil
	}
	if result.AnsweredAt.After(time.Now().Add(ahead)) {
		result.AnsweredAt = time.Time{} // no grant of ours answers from the future
	}
	return result, err
}

// ahead is how far clocks may differ.
const ahead = 5 * time.Second

// Extend is the activity contract.ActivityExtendLease: it returns when the target has the new end.
func (a *Activities) Extend(ctx context.Context, in contract.HoldInput) (contract.HoldResult, error) {
	return a.hold(ctx, contract.UpdateExtendLease, in)
}

func (a *Activities) hold(ctx context.Context, update string, in contract.HoldInput) (contract.HoldResult, error) {
	// The end is part of the update's id: the same lease may be moved again and again, and a retry is the same update.
	id := a.Signer.Name(update, in.Access.GrantID(), in.Lease.Request, strconv.FormatInt(in.Lease.Until.UnixNano(), 10))
	return ask(ctx, a, message[contract.HoldResult]{
		access: in.Access, until: in.Lease.Until, name: update, id: id, input: in, once: true,
		answers: func(result contract.HoldResult, err error) bool {
			if problem, known := contract.ProblemOf(err); known {
				return problem.Kind != contract.KindForbidden
			}
			return err != nil || result.Request == in.Lease.Request && !result.Until.After(in.Lease.Until)
		},
	})
}

// Release is the activity contract.ActivityRelease: it returns when the access is gone, or kept up by another lease.
// That the request has ended is on record first, unless the ledger does not take it now: then the request owes it.
func (a *Activities) Release(ctx context.Context, in contract.ReleaseInput) (contract.ReleaseResult, error) {
	if !in.Again {
		a.recordEnd(ctx, in)
	}
	if gone, ok := a.gone(ctx, in); ok {
		return gone, nil
	}
	// A request may release more than once, when it holds again in between; a retry is the same update.
	info := activity.GetInfo(ctx)
	id := a.Signer.Name(
		contract.UpdateRelease,
		in.Access.GrantID(),
		in.Request,
		info.WorkflowExecution.RunID,
		info.ActivityID,
	)
	result, err := ask(ctx, a, message[contract.ReleaseResult]{
		access: in.Access, name: contract.UpdateRelease, id: id, input: in,
		answers: func(result contract.ReleaseResult, err error) bool {
			_, known := contract.ProblemOf(err) // a release that was taken on is never refused
			return !known && (err != nil || result.Request == in.Request)
		},
	})
	if err == nil {
		result, err = a.confirm(ctx, in, result)
	}
	return result, activities.Error(err)
}

// lookWithin bounds the look at a holding before a release is sent.
const lookWithin = 2 * time.Second

// gone reads the holding: a grant that has ended by itself need not be started again to say so.
func (a *Activities) gone(ctx context.Context, in contract.ReleaseInput) (contract.ReleaseResult, bool) {
	if in.HeldSince.IsZero() {
		return contract.ReleaseResult{}, false
	}
	// Without the lock: whoever hangs with it must not keep the release from being sent.
	ctx, done := context.WithTimeout(ctx, lookWithin)
	defer done()
	holding, err := a.Holdings.Read(ctx, in.Access.GrantID())
	if err != nil {
		return contract.ReleaseResult{}, false
	}
	if holding.Open || holding.GoneAt.Before(in.HeldSince) {
		return contract.ReleaseResult{}, false
	}
	return contract.ReleaseResult{
		GoneAt:        holding.GoneAt,
		Unconfirmed:   holding.Proof.Unconfirmed,
		AlreadyAbsent: holding.Proof.Absent,
		Standing:      holding.Standing,
	}, true
}

// margin is kept of an attempt's time for the answer to travel.
const margin = time.Second

// message is an update of a grant, which is answered with a Result.
type message[Result any] struct {
	access contract.Access
	until  time.Time // when the access ends, if the grant is to be started for it
	name   string
	id     string // the same when it is repeated, and nobody else's to know
	once   bool   // what the grant answers stays its answer, so that the same message need not be sent again
	input  any
	// answers is true of what may be an answer to this message, and not to another one that somebody has sent under its
	// id.
	answers func(Result, error) bool
}

// ask sends an update to the grant of an access, starting it when none runs, and waits for its answer for as long as
// this attempt may last. The next attempt waits for the same update. One that was swallowed, because somebody had taken
// its id, is sent anew, under an id that is used once.
func ask[Result any](ctx context.Context, a *Activities, m message[Result]) (Result, error) {
	if deadline, ok := ctx.Deadline(); ok {
		var done context.CancelFunc
		ctx, done = context.WithDeadline(ctx, deadline.Add(-margin))
		defer done()
	}
	result, err := send(ctx, a, m)
	if !m.answers(result, err) {
		m.id = m.name + "/" + rand.Text()
		result, err = send(ctx, a, m)
	}
	if problem, known := contract.ProblemOf(err); known && m.once {
		return result, problem.Answer()
	}
	return result, answer(ctx, m.access, err)
}

func send[Result any](ctx context.Context, a *Activities, m message[Result]) (result Result, err error) {
	handle, err := a.Temporal.UpdateWithStartWorkflow(ctx, client.UpdateWithStartWorkflowOptions{
		StartWorkflowOperation: a.Temporal.NewWithStartWorkflowOperation(
			Start(m.access, m.until), contract.WorkflowGrant, contract.GrantInput{Access: m.access}),
		UpdateOptions: client.UpdateWorkflowOptions{
			UpdateID: m.id, UpdateName: m.name, Args: []any{m.input}, WaitForStage: client.WorkflowUpdateStageCompleted,
		},
	})
	if err == nil {
		err = handle.Get(ctx, &result)
	}
	return result, err
}

// Start is how the workflow of an access's grant is started, unless it runs. The end is where it is known.
func Start(access contract.Access, until time.Time) client.StartWorkflowOptions {
	attributes := []temporal.SearchAttributeUpdate{
		contract.KeyTarget.ValueSet([]string{access.Target}), contract.KeySubject.ValueSet(access.Person),
	}
	if !until.IsZero() {
		attributes = append(attributes, contract.KeyDeadline.ValueSet(until))
	}
	return client.StartWorkflowOptions{
		ID: access.GrantID(), TaskQueue: contract.TaskQueue, WorkflowTaskTimeout: 5 * time.Second,
		WorkflowIDConflictPolicy: enumspb.WORKFLOW_ID_CONFLICT_POLICY_USE_EXISTING,
		WorkflowIDReusePolicy:    enumspb.WORKFLOW_ID_REUSE_POLICY_ALLOW_DUPLICATE,
		TypedSearchAttributes:    temporal.NewSearchAttributes(attributes...),
		StaticSummary:            summary(access),
		Priority:                 temporal.Priority{PriorityKey: 1, FairnessKey: access.Target},
	}
}

// maxSummary is what Temporal's documentation allows a summary, in bytes.
const maxSummary = 200

func summary(access contract.Access) string {
	text := access.Target + " " + string(access.Entitlement)
	if len(text) > maxSummary {
		text = access.Target
	}
	return text
}

// answer sorts what an update failed with. What Temporal itself failed with is tried again.
func answer(ctx context.Context, access contract.Access, err error) error {
	var precondition *serviceerror.WorkflowNotReady
	switch problem, ok := contract.ProblemOf(err); {
	case err == nil:
		return nil
	case ok:
		return activities.Error(problem)
	case ctx.Err() != nil || errors.As(err, &precondition):
		return contract.Unavailable("nobody has seen yet what has become of the access of %s on %s", access.Account, access.Target).
			Application()
	}
	return contract.Unavailable("the access of %s on %s: %v", access.Account, access.Target, err).Application()
}
