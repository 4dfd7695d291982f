package starter

import (
	"encoding/json"
	"maps"
	"slices"

	"curfew/internal/config"
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
	// WithoutAccount are the targets that the actor has no account on: while there are any, only others can be its subject.
	WithoutAccount []string `json:"withoutAccount,omitempty" doc:"Targets that you have no account on, so that you can't be the subject"`
}

// Entitlement is one thing that a template gives.
type Entitlement struct {
	Target      string          `json:"target" doc:"The system, by its configured name"`
	Entitlement json.RawMessage `json:"entitlement" doc:"What the subject gets there, in the words of the target's kind"`
}

// Templates returns the templates that can be asked for, by name.
func (s *Starter) Templates(actor string) ([]Template, error) {
	s = s.today()
	if err := s.allow(actor, OperationTemplates); err != nil {
		return nil, err
	}
	templates := []Template{}
	for _, name := range slices.Sorted(maps.Keys(s.config.Templates)) {
		templates = append(templates, s.described(name, actor))
	}
	return templates, nil
}

func (s *Starter) described(name, actor string) Template {
	template := s.config.Templates[name]
	t := Template{
		Name: name, Description: template.Description,
		DefaultDuration: template.Duration.Default, MaxDuration: template.Duration.Max, PendingFor: template.Pending,
		Ticket: template.Ticket.Use, KeepSessions: template.Sessions == config.SessionsKeep,
		Approvals: []contract.ApprovalRule{},
	}
	for _, rule := range template.ApprovalRules() {
		rule.From = others(rule.From)
		t.Approvals = append(t.Approvals, rule)
	}
	for _, entitlement := range template.Entitlements {
		t.Entitlements = append(t.Entitlements, Entitlement{Target: entitlement.Target, Entitlement: entitlement.Spec})
		if _, ok := s.config.Account(actor, entitlement.Target); !ok {
			t.WithoutAccount = append(t.WithoutAccount, entitlement.Target)
		}
	}
	t.WithoutAccount = distinct(t.WithoutAccount)
	return t
}
