package request

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// notified keeps who was notified of what, so that nobody is notified twice.
type notified struct {
	to             []asking  // in the order of the events
	askedReviewers []string  // to review the request
	remindedAt     time.Time // when its reviewers last were
	warnedAt       time.Time // when the subject last was, that the access ends
}

// asking is an event that asks something of some people.
type asking struct {
	seq    int
	people []string
}

func (t *notified) address(event contract.Event, people []string) {
	if len(people) > 0 {
		t.to = append(t.to, asking{event.Seq, people})
	}
}

// recipients returns those whom events ask something of, by the events' numbers.
func (t *notified) recipients(events []contract.Event) map[int][]string {
	whom := map[int][]string{}
	for _, a := range t.to {
		if slices.ContainsFunc(events, func(event contract.Event) bool { return event.Seq == a.seq }) {
			whom[a.seq] = a.people
		}
	}
	return whom
}

// askReviewers notifies those who may review and were not asked before.
func (r *run) askReviewers(ctx workflow.Context, decision contract.Decision) {
	var fresh []string
	for _, person := range decision.From {
		if !slices.Contains(r.notified.askedReviewers, person) {
			fresh = append(fresh, person)
		}
	}
	if len(fresh) == 0 || len(r.channels) == 0 {
		return
	}
	r.notified.askedReviewers = append(r.notified.askedReviewers, fresh...)
	r.notifyOnly(ctx, contract.EventReviewAsked, strings.Join(fresh, ", "), fresh)
}

// remind reminds the reviewers when it is time to, and returns when it is next; zero for never.
func (r *run) remind(ctx workflow.Context, from []string) (next time.Time) {
	if len(r.channels) == 0 {
		return next
	}
	var instants []time.Time
	for _, after := range r.fact().Terms.Reminders {
		instants = append(instants, r.fact().AskedAt.Add(after.Duration))
	}
	now := workflow.Now(ctx)
	if due := nextOf(r.notified.remindedAt, instants); !due.IsZero() && !due.After(now) && len(from) > 0 {
		r.notifyOnly(ctx, contract.EventReminded, strings.Join(from, ", "), from)
	}
	r.notified.remindedAt = now
	return nextOf(now, instants)
}

// warn notifies the subject when the end is near, and returns when to do so next; zero for never. An end that was
// moved is announced anew.
func (r *run) warn(ctx workflow.Context) (next time.Time) {
	if len(r.channels) == 0 {
		return next
	}
	var instants []time.Time
	for _, before := range r.fact().Terms.Warnings {
		if at := r.status.Until.Add(-before.Duration); at.After(*r.status.GrantedAt) {
			instants = append(instants, at)
		}
	}
	now := workflow.Now(ctx)
	if due := nextOf(r.notified.warnedAt, instants); !due.IsZero() && !due.After(now) {
		r.notifyOnly(ctx, contract.EventEnding, "Until "+clock(*r.status.Until)+".", nil)
	}
	r.notified.warnedAt = now
	return nextOf(now, instants)
}
