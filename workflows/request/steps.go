package request

import (
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
)

// Steps is the one place that says how each activity is called.

// decide asks the policy. It is asked until it answers, for as long as the time to decide lasts: doubt is no answer.
func decide(ctx workflow.Context, in contract.DecideInput, within time.Duration) workflow.Future {
	return perform(ctx, contract.ActivityDecide, in, workflow.ActivityOptions{
		Summary:                "Gather facts and decide" + recording(in.Story),
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: within,
		RetryPolicy:            patiently(10 * time.Second),
		Priority:               temporal.Priority{PriorityKey: step.Grant},
	})
}

// recording says in a summary that a story is put on record first.
func recording(story *contract.RecordInput) string {
	if story == nil {
		return ""
	}
	return "; first record " + kinds(story.Events)
}

// timedOut is true when an activity was tried for as long as it was to be.
func timedOut(err error) bool {
	var failed *temporal.ActivityError
	return errors.As(err, &failed) && failed.RetryState() == enumspb.RETRY_STATE_TIMEOUT
}

// hold takes a lease on a grant and returns when the access was seen at the target. An attempt only waits, so that a
// worker's death costs little; the grant goes on meanwhile.
func hold(ctx workflow.Context, in contract.HoldInput) workflow.Future {
	return perform(
		ctx,
		contract.ActivityHold,
		in,
		leaseOptions("Hold "+in.Access.Target+" until "+clock(in.Lease.Until)+recording(in.Story), in.Access.Target),
	)
}

// extendLease moves the end of a lease.
func extendLease(ctx workflow.Context, in contract.HoldInput) workflow.Future {
	return perform(
		ctx,
		contract.ActivityExtendLease,
		in,
		leaseOptions("Move the end on "+in.Access.Target+" to "+clock(in.Lease.Until), in.Access.Target),
	)
}

func leaseOptions(summary, target string) workflow.ActivityOptions {
	return workflow.ActivityOptions{
		Summary:                summary,
		StartToCloseTimeout:    15 * time.Second,
		ScheduleToCloseTimeout: 45 * time.Second,
		RetryPolicy:            patiently(2 * time.Second), // until the grant has answered
		Priority:               temporal.Priority{PriorityKey: step.Grant, FairnessKey: target},
	}
}

// release gives a lease up and returns when the access is gone or kept up by another lease. No error is final; one that
// is not patient fails after a while, so that the workflow learns that it is stuck.
func release(ctx workflow.Context, in contract.ReleaseInput) workflow.Future {
	options := workflow.ActivityOptions{
		Summary:             "Release " + in.Access.Target + " and see that it is gone",
		StartToCloseTimeout: 15 * time.Second,
		RetryPolicy: &temporal.RetryPolicy{
			InitialInterval: 200 * time.Millisecond,
			MaximumInterval: 30 * time.Second,
		},
		Priority: temporal.Priority{PriorityKey: step.Revoke, FairnessKey: in.Access.Target},
	}
	if !in.Patient {
		options.ScheduleToCloseTimeout = 90 * time.Second
	}
	return perform(ctx, contract.ActivityRelease, in, options)
}

// record writes events to the ledger, however long that takes.
func record(ctx workflow.Context, in contract.RecordInput) (result contract.RecordResult, err error) {
	err = perform(ctx, contract.ActivityRecord, in, workflow.ActivityOptions{
		Summary:             "Record " + kinds(in.Events),
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         patiently(10 * time.Second),
		Priority:            temporal.Priority{PriorityKey: step.Grant},
	}).Get(ctx, &result)
	return result, err
}

// localAttempt bounds what a workflow task does itself: meanwhile it answers nobody.
const localAttempt = time.Second

// recordLocally writes events to the ledger in the workflow task, in one attempt.
func recordLocally(ctx workflow.Context, in contract.RecordInput) (result contract.RecordResult, err error) {
	in.Keep = true
	err = locally(ctx, "Record "+kinds(in.Events), contract.ActivityRecord, in).Get(ctx, &result)
	return result, err
}

// lookLocally reads in the workflow task what has become of the accesses, in one attempt.
func lookLocally(ctx workflow.Context, in contract.LookInput) (result contract.LookResult, err error) {
	err = locally(ctx, "See that the access is gone", contract.ActivityLook, in).Get(ctx, &result)
	return result, err
}

// lookPatiently is the same in an activity, for a ledger that is slow. Grants end by themselves meanwhile.
func lookPatiently(ctx workflow.Context, in contract.LookInput) (result contract.LookResult, err error) {
	err = perform(ctx, contract.ActivityLook, in, workflow.ActivityOptions{
		Summary:                "See that the access is gone",
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 30 * time.Second,
		RetryPolicy:            patiently(2 * time.Second),
		Priority:               temporal.Priority{PriorityKey: step.Revoke},
	}).Get(ctx, &result)
	return result, err
}

