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
	given  []contract.Sealed[contract.Review]
	judged int // how many of them the policy has judged
	closed bool
}

// fresh is true when there are reviews that the policy has not judged.
func (b *ballot) fresh() bool { return len(b.given) > b.judged }

// last is who gave the review that was judged last, and why.
func (b *ballot) last() (reviewer, reason string) {
	if b.judged == 0 {
		return contract.ActorPolicy, ""
	}
	review := b.given[b.judged-1].Fact
	return review.Reviewer, review.Reason
}

// leastPause is how long the policy is left alone at least, whatever its clock says.
const leastPause = time.Second

// approved collects reviews until the policy says yes or no, nobody has decided in time, or the request is taken back.
func (r *run) approved(ctx workflow.Context) bool {
	decideBy := workflow.Now(ctx).Add(r.fact().Terms.PendingFor.Duration)
	r.status.DecideBy = &decideBy
	defer func() { r.reviews.closed = true }()
	for r.stop == nil {
		before := r.reviews.judged
		decision, judged := r.judge(ctx, &r.reviews, contract.DecideInput{Request: r.in.Request}, decideBy)
		if judged {
			r.status.Approvals, r.status.Needed, r.status.Why = decision.Approvals, decision.Needed, decision.Why
			if decision.Duration.Duration > 0 { // a reviewer may have shortened it
				r.status.Duration.Duration = min(r.status.Duration.Duration, decision.Duration.Duration)
			}
			r.announce(ctx, &r.reviews, before, decision)
		}
		reviewer, reason := r.reviews.last()
		switch {
		case judged && decision.Ruling == contract.RulingGrant:
			r.status.Why = "" // from now on it says what the access waits for
			r.happened(ctx, contract.EventApproved, reviewer, reason, decision.Why)
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
		summary := "Decide by " + clock(decideBy)
		if again := decision.Again; !again.IsZero() && again.Before(decideBy) {
			summary, left = "Ask more reviewers at "+clock(again), max(again.Sub(workflow.Now(ctx)), leastPause)
		}
		wait.For(ctx, left, summary, func() bool { return r.reviews.fresh() || r.stop != nil })
	}
	r.happened(ctx, contract.EventWithdrawn, r.stop.By, r.stop.Reason, "")
	return false
}

// judge asks the policy about the reviews so far of one question. It gives up when somebody ends the request or its time is over.
func (r *run) judge(ctx workflow.Context, reviews *ballot, in contract.DecideInput, by time.Time) (contract.Decision, bool) {
	in.Reviews = slices.Clone(reviews.given)
	future := decide(ctx, in)
	wait.For(ctx, by.Sub(workflow.Now(ctx)), "Decide by "+clock(by), func() bool { return future.IsReady() || r.stop != nil })
	if !future.IsReady() {
		return contract.Decision{}, false
	}
	var decision contract.Decision
	if err := future.Get(ctx, &decision); err != nil {
		decision = contract.Decision{Ruling: contract.RulingDeny, Why: contract.AsProblem(err).Error()}
	}
	reviews.judged = len(in.Reviews)
	if decision.Reviewers != nil {
		r.status.Reviewers = decision.Reviewers // groups have other members by now, or more people are asked
	}
	return decision, true
}

// announce tells of the reviews that were judged now, but not of the one that decided: that is told as the decision.
func (r *run) announce(ctx workflow.Context, reviews *ballot, before int, decision contract.Decision) {
	until := reviews.judged
	if decision.Ruling != contract.RulingReview {
		until = max(until-1, before)
	}
	for _, review := range reviews.given[before:until] {
		r.happened(ctx, contract.EventReviewed, review.Fact.Reviewer, review.Fact.Reason, decision.Why)
	}
	r.show(ctx)
}
