package request

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// reviewSet is the reviews of one question: the request, or an extension of it.
type reviewSet struct {
	given  []*givenReview
	closed bool
}

// givenReview is one review that was given.
type givenReview struct {
	contract.Sealed[contract.Review]
	counted bool // by the policy
	refused bool // because nobody vouches for it
}

// hasUncounted is true when there are reviews that the policy has not judged.
func (b *reviewSet) hasUncounted() bool {
	return slices.ContainsFunc(b.given, func(v *givenReview) bool { return !v.counted })
}

// includes is true when a person has given a review.
func (b *reviewSet) includes(person string) bool {
	return slices.ContainsFunc(b.given, func(v *givenReview) bool { return v.Fact.Reviewer == person })
}

// sealed are those that were given.
func (b *reviewSet) sealed() []contract.Sealed[contract.Review] {
	var reviews []contract.Sealed[contract.Review]
	for _, v := range b.given {
		reviews = append(reviews, v.Sealed)
	}
	return reviews
}

// count marks the first reviews as judged, without those that were refused, and returns those that are new. Whoever was
// named by a review that was refused may still give their own.
func (b *reviewSet) count(first int, refused []int) (decided []contract.Sealed[contract.Review]) {
	for i, v := range b.given[:first] {
		v.refused = slices.Contains(refused, i)
		if !v.counted && !v.refused {
			decided = append(decided, v.Sealed)
		}
		v.counted = true
	}
	b.given = slices.DeleteFunc(b.given, func(v *givenReview) bool { return v.refused })
	return decided
}

// close takes no more reviews. Those that came while the last decision was made had no part in it, and so are none of
// its grounds.
func (b *reviewSet) close() {
	b.closed = true
	b.given = slices.DeleteFunc(b.given, func(v *givenReview) bool { return !v.counted })
}

// last is who gave the last review that was counted and says what was decided, and why.
func (b *reviewSet) last(ruling contract.Ruling) (reviewer, reason string) {
	verdict := contract.VerdictApprove
	if ruling == contract.RulingDeny {
		verdict = contract.VerdictDeny
	}
	for _, v := range slices.Backward(b.given) {
		if v.counted && v.Fact.Verdict == verdict {
			return v.Fact.Reviewer, v.Fact.Reason
		}
	}
	return contract.ActorPolicy, ""
}

// leastPause is how long the policy is left alone at least, whatever its clock says.
const leastPause = time.Second

// awaitDecision collects reviews until the policy says yes or no, nobody has decided in time, or the request is taken
// back.
func (r *run) awaitDecision(ctx workflow.Context) bool {
	decideBy := r.fact().AskedAt.Add(r.fact().Terms.PendingFor.Duration)
	r.status.DecideBy = &decideBy
	defer r.reviews.close()
	for r.endRequest == nil {
		decision, fresh, decided := r.askPolicy(ctx, &r.reviews, nil, decideBy)
		if decided {
			r.status.Approvals, r.status.Needed, r.status.Why = decision.Approvals, decision.Needed, decision.Why
			r.shorten(decision.Duration)
			r.announce(ctx, fresh, decision)
		}
		switch {
		case decided && decision.Ruling == contract.RulingGrant:
			r.approve(ctx, decision)
			return true
		case decided && decision.Ruling == contract.RulingDeny:
			reviewer, reason := r.reviews.last(decision.Ruling)
			r.recordEvent(ctx, contract.EventDenied, reviewer, reason, decision.Why)
			return false
		case !workflow.Now(ctx).Before(decideBy):
			why := "Nobody decided in " + r.fact().Terms.PendingFor.String() + "."
			r.recordEvent(ctx, contract.EventLapsed, contract.ActorDeadline, "", why)
			return false
		}
		r.askReviewers(ctx, decision)
		r.awaitReview(ctx, decision, decideBy)
	}
	r.recordNoAccess(ctx)
	return false
}

// approve closes the reviews and takes over what was decided.
func (r *run) approve(ctx workflow.Context, decision contract.Decision) {
	reviewer, reason := r.reviews.last(decision.Ruling)
	r.reviews.close()
	r.pinDecision(decision)
	if decision.BreakGlass {
		r.recordBreakGlass(ctx, decision)
		reviewer = r.status.Requester
	}
	kind, detail := r.approvalEvent(ctx, decision)
	r.recordEvent(ctx, kind, reviewer, reason, decision.Why+detail)
}

