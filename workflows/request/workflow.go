// Package request is the life of one access request: the paperwork around the grants that hold its access up.
package request

import (
	"errors"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
	"curfew/workflows/wait"
)

// Request asks for decisions, puts leases on grants, waits for the end and gives the leases up again.
func Request(ctx workflow.Context, in contract.RequestInput) (contract.Status, error) {
	if err := ownName(ctx, in); err != nil {
		return contract.Status{}, err
	}
	r := newRun(in)
	// Before the handlers: a review that was sent before the first step is handled as soon as its handler is there.
	r.recordEvent(ctx, contract.EventRequested, r.fact().Requester, r.fact().Reason, r.fact().Lines())
	if err := r.registerHandlers(ctx); err != nil {
		return r.status, err
	}
	// What has begun is brought to its end also when the workflow is canceled: canceling is one more way to end early.
	safe, done := workflow.NewDisconnectedContext(ctx)
	defer done()
	r.handleSignals(ctx, safe)
	r.startOutboxes(safe)

	if r.awaitDecision(safe) && r.awaitStart(safe) {
		conclude := r.holdUntilEnd(safe)
		r.releaseAll(safe)
		switch {
		case r.takenOver():
			conclude = r.recordTakenOver
		case r.unconfirmed():
			conclude = r.recordUnconfirmed
		}
		conclude(safe)
		r.awaitPostReview(safe)
	}
	return r.drain(safe)
}

// ownName refuses a workflow that bears another request's id: it would write its story into that of the other.
func ownName(ctx workflow.Context, in contract.RequestInput) error {
	id, request := workflow.GetInfo(ctx).WorkflowExecution.ID, contract.Shorten(in.Request.Fact.ID, 64)
	if id == contract.RequestWorkflowID(request) {
		return nil
	}
	problem := contract.Forbidden("the workflow is not that of the request %s", request).
		At("id").
		Advise("ask through the Curfew server")
	err := step.RecordAlarm(ctx, contract.AlarmInput{Alarm: contract.Alarm{
		ID:       string(contract.AlarmForged) + "/" + contract.Shorten(id, 256),
		Kind:     contract.AlarmForged,
		At:       workflow.Now(ctx),
		Requests: []string{request},
		Actor:    contract.ActorCurfew,
		Text:     contract.Shorten(id, 256) + ": " + problem.Error(),
	}}).Get(ctx, nil)
	return errors.Join(problem.Application(), err)
}

// run is a request's state. Handlers record what is asked; the main coroutine alone acts on it.
type run struct {
	in     contract.RequestInput
	status contract.Status

	reviews    reviewSet
	endRequest *contract.Sealed[contract.End]

	extensions       []*extension // that wait for the main coroutine
	pendingExtension *extension   // that waits for a reviewer

	chain          contract.Chain                     // that the access rests on; it names all reviews
	earlierReviews []contract.Sealed[contract.Review] // those of them that are of extensions
	said           contract.Provenance                // what people said that was considered, beside the chain

	postReviews []*postReview // that nobody has looked at

	opening          contract.TicketPlace // where a ticket is opened, because there is none
	ledger           *outbox
	ticket, incident *place
	channels         []*channel
	notified         notified
	refusedEvents    []int // by the ledger
	unanswered       bool  // a release of the last ones was not answered
	incomplete       bool  // the ledger refused an event that access rests on
	alarms           int   // that the ledger has not taken yet
	refusals         int   // of extensions that were signaled
	notices          int   // of grants
	published        published

	expired     bool      // the time was over before anybody ended it
	settled     int       // the number of an event that a workflow task may record itself
	concluding  bool      // the main coroutine looks what has become of the access
	concludedAt time.Time // when it had seen that all of it was gone; zero when its grants were asked
}

func newRun(in contract.RequestInput) *run {
	fact := in.Request.Fact
	r := &run{in: in, status: contract.Status{
		ID:          fact.ID,
		Template:    fact.Template,
		Requester:   fact.Requester,
		Subject:     fact.Subject,
		Duration:    fact.Duration,
		Purpose:     fact.Purpose,
		AskedAt:     fact.AskedAt,
		Source:      fact.Source,
		StartAt:     instant(fact.StartAt),
		BreakGlass:  fact.BreakGlass,
		MaxDuration: fact.MaxDuration(),
	}}
	for _, rule := range fact.Terms.Rules.Approvals {
		r.status.Needed += rule.Count
		r.status.Reviewers = append(r.status.Reviewers, rule.From...)
	}
	for _, access := range fact.Terms.Accesses {
		r.status.Holds = append(r.status.Holds, contract.HoldState{Access: access})
	}
	r.published.ticket = fact.Ticket // it was started with it
	r.ledger = &outbox{}
	r.newPlaces()
	return r
}

