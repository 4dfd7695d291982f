// Package policy gathers the facts about a request, and lets the decision core judge them.
package policy

import (
	"context"

	"curfew/activities"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// Activities gathers facts from the configuration of today and from the tracker.
type Activities struct {
	config  *config.Config
	tickets ticket.System // nil when there is no tracker
}

// New makes the activities.
func New(config *config.Config, tickets ticket.System) *Activities {
	return &Activities{config: config, tickets: tickets}
}

// Decide is the activity contract.ActivityDecide.
func (a *Activities) Decide(ctx context.Context, in contract.DecideInput) (contract.Decision, error) {
	facts, err := a.gather(ctx, in)
	if err != nil {
		return contract.Decision{}, activities.Error(err)
	}
	return policy.Decide(facts), nil
}

func (a *Activities) gather(ctx context.Context, in contract.DecideInput) (policy.Facts, error) {
	facts := policy.Facts{Request: in.Request.Fact, People: map[string]bool{}}
	for _, sealed := range in.Reviews {
		facts.Reviews = append(facts.Reviews, sealed.Fact)
	}
	for id := range a.config.People {
		facts.People[id] = true
	}
	template, present := a.config.Templates[facts.Request.Template]
	if !present {
		return facts, nil
	}
	facts.TemplatePresent, facts.TemplateDigest = true, template.Digest
	facts.Rule = contract.ApprovalRule{Count: template.Approval.Count, From: template.Approval.From}
	facts.MaxDuration = template.Duration.Max
	facts.Accesses, _ = a.config.Accesses(template, facts.Request.Subject) // whoever lost an account is given nothing
	facts.Ticket.Required = template.Ticket == config.TicketRequired
	if in.Total.Duration > 0 {
		// An extension rests on the ticket that was found when the access was asked for: a tracker that is down must not
		// cut an incident short.
		facts.Request.Duration, facts.Ticket.Found = in.Total, true
		return facts, nil
	}
	var err error
	facts.Ticket.Found, err = a.found(ctx, facts.Request.Ticket)
	return facts, err
}

// found asks the tracker. While it does not answer there is no fact, and so no decision.
func (a *Activities) found(ctx context.Context, key string) (bool, error) {
	if key == "" || a.tickets == nil {
		return false, nil
	}
	_, err := a.tickets.Find(ctx, key)
	if problem, ok := contract.ProblemOf(err); ok && problem.Kind == contract.KindNotFound {
		return false, nil
	}
	return err == nil, err
}
