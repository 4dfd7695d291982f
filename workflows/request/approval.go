package request

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// ballot is the reviews of one question: the request, or an extension of it.
type ballot struct {
	given  []*vote
	closed bool
}

// vote is one review that was given.
type vote struct {
	contract.Sealed[contract.Review]
	judged  bool // by the policy
	refused bool // because nobody vouches for it
}

// fresh is true when there are reviews that the policy has not judged.
func (b *ballot) fresh() bool {
	return slices.ContainsFunc(b.given, func(v *vote) bool { return !v.judged })
}

// by is true when a person has given a review.
func (b *ballot) by(person string) bool {
	return slices.ContainsFunc(b.given, func(v *vote) bool { return v.Fact.Reviewer == person })
}

// reviews are those that were given.
func (b *ballot) reviews() []contract.Sealed[contract.Review] {
	var reviews []contract.Sealed[contract.Review]
	for _, v := range b.given {
		reviews = append(reviews, v.Sealed)
	}
	return reviews
}

// judge marks the first reviews as judged, without those that were refused, and returns those that are new. Whoever was
// named by a review that was refused may still give their own.
func (b *ballot) judge(first int, refused []int) (judged []contract.Review) {
	for i, v := range b.given[:first] {
		v.refused = slices.Contains(refused, i)
		if !v.judged && !v.refused {
			judged = append(judged, v.Fact)
		}
		v.judged = true
	}
	b.given = slices.DeleteFunc(b.given, func(v *vote) bool { return v.refused })
	return judged
}

// close takes no more reviews. Those that came while the last decision was made had no part in it, and so are none of its
// grounds.
func (b *ballot) close() {
	b.closed = true
	b.given = slices.DeleteFunc(b.given, func(v *vote) bool { return !v.judged })
}

// last is who gave the review that was judged last, and why.
func (b *ballot) last() (reviewer, reason string) {
	for _, v := range slices.Backward(b.given) {
		if v.judged {
			return v.Fact.Reviewer, v.Fact.Reason
		}
	}
	return contract.ActorPolicy, ""
}

// leastPause is how long the policy is left alone at least, whatever its clock says.
const leastPause = time.Second

// approved collects reviews until the policy says yes or no, nobody has decided in time, or the request is taken back.
func (r *run) approved(ctx workflow.Context) bool {
	decideBy := r.fact().AskedAt.Add(r.fact().Terms.PendingFor.Duration)
	r.status.DecideBy = &decideBy
	defer r.reviews.close()
	for r.stop == nil {
		decision, fresh, judged := r.judge(ctx, &r.reviews, nil, decideBy)
		if judged {
			r.status.Approvals, r.status.Needed, r.status.Why = decision.Approvals, decision.Needed, decision.Why
			r.shorten(decision.Duration)
			r.announce(ctx, fresh, decision)
		}
		reviewer, reason := r.reviews.last()
		switch {
		case judged && decision.Ruling == contract.RulingGrant:
			r.reviews.close()
			r.rests(decision)
			if decision.BreakGlass {
				r.brokeGlass(ctx, decision)
				reviewer = r.status.Requester
			}
			kind, detail := r.whenToBegin(ctx)
			r.happened(ctx, kind, reviewer, reason, decision.Why+detail)
			return true
		case judged && decision.Ruling == contract.RulingDeny:
			r.happened(ctx, contract.EventDenied, reviewer, reason, decision.Why)
			return false
		}
		left := decideBy.Sub(workflow.Now(ctx))
		if left <= 0 {
			r.happened(ctx, contract.EventLapsed, contract.ActorDeadline, "", "Nobody decided in "+r.fact().Terms.PendingFor.String()+".")
			return false
		}
		r.askReviewers(ctx, decision)
		summary := "Decide by " + clock(decideBy)
		if reminder := r.remind(ctx, decision.From); !reminder.IsZero() && reminder.Before(decideBy) {
			summary, left = "Remind the reviewers at "+clock(reminder), reminder.Sub(workflow.Now(ctx))
		}
		if again := decision.Again; !again.IsZero() && again.Before(workflow.Now(ctx).Add(left)) {
			summary, left = "Ask more reviewers at "+clock(again), max(again.Sub(workflow.Now(ctx)), leastPause)
		}
		wait.For(ctx, left, summary, func() bool { return r.reviews.fresh() || r.stop != nil })
	}
	r.happened(ctx, contract.EventWithdrawn, r.stop.By, r.stop.Reason, "")
	return false
}

// judge asks the policy about the request, or an extension of it, and returns the reviews that it has judged for the first
// time. It gives up when somebody ends the request or its time is over.
func (r *run) judge(
	ctx workflow.Context, reviews *ballot, x *contract.ExtensionQuestion, by time.Time,
) (decision contract.Decision, fresh []contract.Review, judged bool) {
	asked := len(reviews.given)
	future := decide(ctx, contract.DecideInput{Request: r.in.Request, Reviews: r.reviews.reviews(), Extension: x})
	wait.For(ctx, by.Sub(workflow.Now(ctx)), "Decide by "+clock(by), func() bool { return future.IsReady() || r.stop != nil })
	if !future.IsReady() {
		return decision, nil, false
	}
	err := future.Get(ctx, &decision)
	if err != nil {
		decision = contract.Decision{Ruling: contract.RulingDeny, Why: contract.AsProblem(err).Error()}
	}
	fresh = reviews.judge(asked, decision.Refused)
	r.status.Reviews = append(r.status.Reviews, fresh...)
	if decision.Reviewers != nil {
		r.status.Reviewers = decision.Reviewers // groups have other members by now, or more people are asked
	}
	return decision, fresh, true
}

// vouched is what targets go by. A decision of a release that sealed nothing has none, and where seals are checked nothing
// is granted on it.
func vouched(decision contract.Decision) contract.Sealed[contract.DecisionFact] {
	if decision.Fact == nil {
		return contract.Sealed[contract.DecisionFact]{}
	}
	return *decision.Fact
}

// announce tells of the reviews that were judged now, but not of the one that decided: that is told as the decision.
func (r *run) announce(ctx workflow.Context, fresh []contract.Review, decision contract.Decision) {
	if decision.Ruling != contract.RulingReview {
		fresh = fresh[:max(len(fresh)-1, 0)]
	}
	for _, review := range fresh {
		r.happened(ctx, contract.EventReviewed, review.Reviewer, review.Reason, decision.Why)
	}
	r.show(ctx)
}
