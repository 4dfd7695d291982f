// Package policy gathers the facts about a request, has internal/policy decide on them, and seals the decision.
package policy

import (
	"context"
	"sync/atomic"

	"curfew/activities"
	"curfew/activities/group"
	"curfew/activities/incident"
	"curfew/activities/ledger"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Options is what facts are gathered from, and where decisions go.
type Options struct {
	Config    *config.Live
	Tickets   ticket.System // nil when there is no tracker
	Groups    *group.Groups // nil for those that the configuration lists
	Incidents incident.Systems
	Decisions ledger.Decisions
	// Requests are those of the ledger, from which is known who has had access before; nil where nothing is known of
	// them.
	Requests ledger.Events
	// Tombstones say which requests have ended; nil where nobody knows.
	Tombstones ledger.Tombstones
	Alarms     ledger.Alarms
	// Verifier knows the server's seals, and Signer seals decisions; both are nil where nothing is sealed.
	Verifier *seal.Verifier
	Signer   *seal.Signer
}

// Activities gathers facts from the configuration of the moment and from other systems.
type Activities struct {
	Options
	// config is what one decision goes by, and conditions are those of its templates, compiled; from snapshot.
	config     *config.Config
	conditions policy.Conditions
	latest     *atomic.Pointer[Activities] // by the newest configuration
}

// New makes the activities.
func New(o Options) *Activities {
	if o.Groups == nil {
		o.Groups = group.New(nil, nil)
	}
	return &Activities{Options: o, latest: &atomic.Pointer[Activities]{}}
}

// snapshot are the activities with the configuration of this moment. Its conditions are compiled once.
func (a *Activities) snapshot() *Activities {
	now := a.Config.Current()
	if latest := a.latest.Load(); latest != nil && latest.config == now {
		return latest
	}
	pinned := *a
	pinned.config, pinned.conditions = now, policy.Conditions{}
	for _, template := range now.Templates {
		pinned.conditions.Add(contract.Terms{Rules: template.Rules()})
	}
	a.latest.Store(&pinned)
	return &pinned
}

// Decide is the activity contract.ActivityDecide. A decision is in the ledger before anybody hears of it.
func (a *Activities) Decide(ctx context.Context, in contract.DecideInput) (contract.Decision, error) {
	decision, err := a.snapshot().decide(ctx, in)
	return decision, activities.Error(err)
}

func (a *Activities) decide(ctx context.Context, in contract.DecideInput) (contract.Decision, error) {
	q, forged, err := a.verifiedQuestion(ctx, in)
	switch {
	case err != nil:
		return contract.Decision{}, err
	case forged != nil:
		return contract.Decision{Ruling: contract.RulingDeny, Why: forged.Error()}, nil
	}
	earlier, err := a.Decisions.DecisionsOf(ctx, q.request().ID)
	if err != nil {
		return contract.Decision{}, err
	}
	over, err := a.over(ctx, q)
	if err != nil {
		return contract.Decision{}, err
	}
	facts, err := a.gather(ctx, q)
	if err != nil {
		return contract.Decision{}, err
	}
	explanation := policy.Decide(a.compiled(facts), facts)
	decision := &explanation.Decision
	if no := q.denied(earlier); no != nil {
		if err := a.raiseForgotten(ctx, q, *no); err != nil {
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
		if decision.Fact, err = a.sealDecision(q, facts, *decision, earlier); err != nil {
			return contract.Decision{}, err
		}
	}
	if again := decision.Unreviewed; decision.Ruling == contract.RulingGrant && len(again) > 0 && q.Extension == nil {
		if err := a.raiseAgain(ctx, q.request(), again); err != nil {
			return contract.Decision{}, err
		}
	}
	decision.Refused = q.refused
	return *decision, a.record(ctx, q, explanation)
}

// compiled are the conditions of a decision. Those of a template that has changed since are compiled anew.
func (a *Activities) compiled(facts policy.Facts) policy.Conditions {
	if a.conditions.Have(facts.Request.Terms) {
		return a.conditions
	}
	conditions := policy.Compile(facts.Request.Terms)
	if facts.Present != nil {
		conditions.Add(*facts.Present)
	}
	return conditions
}
