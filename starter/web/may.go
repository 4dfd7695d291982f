package web

import (
	"slices"
	"time"

	"curfew/workflows/contract"
)

// offers are what a page offers somebody to do with a request as it stands. Whether it is done is decided by those who are
// asked to do it.
type offers struct{ Review, Sign, Extend, End, Cancel bool }

func may(person string, status contract.Status) offers {
	party := isParty(status, person)
	involved := party || slices.Contains(status.Reviewers, person)
	review := mayReview(status, person)
	sign := review && status.Unsigned() && (status.State != contract.StateActive || status.Extension == nil)
	return offers{
		Review: review && !sign, Sign: sign,
		Extend: involved && status.State == contract.StateActive && status.Extension == nil && leftToExtend(status) > 0,
		End:    involved && (status.State == contract.StateGranting || status.State == contract.StateActive),
		Cancel: party && (status.State == contract.StatePending || status.State == contract.StateScheduled),
	}
}

// mayReview is true when a request waits for this person's review.
func mayReview(status contract.Status, person string) bool {
	if !status.WaitsForReview() || isParty(status, person) || !slices.Contains(status.Reviewers, person) {
		return false
	}
	if status.State == contract.StatePending {
		return !slices.ContainsFunc(status.Reviews, func(r contract.Review) bool { return r.Reviewer == person })
	}
	return status.Extension == nil || status.Extension.By != person
}

func isParty(status contract.Status, person string) bool {
	return person == status.Requester || person == status.Subject
}

// leftToExtend is how much longer access may last at most.
func leftToExtend(status contract.Status) time.Duration {
	if status.GrantedAt == nil || status.Until == nil {
		return 0
	}
	return status.GrantedAt.Add(status.MaxDuration.Duration).Sub(*status.Until)
}
