package policy

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/activity"

	"curfew/activities/ledger"
	"curfew/internal/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// denied finds the denial of the same question, which is final: whoever asks again has lost their memory, or was made
// to.
func (q question) denied(earlier []ledger.Decision) *ledger.Decision {
	for i := range earlier {
		if earlier[i].About == q.about && earlier[i].Ruling == contract.RulingDeny {
			return &earlier[i]
		}
	}
	return nil
}

// over is why nothing is granted to a request that has ended, whatever its workflow knows of that; nil when it has not.
func (s *snapshot) over(ctx context.Context, q question) (*contract.Problem, error) {
	if s.tombstones == nil {
		return nil, nil
	}
	t, err := s.tombstones.TombstoneOf(ctx, q.request().ID)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	}
	return ledger.Over(t), nil
}

// due is true once a request's start has come. What grants is sealed no sooner: it would be good for access before.
func (q question) due(now time.Time) bool {
	return q.Extension != nil || !q.request().StartAt.After(now)
}

// raiseForgotten raises an alarm: a workflow does not know of its own denial any more. An attempt whose answer was
// lost is no such thing.
func (s *snapshot) raiseForgotten(ctx context.Context, q question, no ledger.Decision) error {
	if activity.GetInfo(ctx).Attempt > 1 {
		return nil
	}
	return s.raise(
		ctx,
		q.request().ID,
		"forgotten "+no.At.String(),
		contract.Forbidden("it was denied at %s already", no.At.UTC().Format(time.RFC3339)).
			At("decision").
			Advise("see who has reset the workflow"),
	)
}

// raiseAgain tells operators that somebody uses break-glass access again before anybody has reviewed how they used it.
func (s *snapshot) raiseAgain(ctx context.Context, request contract.Request, unreviewed []string) error {
	return s.alarms.Raise(ctx, contract.Alarm{
		ID:       string(contract.AlarmBreakGlassAgain) + "/" + request.ID,
		Kind:     contract.AlarmBreakGlassAgain,
		At:       time.Now().UTC(),
		Requests: append([]string{request.ID}, unreviewed...),
		Actor:    contract.ActorCurfew,
		Text: fmt.Sprintf(
			"%s uses break-glass access again (%s, by %s), and nobody has reviewed %s yet: have somebody review them, and end what is not in order",
			request.Requester,
			request.Template,
			request.ID,
			strings.Join(unreviewed, ", "),
		),
	})
}

// sealDecision seals in a form that targets can verify what was decided: on which facts, how long the access may last,
// and until when at the latest. A decision that is made again allows no later end than before.
func (s *snapshot) sealDecision(
	q question, facts policy.Facts, decision contract.Decision, earlier []ledger.Decision,
) (*contract.Sealed[contract.DecisionFact], error) {
	fact := q.fact
	fact.Ruling, fact.Lasts = decision.Ruling, decision.Duration
	if facts.Present != nil {
		fact.PolicyDigest = facts.Present.Digest
	}
	if q.due(facts.Now) {
		fact.Until = q.end(facts.Now, decision.Duration.Duration)
	} else {
		fact.Ruling = contract.RulingScheduled
	}
	for _, before := range earlier {
		sealed := before.About == q.about && before.Ruling == contract.RulingGrant && !before.Until.IsZero()
		if sealed && before.Until.Before(fact.Until) {
			fact.Until = before.Until
		}
	}
	if s.signer == nil {
		return &contract.Sealed[contract.DecisionFact]{Fact: fact}, nil
	}
	sealed, err := seal.Of(s.signer, seal.OfDecision(fact), facts.Now, fact)
	return &sealed, err
}

// end is when the access is over at the latest. It may take as long to be granted as the request may wait for reviews.
func (q question) end(now time.Time, lasts time.Duration) time.Time {
	latest := seal.Latest(q.grounds)
	end := now.Add(q.request().Terms.PendingFor.Duration).Add(lasts)
	if x := q.Extension; x != nil {
		end = x.Held.Fact.Until.Add(x.Asked.Fact.Duration.Duration)
	}
	if end.After(latest) {
		return latest
	}
	return end
}

// record keeps a decision with all that it was made of.
func (s *snapshot) record(ctx context.Context, q question, explanation policy.Explanation) error {
	text, err := explanation.Packed()
	if err != nil {
		return err
	}
	decision := ledger.Decision{
		Request: q.request().ID, About: q.about, At: explanation.Facts.Now, Ruling: explanation.Decision.Ruling,
		Why: explanation.Decision.Why, Explanation: text,
	}
	if fact := explanation.Decision.Fact; fact != nil {
		decision.Until, decision.PolicyDigest = fact.Fact.Until, fact.Fact.PolicyDigest
	}
	return s.decisions.Decide(ctx, decision)
}
