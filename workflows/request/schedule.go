package request

import (
	"slices"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// approvalEvent is what the approval of a request leads to: access, or the wait for a start that is still ahead.
func (r *run) approvalEvent(ctx workflow.Context, decision contract.Decision) (kind contract.EventKind, detail string) {
	start := r.fact().StartAt
	if decision.Again.IsZero() && !workflow.Now(ctx).Before(start) {
		return contract.EventApproved, ""
	}
	return contract.EventScheduled, "\nIt begins " + clock(start) + ", if the policy still allows it then."
}

// awaitStart waits for the start of a scheduled request, and has the policy decide again then: much may have changed
// since. It is true at once when the request is not scheduled.
func (r *run) awaitStart(ctx workflow.Context) bool {
	if r.status.State != contract.StateScheduled {
		return true
	}
	decision, decided := r.decideWhenDue(ctx)
	switch {
	case r.endRequest != nil:
		r.recordNoAccess(ctx)
	case !decided:
		r.recordEvent(
			ctx,
			contract.EventLapsed,
			contract.ActorDeadline,
			"",
			"The policy could not decide again when it was to begin.",
		)
	case decision.Ruling != contract.RulingGrant:
		r.recordEvent(ctx, contract.EventDenied, contract.ActorPolicy, "", "When it was to begin: "+decision.Why)
	default:
		r.pinDecision(decision)
		r.recordEvent(ctx, contract.EventApproved, contract.ActorPolicy, "", "When it was to begin: "+decision.Why)
		return true
	}
	return false
}

// decideWhenDue asks the policy again once the start has come, also by the clock of whoever decides.
func (r *run) decideWhenDue(ctx workflow.Context) (decision contract.Decision, decided bool) {
	start := r.fact().StartAt
	for due, by := start, start.Add(r.fact().Terms.PendingFor.Duration); ; due = workflow.Now(ctx).Add(leastPause) {
		wait.For(
			ctx,
			due.Sub(workflow.Now(ctx)),
			"Access begins "+clock(start),
			func() bool { return r.endRequest != nil },
		)
		if r.endRequest != nil {
			return decision, false
		}
		decision, _, decided = r.askPolicy(ctx, &r.reviews, nil, by)
		if !decided || decision.Ruling != contract.RulingGrant || decision.Again.IsZero() {
			return decision, decided
		}
	}
}

// pinDecision keeps what the access rests on, and how long it may last.
func (r *run) pinDecision(decision contract.Decision) {
	r.status.Why = "" // from now on it says what the access waits for
	r.shorten(decision.Duration)
	r.planTicket(decision)
	r.chain = contract.Chain{
		Grounds:  contract.Grounds{Request: r.in.Request, Reviews: r.reviews.sealed()},
		Decision: sealedDecision(decision),
	}
}

// planTicket has a ticket opened for a request that has none, where its template says so. It is to have the whole
// story.
func (r *run) planTicket(decision contract.Decision) {
	rules := r.fact().Terms.Rules
	place := rules.Ticket.Open
	if decision.BreakGlass && rules.BreakGlass.Ticket.Project != "" {
		place = rules.BreakGlass.Ticket
	}
	if r.fact().Ticket == "" && place.Project != "" && r.opening.Project == "" {
		r.opening, r.ticket.events = place, slices.Clone(r.ledger.events)
	}
}

// shorten lets the access last no longer than a reviewer said.
func (r *run) shorten(to contract.Duration) {
	if to.Duration > 0 {
		r.status.Duration.Duration = min(r.status.Duration.Duration, to.Duration)
	}
}

// nextOf finds the first instant of several after another; zero when there is none.
func nextOf(after time.Time, instants []time.Time) (next time.Time) {
	for _, at := range instants {
		if at.After(after) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}