// awaitReview sleeps until a review comes, reviewers are to be reminded, more of them are to be asked, or the time to
// decide is over.
func (r *run) awaitReview(ctx workflow.Context, decision contract.Decision, decideBy time.Time) {
	left, summary := decideBy.Sub(workflow.Now(ctx)), "Decide by "+clock(decideBy)
	if reminder := r.remind(ctx, decision.From); !reminder.IsZero() && reminder.Before(decideBy) {
		summary, left = "Remind the reviewers at "+clock(reminder), reminder.Sub(workflow.Now(ctx))
	}
	if again := decision.Again; !again.IsZero() && again.Before(workflow.Now(ctx).Add(left)) {
		summary, left = "Ask more reviewers at "+clock(again), max(again.Sub(workflow.Now(ctx)), leastPause)
	}
	wait.For(ctx, left, summary, func() bool { return r.reviews.hasUncounted() || r.endRequest != nil })
}

// askPolicy asks the policy about the request, or an extension of it, and returns the reviews that it has judged for
// the first time. It gives up when somebody ends the request or its time is over.
func (r *run) askPolicy(
	ctx workflow.Context, reviews *reviewSet, x *contract.ExtensionQuestion, by time.Time,
) (decision contract.Decision, fresh []contract.Review, decided bool) {
	asked := len(reviews.given)
	in := contract.DecideInput{Request: r.in.Request, Reviews: r.reviews.sealed(), Extension: x}
	decision, decided = r.decide(ctx, in, by)
	if !decided {
		return decision, nil, false
	}
	for _, review := range reviews.count(asked, decision.Refused) {
		fresh = append(fresh, review.Fact)
		r.said.Reviews = append(r.said.Reviews, review)
	}
	r.status.Reviews = append(r.status.Reviews, fresh...)
	if x == nil {
		r.status.ContinuousSince = instant(decision.ContinuousSince)
	}
	if decision.Reviewers != nil {
		r.status.Reviewers = decision.Reviewers // groups have other members by now, or more people are asked
	}
	return decision, fresh, true
}

// decide has the policy answer a question until an instant, unless somebody ends the request meanwhile. What waits for
// the ledger is recorded on the way.
func (r *run) decide(
	ctx workflow.Context,
	in contract.DecideInput,
	by time.Time,
) (decision contract.Decision, ok bool) {
	over := func() bool { return r.endRequest != nil }
	for left := by.Sub(workflow.Now(ctx)); left > 0 && !over(); left = by.Sub(workflow.Now(ctx)) {
		in.Story = r.carry()
		future := decide(ctx, in, left)
		_ = workflow.Await(ctx, func() bool { return future.IsReady() || over() }) // ctx is never canceled
		if !future.IsReady() {
			r.carried(in.Story, false)
			return decision, false
		}
		err := future.Get(ctx, &decision)
		r.carried(in.Story, err == nil && !decision.Unrecorded)
		switch {
		case timedOut(err):
			wait.For(ctx, by.Sub(workflow.Now(ctx)), "Decide by "+clock(by), over)
			return decision, false
		case err != nil:
			return contract.Decision{Ruling: contract.RulingDeny, Why: contract.AsProblem(err).Error()}, true
		case !decision.Unrecorded:
			return decision, true
		}
		r.awaitRecorded(ctx) // one by one, and then it is asked again
	}
	return decision, false
}

// sealedDecision is what targets go by. A decision of a release that sealed nothing has none, and where seals are
// checked nothing is granted on it.
func sealedDecision(decision contract.Decision) contract.Sealed[contract.DecisionFact] {
	if decision.Fact == nil {
		return contract.Sealed[contract.DecisionFact]{}
	}
	return *decision.Fact
}

// announce records the reviews that were counted now, except the one that decided: the decision names it.
func (r *run) announce(ctx workflow.Context, fresh []contract.Review, decision contract.Decision) {
	if decision.Ruling != contract.RulingReview {
		fresh = fresh[:max(len(fresh)-1, 0)]
	}
	for _, review := range fresh {
		r.recordEvent(ctx, contract.EventReviewed, review.Reviewer, review.Reason, decision.Why)
	}
	r.show(ctx)
}
