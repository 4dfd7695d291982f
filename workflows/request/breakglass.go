package request

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
	"curfew/workflows/wait"
)

// postReview is a review of break-glass access, given afterwards.
type postReview struct {
	contract.Sealed[contract.Review]
	done bool
	err  error
}

// recordBreakGlass notifies everybody who was not asked.
func (r *run) recordBreakGlass(ctx workflow.Context, decision contract.Decision) {
	by := workflow.Now(ctx).Add(r.fact().Terms.Rules.BreakGlass.ReviewWithin.Duration)
	r.status.ReviewDue = &by
	skipped := slices.DeleteFunc(slices.Clone(decision.Reviewers), func(person string) bool {
		return person == r.status.Requester || person == r.status.Subject
	})
	again := ""
	if len(decision.Unreviewed) > 0 {
		again = fmt.Sprintf(" It is used again: nobody has reviewed %s yet.", strings.Join(decision.Unreviewed, ", "))
	}
	r.recordEventTo(
		ctx,
		contract.EventBreakGlassUsed,
		r.status.Requester,
		r.status.Reason,
		fmt.Sprintf(
			"Not asked: %s. A second person has to review it by %s.",
			strings.Join(skipped, ", "),
			clock(by),
		)+again,
		skipped,
	)
}

// handlePostReview answers when the policy has said whether the review counts.
func (r *run) handlePostReview(ctx workflow.Context, in contract.ReviewInput) (contract.Answer, error) {
	s := &postReview{Sealed: in.Review}
	r.postReviews = append(r.postReviews, s)
	err := workflow.Await(ctx, func() bool { return s.done })
	if err == nil {
		err = s.err
	}
	return r.answer(in.Review.Fact.Asks()), err
}

// processPostReviews has the policy look at each review, in order, until one counts.
func (r *run) processPostReviews(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		// ctx is canceled when the workflow is over.
		for workflow.Await(ctx, func() bool { return len(r.postReviews) > 0 }) == nil {
			s := r.postReviews[0]
			r.postReviews = r.postReviews[1:]
			s.err = r.applyPostReview(ctx, s.Sealed)
			s.done = true
		}
	})
}

func (r *run) applyPostReview(ctx workflow.Context, review contract.Sealed[contract.Review]) error {
	if !r.status.NeedsPostReview() {
		return r.reviewedAlready()
	}
	if err := checkPostReview(
		ctx,
		contract.PostReviewInput{Request: r.in.Request, Review: review},
	).Get(ctx, nil); err != nil {
		return contract.AsProblem(err).Application()
	}
	fact := review.Fact
	r.status.PostReview = &fact
	r.said.Reviews = append(r.said.Reviews, review)
	detail := "It was in order."
	if fact.Verdict == contract.VerdictDeny {
		detail = "It was not in order."
	}
	r.recordEvent(ctx, contract.EventBreakGlassReviewed, fact.Reviewer, fact.Reason, detail)
	return nil
}

func (r *run) reviewedAlready() error {
	if r.status.PostReview == nil {
		return r.errEnded()
	}
	return contract.Conflict("%s has reviewed it already", r.status.PostReview.Reviewer).Application()
}

const (
	postReviewReminder        = 24 * time.Hour // between reminders that nobody has reviewed it
	longestPostReviewReminder = 7 * 24 * time.Hour
)

// awaitPostReview waits until a second person has reviewed the break-glass access, however long that takes.
func (r *run) awaitPostReview(ctx workflow.Context) {
	pause := r.untilReviewDue(ctx)
	for every := postReviewReminder; r.status.NeedsPostReview(); every = min(2*every, longestPostReviewReminder) {
		if wait.For(
			ctx,
			pause,
			"A second person has to review the break-glass access",
			func() bool { return !r.status.NeedsPostReview() },
		) {
			return
		}
		r.recordEventTo(
			ctx,
			contract.EventBreakGlassReviewOverdue,
			contract.ActorCurfew,
			"",
			"It was to be reviewed by "+clock(*r.status.ReviewDue)+".",
			r.others(),
		)
		r.alarm(
			ctx,
			contract.AlarmBreakGlassReviewOverdue,
			workflow.Now(ctx).Unix(),
			r.status.Requester+" used break-glass access, and nobody has reviewed it: have one of "+
				strings.Join(r.others(), ", ")+" review it",
		)
		pause = every
	}
}

func (r *run) untilReviewDue(ctx workflow.Context) time.Duration {
	if r.status.ReviewDue == nil {
		return 0
	}
	return r.status.ReviewDue.Sub(workflow.Now(ctx))
}

// others are the reviewers who do not gain by the request.
func (r *run) others() []string {
	return slices.DeleteFunc(slices.Clone(r.status.Reviewers), func(person string) bool {
		return person == r.status.Requester || person == r.status.Subject
	})
}

// alarm raises an alarm beside the main coroutine. The number tells alarms of one kind apart.
func (r *run) alarm(ctx workflow.Context, kind contract.AlarmKind, number int64, text string) {
	r.raise(ctx, &r.alarms, contract.Alarm{
		ID: fmt.Sprintf("%s/%s/%d", kind, r.status.ID, number), Kind: kind, Text: text,
	})
}

// raise has the ledger take an alarm, however long that takes. The request is not over while any is under way.
func (r *run) raise(ctx workflow.Context, underWay *int, alarm contract.Alarm) {
	alarm.At, alarm.Requests, alarm.Actor = workflow.Now(ctx), []string{r.status.ID}, contract.ActorCurfew
	*underWay++
	workflow.Go(ctx, func(ctx workflow.Context) {
		recorded := step.RecordAlarm(ctx, contract.AlarmInput{Alarm: alarm, Request: r.in.Request})
		if err := recorded.Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Error("the ledger refused an alarm", "alarm", alarm.ID, "error", err)
		}
		*underWay--
	})
}
