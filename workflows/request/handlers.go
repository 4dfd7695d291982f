package request

import (
	"errors"
	"fmt"
	"slices"
	"time"

	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

func (r *run) registerHandlers(ctx workflow.Context) error {
	return errors.Join(
		workflow.SetQueryHandlerWithOptions(ctx, contract.QueryStatus,
			func() (contract.Status, error) { return r.status, nil },
			workflow.QueryHandlerOptions{Description: "The request as it stands"}),
		workflow.SetQueryHandlerWithOptions(ctx, contract.QueryRequest,
			func() (contract.Sealed[contract.Request], error) { return r.in.Request, nil },
			workflow.QueryHandlerOptions{Description: "The request as it was asked for, with its seal"}),
		workflow.SetUpdateHandlerWithOptions(
			ctx,
			contract.UpdateReview,
			r.handleReview,
			workflow.UpdateHandlerOptions{
				Description: "A reviewer's approve or deny, or the review of break-glass access",
				Validator:   r.validateReview,
			},
		),
		workflow.SetUpdateHandlerWithOptions(
			ctx,
			contract.UpdateExtend,
			r.handleExtend,
			workflow.UpdateHandlerOptions{
				Description: "A later end, within the template's maximum",
				Validator:   r.validateExtend,
			},
		),
		workflow.SetUpdateHandlerWithOptions(ctx, contract.UpdateRevoke, r.handleRevoke,
			workflow.UpdateHandlerOptions{Description: "End the access now", Validator: r.validateRevoke}),
		workflow.SetUpdateHandlerWithOptions(
			ctx,
			contract.UpdateCancel,
			r.handleCancel,
			workflow.UpdateHandlerOptions{
				Description: "Take back a request before there is access",
				Validator:   r.validateCancel,
			},
		),
	)
}

func (r *run) validateReview(ctx workflow.Context, in contract.ReviewInput) error {
	review := in.Review.Fact
	reviews := r.openReviews()
	switch {
	case review.Request != r.status.ID:
		return contract.Invalid("the review is about another request").
			At("request").
			Advise("review the request that you were shown").
			Application()
	case review.Verdict != contract.VerdictApprove && review.Verdict != contract.VerdictDeny:
		return contract.Invalid("%q is no verdict", review.Verdict).
			At("verdict").
			Advise("say approve or deny").
			Application()
	case review.Reviewer == r.status.Requester || review.Reviewer == r.status.Subject:
		return contract.Forbidden("nobody reviews their own request").
			At("reviewer").
			Advise("ask another reviewer").
			Application()
	case r.pendingExtension != nil && review.Reviewer == r.pendingExtension.Fact.By:
		return contract.Forbidden("nobody reviews an extension that they asked for").
			At("reviewer").
			Advise("ask another reviewer").
			Application()
	case review.Duration.Duration < 0 || review.Duration.Duration > r.status.Duration.Duration:
		return contract.Invalid("%s is not a part of the %s that were asked for", review.Duration, r.status.Duration).
			At("duration").
			Advise("approve " + r.status.Duration.String() + " or less").
			Application()
	// The server reads who is in which group when somebody reviews; the policy reads it again.
	case !slices.Contains(r.status.Reviewers, review.Reviewer) && len(review.Rules) == 0:
		return contract.Forbidden("%s is not a reviewer of this request", review.Reviewer).
			At("reviewer").
			Advise("ask one of the request's reviewers").
			Application()
	case reviews == nil && r.status.NeedsPostReview():
		return nil
	case reviews == nil && r.status.PostReview != nil:
		return r.reviewedAlready()
	case reviews == nil:
		return contract.Conflict("there is nothing to decide: the request is %s", r.stateText(ctx)).Application()
	case reviews.includes(review.Reviewer):
		return contract.Conflict("%s has reviewed this already", review.Reviewer).
			At("reviewer").
			Advise("ask another reviewer").
			Application()
	}
	return nil
}

// openReviews is what reviews are about now; nil when there is nothing to review.
func (r *run) openReviews() *reviewSet {
	switch {
	case r.endRequest != nil:
		return nil
	case r.status.State == contract.StatePending && !r.reviews.closed:
		return &r.reviews
	case r.status.State == contract.StateActive && r.pendingExtension != nil:
		return &r.pendingExtension.reviews
	}
	return nil
}

// handleReview answers when the policy has judged the review, or has decided without it.
func (r *run) handleReview(ctx workflow.Context, in contract.ReviewInput) (contract.Answer, error) {
	reviews := r.openReviews()
	if reviews == nil {
		return r.handlePostReview(ctx, in)
	}
	mine := &givenReview{Sealed: in.Review}
	reviews.given = append(reviews.given, mine)
	err := workflow.Await(ctx, func() bool { return mine.counted || reviews.closed || r.endRequest != nil })
	if mine.refused {
		return contract.Answer{}, contract.Forbidden("nobody vouches for the review").
			At("review").
			Advise("review it through the Curfew server").
			Application()
	}
	if err == nil && !mine.counted {
		err = contract.Conflict("it was decided before the review was counted: the request is %s", r.stateText(ctx)).
			Application()
	}
	return r.answer(in.Review.Fact.Asks()), err
}

func (r *run) answer(asked string) contract.Answer {
	return contract.Answer{Status: r.status, Asked: asked}
}

func (r *run) validateExtend(ctx workflow.Context, in contract.ExtendInput) error {
	if in.Extension.Fact.Request != r.status.ID {
		return contract.Invalid("the extension is for another request").
			At("request").
			Advise("extend the request that you were shown").
			Application()
	}
	if len(in.Extension.Fact.Reason) > maxSaid || len(in.Extension.Seal) > longestSeal {
		return contract.Invalid("is too long").
			At("reason").
			Advise(fmt.Sprintf("keep it below %d bytes", maxSaid)).
			Application()
	}
	if r.extensionsAreReviewed() && r.pendingExtension != nil {
		return extensionPending().Application()
	}
	return r.checkExtension(ctx, in.Extension.Fact.Duration)
}

func (r *run) handleExtend(ctx workflow.Context, in contract.ExtendInput) (contract.Answer, error) {
	asked := in.Extension.Fact.Asks()
	if r.extensionsAreReviewed() {
		r.queueForReview(ctx, in.Extension)
		return r.answer(asked), nil
	}
	x := &extension{Sealed: in.Extension}
	r.extensions = append(r.extensions, x)
	if err := workflow.Await(ctx, func() bool { return x.done }); err != nil {
		return contract.Answer{}, err
	}
	return r.answer(asked), x.err
}

func (r *run) validateRevoke(in contract.EndInput) error {
	switch {
	case in.End.Fact.Request != r.status.ID:
		return errOtherEnd()
	case r.awaitsAccess():
		return contract.Conflict("the request is %s: there is no access to revoke", r.status.State).
			Advise("cancel it instead").
			Application()
	case r.status.State == contract.StateEnded:
		return r.errEnded()
	}
	return nil
}

// promptly is how long a revoke waits to be able to say that the access is gone.
const promptly = 5 * time.Second

func (r *run) handleRevoke(ctx workflow.Context, in contract.EndInput) (contract.Answer, error) {
	r.end(in.End)
	wait.For(
		ctx,
		promptly,
		"Answer the revoke",
		func() bool { return r.status.State == contract.StateEnded || r.status.Stuck },
	)
	return r.answer(in.End.Fact.Asks()), nil
}

func (r *run) validateCancel(ctx workflow.Context, in contract.EndInput) error {
	switch {
	case in.End.Fact.Request != r.status.ID:
		return errOtherEnd()
	case r.status.State == contract.StateEnded:
		return r.errEnded()
	case !r.awaitsAccess():
		return contract.Conflict("the request is %s already", r.stateText(ctx)).
			Advise("revoke it instead").
			Application()
	}
	return nil
}

func (r *run) handleCancel(ctx workflow.Context, in contract.EndInput) (contract.Answer, error) {
	r.end(in.End)
	err := workflow.Await(ctx, func() bool { return !r.awaitsAccess() })
	return r.answer(in.End.Fact.Asks()), err
}

func errOtherEnd() error {
	return contract.Invalid("the end is of another request").
		At("request").
		Advise("end the request that you were shown").
		Application()
}

// awaitsAccess is true before anything is put on a target.
func (r *run) awaitsAccess() bool {
	return r.status.State == contract.StatePending || r.status.State == contract.StateScheduled
}

// end records that the request is to end early. The first to say so counts.
func (r *run) end(end contract.Sealed[contract.End]) {
	if len(end.Fact.Reason) > maxSaid || len(end.Seal) > longestSeal {
		end.Fact.Reason, end.Seal = clip(end.Fact.Reason), "" // nothing that the server has sealed
	}
	if r.endRequest == nil {
		r.endRequest = &end
	}
}

// endBy ends the request early in the name of nobody whose word is sealed.
func (r *run) endBy(actor, reason string) {
	r.end(contract.Sealed[contract.End]{Fact: contract.End{Request: r.status.ID, By: actor, Reason: reason}})
}

// handleSignals obeys what needs no answer: signals, and the cancellation of the workflow.
func (r *run) handleSignals(ctx, safe workflow.Context) {
	revoke := workflow.GetSignalChannelWithOptions(ctx, contract.SignalRevoke,
		workflow.SignalChannelOptions{Description: `End the access now: {"by": "who", "reason": "why"}`})
	extend := workflow.GetSignalChannelWithOptions(
		ctx,
		contract.SignalExtend,
		workflow.SignalChannelOptions{
			Description: `Ask for a later end: {"by": "who", "duration": "30m", "reason": "why"}`,
		},
	)
	workflow.Go(safe, func(safe workflow.Context) {
		for {
			var payload converter.RawValue // never fails to decode: a revoke is obeyed whatever comes with it
			revoke.Receive(safe, &payload)
			r.endBy(contract.ActorSignal, reasonOf(payload))
		}
	})
	workflow.Go(safe, func(safe workflow.Context) {
		for {
			var signal contract.ExtendSignal
			extend.Receive(safe, &signal)
			r.handleExtendSignal(safe, signal)
		}
	})
	restate := workflow.GetSignalChannelWithOptions(
		ctx,
		contract.SignalRestate,
		workflow.SignalChannelOptions{
			Description: "Sent by a sweep: put on record again what the ledger may have lost",
		},
	)
	workflow.Go(safe, func(safe workflow.Context) {
		for {
			restate.Receive(safe, nil)
			for restate.ReceiveAsync(nil) { // once for all who have said so
			}
			r.ledger.again = true
			wait.For(safe, restateEvery, "Listen to sweeps again", func() bool { return false })
		}
	})
	noticed := workflow.GetSignalChannelWithOptions(
		ctx,
		contract.SignalNoticed,
		workflow.SignalChannelOptions{
			Description: "Sent by a grant: something happened to the access while it was live",
		},
	)
	workflow.Go(safe, func(safe workflow.Context) {
		for {
			var notice contract.Notice
			noticed.Receive(safe, &notice)
			r.handleNotice(safe, notice)
		}
	})
	workflow.Go(safe, func(safe workflow.Context) {
		ctx.Done().Receive(safe, nil)
		r.endBy(contract.ActorCanceled, "The workflow was canceled.")
	})
}

// restateEvery is how often a request puts its story on record again, at most: a flood must not keep the ledger busy,
// nor use up what a sweep will need.
const restateEvery = time.Minute

// maxNotices is how many notices of its grants a request records: a flood must not fill the ticket.
const maxNotices = 100

// handleNotice records what a grant has noticed about live access.
func (r *run) handleNotice(ctx workflow.Context, notice contract.Notice) {
	if notice.Kind == contract.EventRevoking { // nobody need vouch for an end
		r.endBy(contract.ActorCanceled, "The grant on "+contract.Shorten(notice.Target, 64)+" was canceled.")
		return
	}
	r.awaitConclusion(ctx)
	if r.status.State != contract.StateActive || r.notices == maxNotices {
		return
	}
	r.notices++
	target := contract.Shorten(notice.Target, 64)
	switch notice.Kind {
	case contract.EventCertified:
		r.rememberCertificate(notice.Ask)
		r.recordEvent(
			ctx,
			contract.EventCertified,
			r.status.Subject,
			"",
			target+": "+contract.Shorten(notice.Detail, 64),
		)
	case contract.EventDrifted:
		r.recordEvent(
			ctx,
			contract.EventDrifted,
			contract.ActorCurfew,
			"",
			target+": somebody else took the access away",
		)
	case contract.EventRestored:
		r.recordEvent(ctx, contract.EventRestored, contract.ActorCurfew, "", target+": the access is there again")
	default: // of a later release
	}
}

// reasonOf reads the payload of a revoke signal. What it says of its sender is kept as text: nobody vouches for it.
func reasonOf(payload converter.RawValue) string {
	var signal contract.RevokeSignal
	if payload.Payload() != nil {
		if err := converter.GetDefaultDataConverter().FromPayload(payload.Payload(), &signal); err != nil {
			signal.Reason = "(unreadable)"
		}
	}
	reason := signal.Reason
	if signal.By != "" {
		reason = "By " + signal.By + ": " + reason
	}
	return clip(reason)
}

// errEnded is the answer to whoever comes too late.
func (r *run) errEnded() error {
	return contract.Conflict("the request has ended: %s", r.status.Outcome).Advise("make a new request").Application()
}

// errNotActive is the answer to whoever wants something done to access that is not live.
func (r *run) errNotActive(ctx workflow.Context) error {
	switch {
	case r.status.State == contract.StateEnded:
		return r.errEnded()
	case r.endRequest != nil || r.status.State == contract.StateRevoking:
		return contract.Conflict("the access is being ended").Advise("make a new request").Application()
	case r.status.State == contract.StateActive:
		return contract.Conflict("its time is over: the access ended %s", clock(*r.status.Until)).
			Advise("make a new request").
			Application()
	}
	return contract.Conflict("only active access can be extended: the request is %s", r.stateText(ctx)).
		Advise("wait until it is active").
		Application()
}

// stateText is the state in words; access whose time is over is not active, although nobody has looked yet.
func (r *run) stateText(ctx workflow.Context) string {
	switch {
	case r.status.State == contract.StateEnded:
		return "ended (" + string(r.status.Outcome) + ")"
	case r.endRequest != nil:
		return "ending"
	case r.status.State == contract.StateActive && !workflow.Now(ctx).Before(*r.status.Until):
		return "past its end"
	}
	return string(r.status.State)
}