func locally(ctx workflow.Context, summary, name string, in any) workflow.Future {
	return workflow.ExecuteLocalActivity(workflow.WithLocalActivityOptions(ctx, workflow.LocalActivityOptions{
		Summary: summary, StartToCloseTimeout: localAttempt, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
	}), name, in)
}

// checkPostReview asks the policy whether a review may count for the break-glass access.
func checkPostReview(ctx workflow.Context, in contract.PostReviewInput) workflow.Future {
	return perform(ctx, contract.ActivityPostReview, in, workflow.ActivityOptions{
		Summary:             "Check the review of break-glass access",
		StartToCloseTimeout: 10 * time.Second,
		RetryPolicy:         patiently(10 * time.Second),
		Priority:            temporal.Priority{PriorityKey: step.Grant},
	})
}

// checkEvidence looks at the ticket and the incident. It gives up soon: they are looked at again.
func checkEvidence(ctx workflow.Context, in contract.EvidenceInput) workflow.Future {
	return perform(ctx, contract.ActivityCheckEvidence, in, workflow.ActivityOptions{
		Summary:                "Look at the ticket and the incident",
		StartToCloseTimeout:    10 * time.Second,
		ScheduleToCloseTimeout: 30 * time.Second,
		RetryPolicy:            patiently(10 * time.Second),
		Priority:               temporal.Priority{PriorityKey: step.Narrate},
	})
}

// openTicket opens a ticket, for as long as it takes.
func openTicket(ctx workflow.Context, in contract.OpenTicketInput) (result contract.OpenTicketResult, err error) {
	err = perform(ctx, contract.ActivityOpenTicket, in, workflow.ActivityOptions{
		Summary:             "Open a ticket in " + in.Project,
		StartToCloseTimeout: 30 * time.Second,
		RetryPolicy:         patiently(5 * time.Minute),
		Priority:            temporal.Priority{PriorityKey: step.Narrate},
	}).Get(ctx, &result)
	return result, err
}

// addIncidentNote adds notes to the incident, for as long as it takes.
func addIncidentNote(ctx workflow.Context, in contract.AddNoteInput) (written contract.Written, err error) {
	err = perform(ctx, contract.ActivityAddIncidentNote, in, workflow.ActivityOptions{
		Summary:             "Add notes to the incident: " + kinds(in.Events),
		StartToCloseTimeout: 30 * time.Second,
		RetryPolicy:         patiently(5 * time.Minute),
		Priority:            temporal.Priority{PriorityKey: step.Narrate},
	}).Get(ctx, &written)
	return written, err
}

// notifyFor is how long a channel that is down is tried: what it is about is over by then.
const notifyFor = 24 * time.Hour

// notify sends messages to people on a channel.
func notify(ctx workflow.Context, in contract.NotifyInput) (result contract.NotifyResult, err error) {
	err = perform(ctx, contract.ActivityNotify, in, workflow.ActivityOptions{
		Summary:                "Notify people on " + in.Channel + ": " + kinds(in.Events),
		StartToCloseTimeout:    30 * time.Second,
		ScheduleToCloseTimeout: notifyFor,
		RetryPolicy:            patiently(5 * time.Minute),
		Priority:               temporal.Priority{PriorityKey: step.Narrate, FairnessKey: in.Channel},
	}).Get(ctx, &result)
	return result, err
}

// commentTicket comments on the ticket, for as long as it takes.
func commentTicket(ctx workflow.Context, in contract.CommentInput) (written contract.Written, err error) {
	err = perform(ctx, contract.ActivityCommentTicket, in, workflow.ActivityOptions{
		Summary:             "Comment on the ticket: " + kinds(in.Events),
		StartToCloseTimeout: 30 * time.Second,
		RetryPolicy:         patiently(5 * time.Minute),
		Priority:            temporal.Priority{PriorityKey: step.Narrate},
	}).Get(ctx, &written)
	return written, err
}

// patiently tries for ever what trying again can help.
func patiently(longest time.Duration) *temporal.RetryPolicy {
	return &temporal.RetryPolicy{
		InitialInterval: 200 * time.Millisecond, MaximumInterval: longest,
		NonRetryableErrorTypes: contract.Final,
	}
}

func perform(ctx workflow.Context, name string, in any, options workflow.ActivityOptions) workflow.Future {
	return workflow.ExecuteActivity(workflow.WithActivityOptions(ctx, options), name, in)
}
