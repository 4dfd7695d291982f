package request

import (
	"fmt"
	"slices"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// extension is an ask for a later end.
type extension struct {
	contract.Sealed[contract.Extension] // without a seal when it came as a signal

	reviews reviewSet
	done    bool
	err     error
}

func (x *extension) fail(err error) { x.done, x.err = true, err }

// checkExtension says whether an end may move by a duration now. Zero and negative are errors, never "for ever".
func (r *run) checkExtension(ctx workflow.Context, by contract.Duration) error {
	switch {
	case r.status.State != contract.StateActive || r.endRequest != nil || !workflow.Now(ctx).Before(*r.status.Until):
		return r.errNotActive(ctx)
	case by.Duration <= 0:
		return contract.Invalid("%s is no time to extend by", by).
			At("duration").
			Advise("ask for a time like 30m").
			Application()
	case workflow.GetInfo(ctx).GetContinueAsNewSuggested():
		return contract.Conflict("this request has been changed too often").Advise("make a new request").Application()
	}
	latest := r.status.GrantedAt.Add(r.status.MaxDuration.Duration)
	// Compared by what is left, so that no sum can overflow.
	if left := latest.Sub(*r.status.Until); by.Duration > left {
		fix := "make a new request when this one has ended"
		if left > 0 {
			fix = fmt.Sprintf("ask for %s or less", contract.Duration{Duration: left})
		}
		return contract.Invalid("%s more would pass the maximum of %s after the access was granted", by, r.status.MaxDuration).
			At("duration").
			Advise(fix).
			Application()
	}
	return nil
}

// processExtension carries out the oldest extension that somebody with the right to it has asked for.
func (r *run) processExtension(ctx workflow.Context) {
	x := r.extensions[0]
	r.extensions = r.extensions[1:]
	// The request's reviews stand for it, as long as the policy of today would still have it last so long.
	decision, _, decided := r.askPolicy(ctx, &r.reviews, r.question(x, false), *r.status.Until)
	switch {
	case !decided:
		x.fail(r.errNotActive(ctx))
	case decision.Ruling != contract.RulingGrant:
		x.fail(contract.Forbidden("the policy does not allow it: %s", decision.Why).Application())
	default:
		r.applyExtension(ctx, x, sealedDecision(decision), x.Fact.By, x.Fact.Reason)
	}
}

// decideQueued asks the policy about the reviews of the extension that waits for them.
func (r *run) decideQueued(ctx workflow.Context) {
	x := r.pendingExtension
	decision, fresh, decided := r.askPolicy(ctx, &x.reviews, r.question(x, true), *r.status.Until)
	if !decided {
		return
	}
	r.announce(ctx, fresh, decision)
	if decision.Ruling == contract.RulingReview {
		return
	}
	r.clearQueued()
	reviewer, reason := x.reviews.last(decision.Ruling)
	if decision.Ruling == contract.RulingGrant {
		r.applyExtension(ctx, x, sealedDecision(decision), reviewer, reason)
		return
	}
	r.recordEvent(ctx, contract.EventExtensionDenied, reviewer, reason, decision.Why)
}

// clearQueued answers those who have reviewed the extension that waits, if one does: nobody judges it any more.
func (r *run) clearQueued() {
	if r.pendingExtension != nil {
		r.pendingExtension.reviews.close()
	}
	r.pendingExtension, r.status.Extension = nil, nil
}

// refuseExtensions answers those who wait for the main coroutine, which does not come to them any more: what follows
// the end may take days.
func (r *run) refuseExtensions(ctx workflow.Context) {
	for _, x := range r.extensions {
		x.fail(r.errNotActive(ctx))
	}
	r.extensions = nil
}

// applyExtension moves the end of every lease. Rights were checked; the limits are checked again, because time has
// passed.
func (r *run) applyExtension(
	ctx workflow.Context,
	x *extension,
	decision contract.Sealed[contract.DecisionFact],
	actor, said string,
) {
	if err := r.checkExtension(ctx, x.Fact.Duration); err != nil {
		x.fail(err)
		r.recordEvent(ctx, contract.EventExtensionDenied, contract.ActorCurfew, "", contract.AsProblem(err).Error())
		return
	}
	from := *r.status.Until
	until := from.Add(x.Fact.Duration.Duration)
	before := r.chain
	r.chain = contract.Chain{Decision: decision, Grounds: contract.Grounds{
		Request: before.Request, Extensions: append(slices.Clone(before.Extensions), x.Sealed),
		Reviews: append(slices.Clone(before.Reviews), x.reviews.sealed()...),
	}}
	if problem := r.moveAll(ctx, from, until); problem != nil {
		r.chain = before
		x.fail(r.tooLate(ctx, problem))
		r.recordEvent(
			ctx,
			contract.EventExtensionDenied,
			contract.ActorCurfew,
			"",
			"The target did not take the new end. "+problem.Error(),
		)
		return
	}
	r.status.Until = &until
	r.earlierReviews = append(r.earlierReviews, x.reviews.sealed()...)
	x.done = true
	r.recordEvent(ctx, contract.EventExtended, actor, said, "By "+x.Fact.Duration.String()+", until "+clock(until)+".")
}

// tooLate says that the access was over before its new end could be written, if that is why it was not: nobody else can
// tell whoever has asked what to do then.
func (r *run) tooLate(ctx workflow.Context, problem *contract.Problem) error {
	if r.endRequest != nil || !workflow.Now(ctx).Before(*r.status.Until) {
		return r.errNotActive(ctx)
	}
	return problem.Application()
}

// question is what the policy is asked about an extension; anew when the reviews are of the extension.
func (r *run) question(x *extension, anew bool) *contract.ExtensionQuestion {
	return &contract.ExtensionQuestion{
		Asked: x.Sealed, Anew: anew, Reviews: x.reviews.sealed(),
		Held: r.chain.Decision, Earlier: r.chain.Extensions, EarlierReviews: r.earlierReviews,
	}
}

// extensionsAreReviewed is true when the request's terms ask for reviews of each extension.
func (r *run) extensionsAreReviewed() bool { return r.fact().Terms.Rules.Extension.Review }

func extensionPending() *contract.Problem {
	return contract.Conflict("another extension is waiting for a review")
}

// queueForReview lets an extension wait until a reviewer approves it.
func (r *run) queueForReview(ctx workflow.Context, sealed contract.Sealed[contract.Extension]) {
	fact := sealed.Fact
	r.pendingExtension, r.status.Extension = &extension{Sealed: sealed}, &fact
	r.said.Extensions = append(r.said.Extensions, sealed)
	r.recordEvent(
		ctx,
		contract.EventExtensionAsked,
		fact.By,
		fact.Reason,
		"By "+fact.Duration.String()+", when a reviewer approves it.",
	)
}

// handleExtendSignal keeps an extension that nobody vouches for until a reviewer approves it.
func (r *run) handleExtendSignal(ctx workflow.Context, signal contract.ExtendSignal) {
	r.awaitConclusion(ctx)
	var by contract.Duration
	err := by.UnmarshalText([]byte(signal.Duration))
	if err == nil {
		err = r.checkExtension(ctx, by)
	}
	if err == nil && r.pendingExtension != nil {
		err = extensionPending()
	}
	if err != nil {
		workflow.GetLogger(ctx).Warn("an extension was refused", "request", r.status.ID, "error", err)
		r.refusals++
		if r.refusals <= maxRefusalsRecorded {
			r.recordEvent(
				ctx,
				contract.EventExtensionDenied,
				contract.ActorSignal,
				signal.Reason,
				contract.AsProblem(err).Error(),
			)
		}
		return
	}
	r.queueForReview(ctx, contract.Sealed[contract.Extension]{Fact: contract.Extension{
		Request:  r.status.ID,
		By:       contract.ActorSignal,
		Duration: by,
		Reason:   clip(signal.Reason),
		At:       workflow.Now(ctx),
	}})
}

// maxRefusalsRecorded bounds what somebody who floods a request with signals can write to its ticket.
const maxRefusalsRecorded = 20
