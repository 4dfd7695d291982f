package starter

import (
	"cmp"
	"context"
	"encoding/json"
	"maps"
	"slices"

	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// Template is what a person needs to know before asking for one.
type Template struct {
	Name            string                  `json:"name" doc:"What to ask for"`
	Description     string                  `json:"description,omitempty" doc:"What it is good for"`
	Entitlements    []Entitlement           `json:"entitlements" doc:"What the subject gets, all or nothing"`
	DefaultDuration contract.Duration       `json:"defaultDuration" doc:"How long access lasts when nobody says"`
	MaxDuration     contract.Duration       `json:"maxDuration" doc:"The longest that access may last, extensions included"`
	PendingFor      contract.Duration       `json:"pendingFor" doc:"How long a request waits for reviews"`
	Ticket          string                  `json:"ticket" enum:"required,optional,none" doc:"Whether a request names a ticket"`
	KeepSessions    bool                    `json:"keepSessions" doc:"Whether open sessions live on when access ends"`
	Approvals       []contract.ApprovalRule `json:"approvals" doc:"Who must approve: every rule must be met"`
	// WithoutAccount are the targets that the actor has no account on: while there are any, only others can be its
	// subject.
	WithoutAccount []string `json:"withoutAccount,omitempty" doc:"Targets that you have no account on, so that you can't be the subject"`
	MayNotAsk      string   `json:"mayNotAsk,omitempty" doc:"Why you may not ask for it; absent when you may"`
	OnBehalf       bool     `json:"onBehalf,omitempty" doc:"Whether you may ask for it on behalf of somebody else"`

	MinDuration contract.Duration `json:"minDuration,omitzero" doc:"The shortest duration that you may request"`
	StartWithin contract.Duration `json:"startWithin,omitzero" doc:"How far ahead a start may be scheduled; absent: not at all"`
	Incident    bool              `json:"incident,omitempty" doc:"Whether a request names an incident"`
	// BreakGlass is nil where the actor may not use break-glass access.
	BreakGlass *BreakGlass `json:"breakGlass,omitempty" doc:"How you may open it at once, without the reviews that it needs otherwise; absent: not at all"`
}

// BreakGlass is what holds by break-glass access.
type BreakGlass struct {
	MaxDuration  contract.Duration `json:"maxDuration" doc:"The longest that access may last then"`
	ReviewWithin contract.Duration `json:"reviewWithin" doc:"Within which time somebody else has to sign it afterwards"`
}

// Entitlement is one thing that a template gives.
type Entitlement struct {
	Target      string          `json:"target" doc:"The system, by its configured name"`
	Kind        string          `json:"kind,omitempty" doc:"What sort of system that is"`
	Entitlement json.RawMessage `json:"entitlement" doc:"What the subject gets there, in the words of the target's kind"`
	ReadBack    string          `json:"readBack,omitempty" enum:"none" doc:"none where the template accepts that nobody can see the access go"`
}

// Templates returns all templates, by name, and of each whether the actor may ask for it.
func (s *Snapshot) Templates(ctx context.Context, actor string) ([]Template, error) {
	if err := s.allow(actor, OperationTemplates); err != nil {
		return nil, err
	}
	templates := []Template{}
	for _, name := range slices.Sorted(maps.Keys(s.config.Templates)) {
		templates = append(templates, s.described(ctx, name, actor))
	}
	return templates, nil
}

func (s *Snapshot) described(ctx context.Context, name, actor string) Template {
	template := s.config.Templates[name]
	t := Template{
		Name: name, Description: template.Description,
		DefaultDuration: template.Duration.Default, MaxDuration: template.Duration.Max, PendingFor: template.Pending,
		Ticket: template.Ticket.Use, KeepSessions: template.Sessions == config.SessionsKeep,
		Approvals:   []contract.ApprovalRule{},
		MinDuration: template.Duration.Min, StartWithin: template.StartWithin, Incident: template.Incident != nil,
	}
	for _, rule := range template.ApprovalRules() {
		rule.From = others(rule.From)
		t.Approvals = append(t.Approvals, rule)
	}
	for _, entitlement := range template.Entitlements {
		t.Entitlements = append(t.Entitlements, Entitlement{
			Target: entitlement.Target, Kind: s.config.Targets[entitlement.Target].Kind, Entitlement: entitlement.Spec,
			ReadBack: entitlement.ReadBack,
		})
		if _, ok := s.config.Account(actor, entitlement.Target); !ok {
			t.WithoutAccount = append(t.WithoutAccount, entitlement.Target)
		}
	}
	t.WithoutAccount = distinct(t.WithoutAccount)
	s.offer(ctx, &t, template, actor)
	return t
}

// offer says what of a template the policy would let the actor ask for.
func (s *Snapshot) offer(ctx context.Context, t *Template, template config.Template, actor string) {
	terms, _ := s.config.Terms(template, actor)
	ask := contract.Request{
		Template:  t.Name,
		Requester: actor,
		Subject:   actor,
		Duration:  t.DefaultDuration,
		AskedAt:   now(),
		Terms:     terms,
	}
	facts, err := s.facts(ctx, ask)
	if err == nil {
		err = cmp.Or(checkParties(facts), checkRules(facts))
	}
	if err != nil {
		t.MayNotAsk = contract.AsProblem(err).Fault
		return
	}
	facts.Request.Subject = "" // whoever it is
	t.OnBehalf = len(policy.MayNotAsk(facts)) == 0
	facts.Request = ask
	facts.Request.BreakGlass = true
	if len(policy.MayNotAsk(facts)) == 0 {
		t.BreakGlass = &BreakGlass{
			MaxDuration:  longest(template, facts.Request),
			ReviewWithin: template.BreakGlass.ReviewWithin,
		}
	}
}
