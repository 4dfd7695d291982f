package hooks

import (
	"cmp"
	"context"
	"fmt"

	"curfew/activities/notify"
	"curfew/starter"
	"curfew/workflows/contract"
)

// reviewByButton gives a person's review of what Curfew has drawn beside the button. A button without a digest, or of
// something that is not there to review any more, decides nothing; and none reviews break-glass access that was used.
func (s snapshot) reviewByButton(
	ctx context.Context,
	person string,
	delivery contract.Delivery,
	input starter.ReviewInput,
) (contract.Status, error) {
	_, digest, err := s.starter.ReviewSubject(ctx, person, delivery.Request)
	if err != nil {
		return contract.Status{}, err
	}
	status, err := s.starter.Get(ctx, person, delivery.Request)
	switch {
	case err != nil:
		return contract.Status{}, err
	case delivery.Digest != digest || !notify.AwaitsReview(status):
		return contract.Status{}, notShown(status)
	}
	input.Digest = digest
	return s.review(ctx, person, delivery.Request, input, delivery.Seen)
}

func notShown(status contract.Status) error {
	return contract.Conflict("it is not what you were shown any more: it is %s", status.State).
		At("request").
		Advise("look at it at Curfew itself")
}

// review gives a person's review of what they had before them when the newest event was the one with this number: never
// of an extension that was asked for later.
func (s snapshot) review(
	ctx context.Context,
	person, id string,
	input starter.ReviewInput,
	seen int,
) (contract.Status, error) {
	// In this order: what was asked for after the digest was taken makes the review a refused one.
	_, shown, err := s.starter.ReviewSubject(ctx, person, id)
	if err != nil {
		return contract.Status{}, err
	}
	status, err := s.starter.Get(ctx, person, id)
	if err != nil {
		return contract.Status{}, err
	}
	_, events, err := s.starter.Events(ctx, person, id)
	if err != nil {
		return contract.Status{}, err
	}
	if len(events) < status.Seq {
		return contract.Status{}, contract.Unavailable("the ledger has not heard everything about %s yet", id).
			Advise("trying again is safe")
	}
	if asked := askedAt(status, events); asked == 0 || asked > seen {
		return contract.Status{}, notShown(status)
	}
	input.Digest = cmp.Or(input.Digest, shown)
	return s.starter.Review(ctx, person, id, input)
}

// askedAt is the number of the event by which was asked what there is to review now; 0 when there is nothing.
func askedAt(status contract.Status, events []contract.Event) int {
	kind := contract.EventRequested
	switch {
	case status.State == contract.StatePending:
	case status.Extension != nil:
		kind = contract.EventExtensionAsked
	case status.NeedsPostReview():
		kind = contract.EventBreakGlassUsed
	default:
		return 0
	}
	asked := 0
	for _, event := range events {
		if event.Kind == kind {
			asked = event.Seq
		}
	}
	return asked
}

// said is what came of a review, in one line.
func said(person string, verdict contract.Verdict, status contract.Status) string {
	did := "approved"
	if verdict == contract.VerdictDeny {
		did = "denied"
	}
	state := string(status.State)
	if status.State == contract.StateEnded {
		state = string(status.Outcome)
	}
	return fmt.Sprintf("%s has %s the request %s for %s: it is %s", person, did, status.ID, status.Template, state)
}
