package starter

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"time"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// ReviewInput is what a reviewer says.
type ReviewInput struct {
	Verdict contract.Verdict
	Reason  string // needed to deny
	// Duration is the longest that the reviewer approves; zero: as long as was asked.
	Duration contract.Duration
	// Shown is the digest of what the reviewer had before them, from Shown; empty: they say it of what there is now.
	Digest string
}

// Review approves or denies a pending request, or the extension that an active one waits for; or break-glass
// access that was used.
func (s *Snapshot) Review(ctx context.Context, actor, id string, input ReviewInput) (contract.Status, error) {
	if err := checkReviewInput(input); err != nil {
		return contract.Status{}, err
	}
	status, err := s.open(ctx, actor, id, OperationReview)
	if err != nil {
		return contract.Status{}, err
	}
	if repeated, err := isRepeated(status, actor, input); repeated || err != nil {
		return status, err
	}
	subject := "request"
	switch {
	case status.Extension != nil:
		subject = strconv.FormatInt(status.Extension.At.UnixNano(), 10)
	case status.NeedsPostReview():
		subject = "break-glass"
	}
	shown, err := s.reviewDigest(ctx, status)
	if err != nil {
		return contract.Status{}, err
	}
	if input.Digest != "" && input.Digest != shown {
		return contract.Status{}, contract.Conflict("it is not what you were shown any more").
			At("digest").
			Advise("look at it again and decide anew")
	}
	by, err := s.mayReview(ctx, status, actor)
	if err != nil {
		return contract.Status{}, err
	}
	review := contract.Review{
		Request: id, Reviewer: actor, Verdict: input.Verdict, Reason: input.Reason, Duration: input.Duration, At: now(),
		Rules: by,
	}
	sealedFact, err := sealed(s.shared, seal.OfReview(review, shown), review)
	if err != nil {
		return contract.Status{}, err
	}
	return s.updateShown(ctx, id, message{
		name: contract.UpdateReview,
		id: s.signer.Name(
			"review",
			id,
			actor,
			string(input.Verdict),
			subject,
			input.Reason,
			input.Duration.String(),
		),
		input: contract.ReviewInput{Review: sealedFact},
		asks:  review.Asks(),
	})
}

// Extend asks for a later end. Asking again for what already waits for a reviewer changes nothing.
func (s *Snapshot) Extend(
	ctx context.Context, actor, id string, duration contract.Duration, reason string,
) (contract.Status, error) {
	return s.ExtendOnce(ctx, actor, id, duration, reason, "")
}

// ExtendOnce does so for somebody who may ask again: whatever is asked for under one name is one extension. Without a
// name the state of the request tells.
func (s *Snapshot) ExtendOnce(
	ctx context.Context, actor, id string, duration contract.Duration, reason, name string,
) (contract.Status, error) {
	if err := checkReason(reason); err != nil {
		return contract.Status{}, err
	}
	if duration.Duration <= 0 {
		return contract.Status{}, contract.Invalid("%s makes nothing longer", duration).
			At("duration").
			Advise("say how much longer, like 30m")
	}
	status, err := s.open(ctx, actor, id, OperationExtend)
	if err != nil {
		return contract.Status{}, err
	}
	if duration.Duration > status.MaxDuration.Duration {
		return contract.Status{}, checkDuration(duration, status.MaxDuration)
	}
	if waiting := status.Extension; waiting != nil && waiting.By == actor && waiting.Duration == duration &&
		waiting.Reason == reason {
		return s.shown(ctx, status), nil
	}
	// The number of the newest event tells a retry from a second extension of the same length.
	once := cmp.Or(name, fmt.Sprintf("%s/%s/%d", actor, duration, status.Seq))
	_, shown, err := s.sealedRequest(ctx, id)
	if err != nil {
		return contract.Status{}, err
	}
	extension := contract.Extension{Request: id, By: actor, Duration: duration, Reason: reason, At: now()}
	sealedFact, err := sealed(s.shared, seal.OfExtension(extension, shown), extension)
	if err != nil {
		return contract.Status{}, err
	}
	return s.updateShown(ctx, id, message{
		name: contract.UpdateExtend, id: s.signer.Name("extend", id, once),
		input: contract.ExtendInput{Extension: sealedFact}, asks: extension.Asks(),
	})
}

// end seals somebody's word that a request is to end, and sends it by one of the updates that take it.
func (s *Snapshot) end(ctx context.Context, update string, end contract.End) (contract.Status, error) {
	sealedFact, err := sealed(s.shared, seal.OfEnd(end), end)
	if err != nil {
		return contract.Status{}, err
	}
	return s.update(ctx, end.Request, message{
		name: update, id: s.signer.Name(update, end.Request, end.By),
		input: contract.EndInput{End: sealedFact}, asks: end.Asks(),
	})
}

// open finds a request that has not ended, for an operation that the actor may do.
func (s *Snapshot) open(ctx context.Context, actor, id string, op Operation) (contract.Status, error) {
	status, err := s.find(ctx, actor, id, op)
	if err != nil {
		return contract.Status{}, err
	}
	if rule, _ := RuleOf(op); status.State == contract.StateEnded && !rule.fits(status) {
		return contract.Status{}, hasEnded(status)
	}
	if status.Untracked {
		return contract.Status{}, untracked(status)
	}
	return status, nil
}

// isRepeated is true when the actor has said just that already, and an error when they have said something else of what
// is not there to be reviewed any more, or again: the first word counts.
func isRepeated(status contract.Status, actor string, input ReviewInput) (bool, error) {
	if status.Extension != nil || status.NeedsPostReview() {
		return false, nil
	}
	said := slices.Clone(status.Reviews)
	if status.PostReview != nil {
		said = []contract.Review{*status.PostReview}
	}
	at := slices.IndexFunc(said, func(review contract.Review) bool { return review.Reviewer == actor })
	switch {
	case at < 0:
		return false, nil
	case said[at].Verdict == input.Verdict && said[at].Reason == input.Reason && said[at].Duration == input.Duration:
		return true, nil
	}
	return false, contract.Conflict("you have reviewed this already, with other words: the request is %s", status.State).
		Advise("look at the request: what you said first counts")
}

func checkReviewInput(input ReviewInput) error {
	if input.Duration.Duration < 0 || input.Duration.Duration > 0 && input.Verdict != contract.VerdictApprove {
		return contract.Invalid("%s can't be approved", input.Duration).
			At("duration").
			Advise("approve for a time like 30m, or leave it out")
	}
	switch input.Verdict {
	case contract.VerdictApprove:
		return checkText(input.Reason)
	case contract.VerdictDeny:
		return checkReason(input.Reason)
	default:
		return contract.Invalid("%q is no verdict", shortened(string(input.Verdict))).
			At("verdict").
			Advise("say approve or deny")
	}
}

func now() time.Time { return time.Now().UTC().Truncate(time.Millisecond) }
