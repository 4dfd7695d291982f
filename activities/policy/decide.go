// Package policy gathers the facts about a request, and lets the decision core judge them.
package policy

import (
	"context"

	"curfew/activities"
	"curfew/activities/incident"
	"curfew/activities/ledger"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Options is what facts are gathered from.
type Options struct {
	Config    *config.Config
	Tickets   ticket.System   // nil when there is no tracker
	Groups    Groups          // nil for those of the configuration
	Incidents incident.System // nil when there is no incident system
	// Verifier knows the server's seals; nil where nothing is sealed. Alarms takes what has none that is good.
	Verifier *seal.Verifier
	Alarms   ledger.Alarms
}

// Activities gathers facts from the configuration of today and from other systems.
type Activities struct {
	Options
	// conditions are those of the templates of today, compiled once.
	conditions policy.Conditions
}

// New makes the activities.
func New(o Options) *Activities {
	if o.Groups == nil {
		o.Groups = configured{o.Config}
	}
	conditions := policy.Conditions{}
	for _, template := range o.Config.Templates {
		conditions.Add(contract.Terms{Rules: template.Rules()})
	}
	return &Activities{Options: o, conditions: conditions}
}

// Decide is the activity contract.ActivityDecide.
func (a *Activities) Decide(ctx context.Context, in contract.DecideInput) (contract.Decision, error) {
	in, forged, err := a.vouched(ctx, in)
	switch {
	case err != nil:
		return contract.Decision{}, activities.Error(err)
	case forged != nil:
		return contract.Decision{Ruling: contract.RulingDeny, Why: forged.Error()}, nil
	}
	facts, err := a.gather(ctx, in)
	if err != nil {
		return contract.Decision{}, activities.Error(err)
	}
	return policy.Decide(a.compiled(facts), facts).Packed()
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
