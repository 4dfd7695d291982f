package starter

import (
	"context"
	"slices"
	"strings"

	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// facts are those about a request that the policy needs to tell who may ask and review: who is there, and in which
// groups.
func (s *Starter) facts(ctx context.Context, request contract.Request) (policy.Facts, error) {
	facts := policy.Facts{
		Request: request, Now: now(), Groups: map[string][]string{}, People: map[string]policy.Person{},
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	for _, group := range facts.GroupNames() {
		members, err := s.groups.Members(ctx, s.config, group)
		if err != nil {
			return facts, ungrouped(err)
		}
		facts.Groups[group] = members.People
		if members.Open {
			facts.Open = append(facts.Open, group)
		}
	}
	for _, id := range facts.Concerned() {
		if person, found := s.config.People[id]; found {
			facts.People[id] = policy.Person{Name: person.Name}
		}
	}
	return facts, nil
}

// ungrouped is an error about who is in a group.
func ungrouped(err error) error {
	if _, known := contract.ProblemOf(err); known {
		return err
	}
	return unreadable(err)
}

// mayReview are the approval rules of the template of today by which a person may review a request now. Their review is
// bound to them.
func (s *Starter) mayReview(ctx context.Context, status contract.Status, person string) ([]string, error) {
	template, found := s.config.Templates[status.Template]
	if !found {
		return nil, nil
	}
	terms, _ := s.config.Terms(
		template,
		status.Subject,
	) // whether the subject still has accounts is for the policy to see
	facts, err := s.facts(ctx, contract.Request{
		ID: status.ID, Template: status.Template, Requester: status.Requester, Subject: status.Subject,
		AskedAt: status.AskedAt, Terms: terms,
	})
	return policy.MayReview(facts, person, facts.Now), err
}

// checkParties refuses what the policy would deny whoever reviews it.
func checkParties(facts policy.Facts) error {
	if reasons := policy.MayNotAsk(facts); len(reasons) > 0 {
		return contract.Forbidden("%s", strings.Join(reasons, "; ")).
			At("template").
			Advise("`curfew templates` lists what you may ask for")
	}
	return nil
}

// checkRules refuses a request that too few could approve, as far as that is known.
func checkRules(facts policy.Facts) error {
	request := facts.Request
	if len(request.Terms.Rules.Automatic) > 0 || request.BreakGlass {
		return nil
	}
	for _, rule := range request.Terms.Rules.Approvals {
		groups := slices.Concat(rule.Groups, rule.Then.Groups)
		if slices.ContainsFunc(groups, func(group string) bool { return slices.Contains(facts.Open, group) }) {
			continue
		}
		named := slices.Concat(rule.From, rule.Then.People)
		for _, group := range groups {
			named = append(named, facts.Groups[group]...)
		}
		able := slices.DeleteFunc(others(named, request.Requester, request.Subject), func(person string) bool {
			_, known := facts.People[person]
			return !known // left, or is not in the directory
		})
		if len(able) < rule.Count {
			return contract.Invalid("%s asks for %d approvals, and only %d reviewers are neither requester nor subject", request.Template, rule.Count, len(able)).
				At("template").
				Advise("ask an administrator to name more reviewers for it")
		}
	}
	return nil
}

// reviewers are the people whom approval rules name, as far as that is known before the policy has looked: of a group
// that can't be told now, nobody.
func (s *Starter) reviewers(ctx context.Context, request contract.Request) []string {
	facts, _ := s.facts(ctx, request)
	var named []string
	for _, rule := range request.Terms.Rules.Approvals {
		named = append(named, rule.From...)
		for _, group := range rule.Groups {
			named = append(named, facts.Groups[group]...)
		}
	}
	return others(named, request.Requester, request.Subject)
}

// needed is how many approvals all rules ask for together.
func needed(terms contract.Terms) int {
	sum := 0
	for _, rule := range terms.Rules.Approvals {
		sum += rule.Count
	}
	return sum
}
