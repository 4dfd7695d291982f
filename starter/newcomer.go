package starter

import (
	"context"
	"maps"
	"slices"

	"curfew/activities/ledger"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// withNewcomer adds to a page of a list what waits for a review that the actor may give today, though nobody knew so
// when it was last decided: since then they have come into a group, or signed in as a member of one. However many wait,
// it looks at one page of those of each template.
func (s *Snapshot) withNewcomer(ctx context.Context, actor string, filter ledger.Filter, page Page) (Page, error) {
	waits := filter
	waits.Viewer, waits.Reviewer, waits.Waits = "", "", true
	for _, waits.Template = range s.reviewed(ctx, actor) {
		if filter.Template != "" && filter.Template != waits.Template {
			continue
		}
		more, err := s.stretch(
			ctx,
			waits,
			func(status contract.Status) bool { return s.newlyReviews(ctx, actor, status) },
		)
		if err != nil {
			return Page{}, err
		}
		page = merged(page, more, filter.Limit)
	}
	return page, nil
}

// newlyReviews is true when the actor may review a request that does not name them yet.
func (s *Snapshot) newlyReviews(ctx context.Context, actor string, status contract.Status) bool {
	if slices.Contains(status.Reviewers, actor) {
		return false
	}
	by, err := s.mayReview(ctx, status, actor)
	return err == nil && len(by) > 0
}

// reviewed are the templates whose requests the actor may review, some time after they were asked. Where who is in a
// group can't be told now, the list is shorter.
func (s *Snapshot) reviewed(ctx context.Context, actor string) []string {
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
