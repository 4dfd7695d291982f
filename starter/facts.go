package starter

import (
	"context"
	"strings"

	"curfew/activities/facts"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// facts are those about a request by which the policy tells who may ask for it and review it.
func (s *Snapshot) facts(ctx context.Context, request contract.Request) (policy.Facts, error) {
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	found, err := facts.Sources{Groups: s.groups}.By(s.config).Parties(ctx, request, nil)
	if err != nil {
		return found, ungrouped(err)
	}
	return found, nil
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
func (s *Snapshot) mayReview(ctx context.Context, status contract.Status, person string) ([]string, error) {
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
	for _, short := range policy.Shortages(facts) {
		return contract.Invalid("%s asks for %d approvals, and only %d reviewers are neither requester nor subject", facts.Request.Template, short.Needed, short.Able).
			At("template").
			Advise("ask an administrator to name more reviewers for it")
	}
	return nil
}
