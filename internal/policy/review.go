package policy

import (
	"slices"

	"curfew/workflows/contract"
)

// firstReviews are the reviews that count: a person has one, the first by time, and of those at one instant the
// strictest.
func firstReviews(facts Facts) map[string]contract.Review {
	first := make(map[string]contract.Review, len(facts.Reviews))
	for _, review := range facts.Reviews {
		if review.Request != facts.Request.ID || !understood(review) {
			continue
		}
		if earlier, found := first[review.Reviewer]; !found || before(review, earlier) {
			first[review.Reviewer] = review
		}
	}
	return first
}

// understood is true for a review that means something. One that would lengthen nothing and shorten nothing to less
// than no time means nothing.
func understood(review contract.Review) bool {
	verdict := review.Verdict == contract.VerdictApprove || review.Verdict == contract.VerdictDeny
	return verdict && review.Duration.Duration >= 0
}

// before orders reviews by time, and those of one instant so that the order in which they came does not matter.
func before(a, b contract.Review) bool {
	if order := a.At.Compare(b.At); order != 0 {
		return order < 0
	}
	if a.Verdict != b.Verdict {
		return a.Verdict == contract.VerdictDeny
	}
	if a.Duration != b.Duration {
		return b.Duration.Duration == 0 || a.Duration.Duration > 0 && a.Duration.Duration < b.Duration.Duration
	}
	return slices.Compare(a.Rules, b.Rules) < 0
}

func known(facts Facts, person string) bool {
	_, found := facts.People[person]
	return found
}

func contains(people []string, person string) bool { return slices.Contains(people, person) }

// union adds to a list what is not on it.
func union(list, more []string) []string {
	for _, one := range more {
		if !contains(list, one) {
			list = append(list, one)
		}
	}
	return list
}

// gather is what panels have to say, without those that have nothing to.
func gather(tallies []ruleTally, say func(ruleTally) string) []string {
	var said []string
	for _, tally := range tallies {
		if text := say(tally); text != "" {
			said = append(said, text)
		}
	}
	return said
}
