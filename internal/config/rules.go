package config

import (
	"slices"
	"time"

	"curfew/workflows/contract"
)

// Rules are a template's rules, as requests pin them.
func (t Template) Rules() contract.Rules {
	rules := contract.Rules{
		Requesters:    contract.People{People: t.Requesters.People, Groups: t.Requesters.Groups},
		BindSubject:   t.Requesters.BindSubject,
		OnBehalf:      contract.OnBehalf(t.OnBehalf),
		MinDuration:   t.Duration.Min,
		MaxContinuous: t.Duration.MaxContinuous,
		Ticket: contract.TicketRule{
			Required: t.Ticket.Use == TicketRequired,
			Projects: t.Ticket.Projects, Statuses: t.Ticket.Statuses, RequesterIs: t.Ticket.RequesterIs,
			Open: contract.TicketPlace(t.Ticket.Open),
		},
		StartWithin: t.StartWithin,
		Automatic:   constraints(t.Automatic),
		Approvals:   t.ApprovalRules(),
		Constraints: constraints(t.Constraints),
		Extension:   contract.ExtensionRule(t.Extension),
		BreakGlass: contract.BreakGlassRule{
			Groups: t.BreakGlass.Groups, MaxDuration: t.BreakGlass.MaxDuration, ReviewWithin: t.BreakGlass.ReviewWithin,
			Ticket: contract.TicketPlace(t.BreakGlass.Ticket), Once: t.BreakGlass.Once,
		},
	}
	if i := t.Incident; i != nil {
		rules.Incident = contract.IncidentRule{
			Required: true, Services: i.Services, Open: i.Open, Acknowledged: i.Acknowledged, OnCall: i.OnCall,
		}
	}
	return rules
}

// ApprovalRules are the template's approval rules, also where it has the one rule of the short form.
func (t Template) ApprovalRules() []contract.ApprovalRule {
	if len(t.Approvals) == 0 && t.Approval.Count > 0 {
		return []contract.ApprovalRule{{Name: contract.DefaultRuleName, Count: t.Approval.Count, From: t.Approval.From}}
	}
	var rules []contract.ApprovalRule
	for _, r := range t.Approvals {
		rules = append(rules, contract.ApprovalRule{
			Name:   r.Name,
			Count:  r.Approve,
			Deny:   r.Deny,
			From:   r.People,
			Groups: r.Groups,
			After:  r.After,
			Then:   contract.People(r.Then),
		})
	}
	return rules
}

func constraints(configured []Constraint) []contract.Constraint {
	var all []contract.Constraint
	for _, c := range configured {
		all = append(all, contract.Constraint{Name: c.Name, Message: c.Message, Condition: string(c.Condition)})
	}
	return all
}

// Terms are what a template gives a person, and under which rules: what a request pins. Where the person has no
// account, missing is the target's name, and the terms give nothing.
func (c *Config) Terms(template Template, person string) (terms contract.Terms, missing string) {
	accesses, missing := c.Accesses(template, person)
	return contract.Terms{
		Digest:             template.Digest,
		Accesses:           accesses,
		MaxDuration:        template.Duration.Max,
		PendingFor:         template.Pending,
		KeepSessions:       template.Sessions == SessionsKeep,
		DriftCheckInterval: c.Drift.Every,
		Restore:            template.Drift == DriftRestore,
		Rules:              template.Rules(),
		Reminders:          template.Reminders,
		Warnings:           template.warnings(),
		EndWithTicket:      slices.Contains(template.EndWith, EndWithTicket),
		EndWithIncident:    slices.Contains(template.EndWith, EndWithIncident),
		Channels:           c.ChannelsOf(template),
	}, missing
}

// defaultWarning is how long before the end the subject is warned if nobody says.
const defaultWarning = 10 * time.Minute

func (t Template) warnings() []contract.Duration {
	if t.Warnings == nil {
		return []contract.Duration{{Duration: defaultWarning}}
	}
	return t.Warnings
}

// Accesses is what a template gives a person. Where the person has no account, missing is the target's name.
func (c *Config) Accesses(template Template, person string) (accesses []contract.Access, missing string) {
	for _, entitlement := range template.Entitlements {
		account, ok := c.Account(person, entitlement.Target)
		if !ok {
			return nil, entitlement.Target
		}
		accesses = append(accesses, contract.Access{
			Target: entitlement.Target, Entitlement: entitlement.Spec, Person: person, Account: account,
			TaskQueue: c.Targets[entitlement.Target].TaskQueue, ReadBack: contract.ReadBack(entitlement.ReadBack),
		})
	}
	return accesses, ""
}
