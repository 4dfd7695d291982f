package provenance

import (
	"context"
	"slices"

	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// proof is true when an event is what its actor has said.
type proof func(seal.Proven, contract.Event) bool

// proofs says of each kind of event that a person causes how that is proven. No other kind names a person.
var proofs = map[contract.EventKind]proof{
	contract.EventRequested:          requested,
	contract.EventReviewed:           reviewed(contract.VerdictApprove, contract.VerdictDeny),
	contract.EventApproved:           either(reviewed(contract.VerdictApprove), usedBreakGlass),
	contract.EventScheduled:          either(reviewed(contract.VerdictApprove), usedBreakGlass),
	contract.EventDenied:             reviewed(contract.VerdictDeny),
	contract.EventBreakGlassUsed:     usedBreakGlass,
	contract.EventBreakGlassReviewed: reviewed(contract.VerdictApprove, contract.VerdictDeny),
	contract.EventExtensionAsked:     extended,
	contract.EventExtended:           either(extended, reviewed(contract.VerdictApprove)),
	contract.EventExtensionDenied:    reviewed(contract.VerdictDeny),
	contract.EventWithdrawn:          ended,
	contract.EventRevoking:           ended,
	contract.EventRevoked:            ended,
	contract.EventCertified:          certified,
}

// needsDecision are the kinds of events that no more than a sealed decision to grant leads to.
var needsDecision = []contract.EventKind{
	contract.EventApproved,
	contract.EventScheduled,
	contract.EventBreakGlassUsed,
	contract.EventGranted,
	contract.EventExtended,
}

// obeyed are the kinds of events of what anybody who can write to Temporal may bring about. They are told as nobody's
// when the person is not proven; an event of another kind is refused.
var obeyed = []contract.EventKind{
	contract.EventExtensionAsked,
	contract.EventWithdrawn,
	contract.EventRevoking,
	contract.EventRevoked,
	contract.EventCertified,
}

// attribute refuses an event that is not what its actor said, or takes the actor's name off it.
func (g *Guard) attribute(ctx context.Context, event *contract.Event, proven seal.Proven) error {
	if event.Request != proven.Request.ID {
		return g.refuse(
			ctx,
			proven.Request.ID,
			"its event belongs to the request %q",
			contract.Shorten(event.Request, 64),
		)
	}
	event.Headline = "" // whoever shows it says it anew
	decided := proven.Decided || proven.Scheduled && event.Kind == contract.EventScheduled
	if slices.Contains(needsDecision, event.Kind) && !decided && proven.Digest != "" {
		return g.refuse(ctx, event.Request, "nobody has decided that it is %s", event.Kind)
	}
	proves, byPeople := proofs[event.Kind]
	switch {
	case contract.IsSystem(event.Actor), byPeople && proves(proven, *event):
		return nil
	case slices.Contains(obeyed, event.Kind):
		event.Said = contract.Shorten("By "+event.Actor+": "+event.Said, longestSaid)
		event.Actor = contract.ActorSignal
		return nil
	}
	return g.refuse(ctx, event.Request, "%s has not said that it is %s", contract.Shorten(event.Actor, 64), event.Kind)
}

// longestSaid bounds what is kept of what nobody vouches for, in bytes.
const longestSaid = 4096

func either(proofs ...proof) proof {
	return func(proven seal.Proven, event contract.Event) bool {
		return slices.ContainsFunc(proofs, func(proves proof) bool { return proves(proven, event) })
	}
}

func requested(proven seal.Proven, event contract.Event) bool {
	return event.Actor == proven.Request.Requester && event.Said == proven.Request.Reason &&
		event.Detail == proven.Request.Lines()
}

func reviewed(verdicts ...contract.Verdict) proof {
	return func(proven seal.Proven, event contract.Event) bool {
		return slices.ContainsFunc(proven.Reviews, func(review contract.Review) bool {
			return review.Reviewer == event.Actor && review.Reason == event.Said &&
				slices.Contains(verdicts, review.Verdict)
		})
	}
}

func usedBreakGlass(proven seal.Proven, event contract.Event) bool {
	return proven.Request.BreakGlass && event.Actor == proven.Request.Requester &&
		(event.Said == "" || event.Said == proven.Request.Reason)
}

func extended(proven seal.Proven, event contract.Event) bool {
	return slices.ContainsFunc(
		proven.Extensions,
		func(x contract.Extension) bool { return x.By == event.Actor && x.Reason == event.Said },
	)
}

func ended(proven seal.Proven, event contract.Event) bool {
	return slices.ContainsFunc(proven.Ends, func(end contract.End) bool {
		return end.By == event.Actor && (event.Said == "" || event.Said == end.Reason)
	})
}

func certified(proven seal.Proven, event contract.Event) bool {
	return slices.ContainsFunc(
		proven.Certificates,
		func(ask contract.CertificateAsk) bool { return ask.Person == event.Actor && event.Said == "" },
	)
}
