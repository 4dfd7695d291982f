package request

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

// signature is a review of what was done behind the glass, given afterwards.
type signature struct {
	contract.Sealed[contract.Review]
	done bool
	err  error
}

// brokeGlass tells everybody who was not asked.
func (r *run) brokeGlass(ctx workflow.Context, decision contract.Decision) {
	by := workflow.Now(ctx).Add(r.fact().Terms.Rules.BreakGlass.ReviewWithin.Duration)
	r.status.SignBy = &by
	skipped := slices.DeleteFunc(slices.Clone(decision.Reviewers), func(person string) bool {
		return person == r.status.Requester || person == r.status.Subject
	})
	r.tell(ctx, contract.EventGlassBroken, r.status.Requester, r.status.Reason,
		fmt.Sprintf("Not asked: %s. Somebody else signs it by %s.", strings.Join(skipped, ", "), clock(by)), skipped)
}

// sign answers when the policy has said whether the review may sign.
func (r *run) sign(ctx workflow.Context, in contract.ReviewInput) (contract.Status, error) {
	s := &signature{Sealed: in.Review}
	r.signatures = append(r.signatures, s)
	err := workflow.Await(ctx, func() bool { return s.done })
	if err == nil {
		err = s.err
	}
	return r.status, err
}

// takeSignatures has the policy look at each signature, in order, until one counts.
func (r *run) takeSignatures(ctx workflow.Context) {
	workflow.Go(ctx, func(ctx workflow.Context) {
		// ctx is canceled when the workflow is over.
		for workflow.Await(ctx, func() bool { return len(r.signatures) > 0 }) == nil {
			s := r.signatures[0]
			r.signatures = r.signatures[1:]
			s.err = r.takeSignature(ctx, s.Sealed)
			s.done = true
		}
	})
}

func (r *run) takeSignature(ctx workflow.Context, review contract.Sealed[contract.Review]) error {
	if !r.status.Unsigned() {
		return r.signedAlready()
	}
	if err := signing(ctx, contract.SignInput{Request: r.in.Request, Review: review}).Get(ctx, nil); err != nil {
		return contract.AsProblem(err).Application()
	}
	fact := review.Fact
	r.status.Signed = &fact
	detail := "It was in order."
	if fact.Verdict == contract.VerdictDeny {
		detail = "It should not have been done."
	}
	r.happened(ctx, contract.EventSigned, fact.Reviewer, fact.Reason, detail)
	return nil
}

func (r *run) signedAlready() error {
	if r.status.Signed == nil {
		return r.ended()
	}
	return contract.Problemf(contract.KindConflict, "", "", "%s has signed it already", r.status.Signed.Reviewer).Application()
}

const (
	signReminder        = 24 * time.Hour // between reminders that nobody has signed
	longestSignReminder = 7 * 24 * time.Hour
)

// signed waits until somebody else has signed what was done behind the glass, however long that takes.
func (r *run) signed(ctx workflow.Context) {
	pause := r.signByFrom(ctx)
	for every := signReminder; r.status.Unsigned(); every = min(2*every, longestSignReminder) {
		if wait.For(ctx, pause, "Somebody has to sign what was done behind the glass", func() bool { return !r.status.Unsigned() }) {
			return
		}
		r.tell(ctx, contract.EventUnsigned, contract.ActorCurfew, "", "It was to be signed by "+clock(*r.status.SignBy)+".", r.others())
		r.alarm(ctx, contract.AlarmUnsigned, r.status.Requester+" broke the glass, and nobody has signed it: have one of "+
			strings.Join(r.others(), ", ")+" look at it and sign it")
		pause = every
	}
}

func (r *run) signByFrom(ctx workflow.Context) time.Duration {
	if r.status.SignBy == nil {
		return 0
	}
	return r.status.SignBy.Sub(workflow.Now(ctx))
}

// others are the reviewers who do not gain by the request.
func (r *run) others() []string {
	return slices.DeleteFunc(slices.Clone(r.status.Reviewers), func(person string) bool {
		return person == r.status.Requester || person == r.status.Subject
	})
}

// alarm tells operators, beside everything else.
func (r *run) alarm(ctx workflow.Context, kind contract.AlarmKind, text string) {
	alarm := contract.Alarm{
		ID: fmt.Sprintf("%s/%s/%d", kind, r.status.ID, workflow.Now(ctx).Unix()), Kind: kind, At: workflow.Now(ctx),
		Requests: []string{r.status.ID}, Actor: contract.ActorCurfew, Text: text,
	}
	workflow.Go(ctx, func(ctx workflow.Context) {
		if err := raise(ctx, alarm); err != nil {
			workflow.GetLogger(ctx).Error("the ledger refused an alarm", "alarm", alarm.ID, "error", err)
		}
	})
}
