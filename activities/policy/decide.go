// Package policy gathers the facts about a request, has internal/policy decide on them, and seals the decision.
package policy

import (
	"context"
	"sync/atomic"

	"curfew/activities"
	"curfew/activities/facts"
	"curfew/activities/group"
	"curfew/activities/ledger"
	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/internal/reload"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Options is what facts are gathered from, and where decisions go.
type Options struct {
	Config *reload.Live
	facts.Sources
	Decisions ledger.Decisions
	// Tombstones say which requests have ended; nil where nobody knows.
	Tombstones ledger.Tombstones
	Alarms     ledger.Alarms
	// Verifier knows the server's seals, and Signer seals decisions; both are nil where nothing is sealed.
	Verifier *seal.Verifier
	Signer   *seal.Signer
}

// Activities last as long as the worker. Each decides by a snapshot of the configuration.
type Activities struct {
	shared
	live   *reload.Live
	latest atomic.Pointer[snapshot] // by the newest configuration
}

// shared is what the activities and their snapshots have in common, whatever the configuration.
type shared struct {
	sources    facts.Sources
	decisions  ledger.Decisions
	tombstones ledger.Tombstones
	alarms     ledger.Alarms
	verifier   *seal.Verifier
	signer     *seal.Signer
}

// snapshot decides by one configuration. Its conditions are those of the configuration's templates, compiled.
type snapshot struct {
	shared
	facts      facts.Gatherer
	config     *config.Config
	conditions policy.Conditions
}

// New makes the activities.
func New(o Options) *Activities {
	if o.Groups == nil {
		o.Groups = group.New(nil, nil)
	}
	return &Activities{live: o.Config, shared: shared{
		sources:    o.Sources,
		decisions:  o.Decisions,
		tombstones: o.Tombstones,
		alarms:     o.Alarms,
		verifier:   o.Verifier,
		signer:     o.Signer,
	}}
}

// current is a snapshot of the configuration of this moment. Its conditions are compiled once.
func (a *Activities) current() *snapshot {
	now := a.live.Current()
	if latest := a.latest.Load(); latest != nil && latest.config == now {
		return latest
	}
	s := &snapshot{shared: a.shared, facts: a.sources.By(now), config: now, conditions: policy.Conditions{}}
	for _, template := range now.Templates {
		s.conditions.Add(contract.Terms{Rules: template.Rules()})
	}
	a.latest.Store(s)
	return s
}

// Decide is the activity contract.ActivityDecide. A decision is in the ledger before anybody hears of it.
func (a *Activities) Decide(ctx context.Context, in contract.DecideInput) (contract.Decision, error) {
	decision, err := a.current().decide(ctx, in)
	return decision, activities.Error(err)
}

func (s *snapshot) decide(ctx context.Context, in contract.DecideInput) (contract.Decision, error) {
	q, forged, err := s.verifiedQuestion(ctx, in)
	switch {
	case err != nil:
		return contract.Decision{}, err
	case forged != nil:
		return contract.Decision{Ruling: contract.RulingDeny, Why: forged.Error()}, nil
	}
	earlier, err := s.decisions.DecisionsOf(ctx, q.request().ID)
	if err != nil {
		return contract.Decision{}, err
	}
	over, err := s.over(ctx, q)
	if err != nil {
		return contract.Decision{}, err
	}
	facts, err := s.facts.All(ctx, q.request(), q.said(), q.extension())
	if err != nil {
		return contract.Decision{}, err
	}
	explanation := policy.Decide(s.compiled(facts), facts)
	decision := &explanation.Decision
	if no := q.denied(earlier); no != nil {
		if err := s.raiseForgotten(ctx, q, *no); err != nil {
			return contract.Decision{}, err
		}
		decision.Ruling, decision.Why = contract.RulingDeny, no.Why
	}
	if over != nil {
		decision.Ruling, decision.Why = contract.RulingDeny, over.Error()
	}
	if decision.Ruling == contract.RulingGrant {
		if !q.due(facts.Now) {
			decision.Again = q.request().StartAt
		}
		if decision.Fact, err = s.sealDecision(q, facts, *decision, earlier); err != nil {
			return contract.Decision{}, err
		}
	}
	if again := decision.Unreviewed; decision.Ruling == contract.RulingGrant && len(again) > 0 && q.Extension == nil {
		if err := s.raiseAgain(ctx, q.request(), again); err != nil {
			return contract.Decision{}, err
		}
	}
	decision.Refused = q.refused
	return *decision, s.record(ctx, q, explanation)
}

// compiled are the conditions of a decision. Those of a template that has changed since are compiled anew.
func (s *snapshot) compiled(facts policy.Facts) policy.Conditions {
	if s.conditions.Have(facts.Request.Terms) {
		return s.conditions
	}
	conditions := policy.Compile(facts.Request.Terms)
	if facts.Present != nil {
		conditions.Add(*facts.Present)
	}
	return conditions
}
