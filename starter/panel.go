package starter

import (
	"slices"
	"strings"

	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// facts are those about a request that need no other system: who is in the directory, and in which groups.
func (s *Starter) facts(request contract.Request) policy.Facts {
	facts := policy.Facts{
		Request: request, Now: now(), Groups: map[string][]string{}, People: map[string]policy.Person{},
	}
	for _, group := range facts.GroupNames() {
		facts.Groups[group] = s.config.Members(group)
	}
	for _, id := range facts.Concerned() {
		if person, found := s.config.People[id]; found {
			facts.People[id] = policy.Person{Name: person.Name}
		}
	}
	return facts
}

// mayReview are the approval rules of the template of today by which a person may review a request now. Their review is
// bound to them.
func (s *Starter) mayReview(status contract.Status, person string) []string {
	template, found := s.config.Templates[status.Template]
	if !found {
		return nil
	}
	terms, _ := s.config.Terms(template, status.Subject) // whether the subject still has accounts is for the policy to see
	facts := s.facts(contract.Request{
		ID: status.ID, Template: status.Template, Requester: status.Requester, Subject: status.Subject,
		AskedAt: status.AskedAt, Terms: terms,
	})
	return policy.MayReview(facts, person, facts.Now)
}

// checkParties refuses what the policy would deny whoever reviews it.
func (s *Starter) checkParties(request contract.Request) error {
	if reasons := policy.MayNotAsk(s.facts(request)); len(reasons) > 0 {
		return contract.Problemf(contract.KindForbidden, "template", "`curfew templates` lists what you may ask for", "%s", strings.Join(reasons, "; "))
	}
	return nil
}

// checkPanel refuses a request that too few could approve.
func (s *Starter) checkPanel(request contract.Request) error {
	for _, rule := range request.Terms.ApprovalRules() {
		named := slices.Concat(rule.From, rule.Then.People)
		for _, group := range slices.Concat(rule.Groups, rule.Then.Groups) {
			named = append(named, s.config.Members(group)...)
		}
		if able := others(named, request.Requester, request.Subject); len(able) < rule.Count && len(request.Terms.Rules.Automatic) == 0 && !request.BreakGlass {
			return invalid("template", "ask an administrator to name more reviewers for it",
				"%s asks for %d approvals, and only %d reviewers are neither requester nor subject", request.Template, rule.Count, len(able))
		}
	}
	return nil
}

// reviewers are the people whom approval rules name, as far as that is known before the policy has looked.
func (s *Starter) reviewers(request contract.Request) []string {
	var named []string
	for _, rule := range request.Terms.ApprovalRules() {
		named = append(named, rule.From...)
		for _, group := range rule.Groups {
			named = append(named, s.config.Members(group)...)
		}
	}
	return others(named, request.Requester, request.Subject)
}

// needed is how many approvals all rules ask for together.
func needed(terms contract.Terms) int {
	sum := 0
	for _, rule := range terms.ApprovalRules() {
		sum += rule.Count
	}
	return sum
}
