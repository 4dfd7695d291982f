package starter

import (
	"context"
	"maps"
	"slices"
	"strings"

	"curfew/activities/ledger"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// withNewcomer adds to a page of a list what waits for a review that the actor may give today, though nobody knew so when
// it was last decided: since then they have come into a group, or signed in as a member of one.
func (s *Starter) withNewcomer(
	ctx context.Context, actor string, filter ledger.Filter, page []contract.Status,
) ([]contract.Status, error) {
	length, err := filter.PageLength()
	if err != nil {
		return nil, err
	}
	for _, template := range s.reviewed(ctx, actor) {
		if filter.Template != "" && filter.Template != template {
			continue
		}
		more, err := s.waiting(ctx, actor, filter, template, length)
		if err != nil {
			return nil, err
		}
		page = append(page, more...)
	}
	slices.SortFunc(page, func(a, b contract.Status) int { return strings.Compare(b.ID, a.ID) })
	return page[:min(len(page), length)], nil
}

// waiting are requests for a template that wait for a review of the actor's and don't name them yet, newest first.
func (s *Starter) waiting(
	ctx context.Context, actor string, filter ledger.Filter, template string, length int,
) (found []contract.Status, err error) {
	filter.Viewer, filter.Reviewer, filter.Template, filter.Waits = "", "", template, true
	for {
		page, err := s.events.Requests(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, status := range page {
			if slices.Contains(status.Reviewers, actor) {
				continue
			}
			if by, err := s.mayReview(ctx, status, actor); err == nil && len(by) > 0 {
				found = append(found, status)
			}
		}
		if len(found) >= length || len(page) < length {
			return found, nil
		}
		filter.Before = page[len(page)-1].ID
	}
}

// reviewed are the templates whose requests the actor may review, some time after they were asked. Where who is in a group
// can't be told now, the list is shorter.
func (s *Starter) reviewed(ctx context.Context, actor string) []string {
	var templates []string
	for _, name := range slices.Sorted(maps.Keys(s.config.Templates)) {
		terms, _ := s.config.Terms(s.config.Templates[name], "")
		facts, err := s.facts(ctx, contract.Request{Template: name, Terms: terms})
		if err == nil && len(policy.MayReview(facts, actor, facts.Now)) > 0 {
			templates = append(templates, name)
		}
	}
	return templates
}