func (r *run) fact() contract.Request { return r.in.Request.Fact }

// afterTheEnd is how long after the deadline a request looks that its access is gone. The grants end it at the instant,
// by themselves; coming a moment later leaves the instant to them. It is less than what an end may be late with nothing
// wrong: the worker in which the end waited may have died long before.
const afterTheEnd = 400 * time.Millisecond

// holdUntilEnd puts the access up and holds it until it ends. It returns what to conclude once the access is gone.
func (r *run) holdUntilEnd(ctx workflow.Context) func(workflow.Context) {
	granted := r.grantAll(ctx)
	if granted {
		r.watchEvidence(ctx)
	}
	for granted {
		until := *r.status.Until
		left := until.Add(afterTheEnd).Sub(workflow.Now(ctx))
		if !workflow.Now(ctx).Before(until) {
			r.clearQueued() // it comes too late, whatever is said of it
		}
		switch {
		case left <= 0: // also when somebody ends it at this moment: it would end all the same
			r.expired = true
			r.refuseExtensions(ctx)
			return r.recordExpired
		case r.endRequest != nil:
			granted = false
		case len(r.extensions) > 0:
			r.processExtension(ctx)
		case r.extensionReviewed():
			r.decideQueued(ctx)
		default:
			summary := "Access ends " + clock(until)
			if warning := r.warn(ctx); !warning.IsZero() {
				summary, left = "Warn that access ends "+clock(until), warning.Sub(workflow.Now(ctx))
			}
			wait.For(ctx, left, summary, func() bool {
				return r.endRequest != nil || len(r.extensions) > 0 || r.extensionReviewed()
			})
		}
	}
	if r.endRequest == nil || r.neverGranted() {
		return r.recordFailed
	}
	r.clearQueued()
	r.refuseExtensions(ctx)
	r.recordEvent(ctx, contract.EventRevoking, r.endRequest.Fact.By, r.endRequest.Fact.Reason, "")
	return r.recordRevoked
}

// extensionReviewed is true when the extension that waits has a review that the policy has not judged.
func (r *run) extensionReviewed() bool {
	return r.pendingExtension != nil && r.pendingExtension.reviews.hasUncounted()
}

func (r *run) recordFailed(ctx workflow.Context) {
	if r.endRequest != nil {
		r.status.Why = r.endRequest.Fact.Reason
	}
	r.recordEvent(ctx, contract.EventFailed, contract.ActorCurfew, "", r.status.Why)
}

func (r *run) recordRevoked(ctx workflow.Context) {
	r.recordEvent(ctx, contract.EventRevoked, r.endRequest.Fact.By, "", r.holdOutcomes())
}

// conclude records what has become of access whose time is over.
func (r *run) conclude(ctx workflow.Context, kind contract.EventKind, actor, detail string) {
	r.concluding = false
	r.recordSettled(ctx, r.concludedAt, kind, actor, detail)
}

func (r *run) recordExpired(ctx workflow.Context) {
	r.conclude(ctx, contract.EventExpired, contract.ActorDeadline, r.holdOutcomes())
}

func (r *run) recordTakenOver(ctx workflow.Context) {
	r.conclude(ctx, contract.EventTakenOver, contract.ActorCurfew, r.holdOutcomes())
}

// recordUnconfirmed concludes what can't be seen to be gone, whatever the access ended by.
func (r *run) recordUnconfirmed(ctx workflow.Context) {
	detail := strings.TrimPrefix(r.status.Why+"\n"+r.holdOutcomes(), "\n")
	r.conclude(ctx, contract.EventUnconfirmed, contract.ActorCurfew, detail)
}

// drain waits until every outbox is empty and every handler has answered.
func (r *run) drain(ctx workflow.Context) (contract.Status, error) {
	r.refuseExtensions(ctx)
	// All at once: while one of them is waited for, another may get something more to deliver.
	return r.status, workflow.Await(ctx, func() bool {
		for _, o := range append(r.outboxes(), r.ledger) {
			if !o.drained() {
				return false
			}
		}
		return r.alarms == 0 && workflow.AllHandlersFinished(ctx)
	})
}
