package notify

import (
	"slices"

	"curfew/workflows/contract"
)

// Audience is whom an event concerns, by their ids, each once, and what it asks of them. The reviewers are those who
// are named, or all when nobody is. A late event may ask for what is settled by then: it concerns nobody any more.
func Audience(event contract.Event, status contract.Status, named []string) (people []string, asks contract.Action) {
	row, known := event.Kind.Row()
	if !known || !open(row.Asks, status) {
		return nil, contract.ActionNone
	}
	for _, party := range row.Notifies {
		for _, person := range partyOf(party, status, named) {
			if !slices.Contains(people, person) && (row.Doer || person != event.Actor) {
				people = append(people, person)
			}
		}
	}
	return people, row.Asks
}

// open is true while what is asked for can still be done.
func open(asks contract.Action, status contract.Status) bool {
	switch asks {
	case contract.ActionReview:
		return AwaitsReview(status)
	case contract.ActionExtend:
		return status.State == contract.StateActive
	case contract.ActionPostReview:
		return status.NeedsPostReview()
	default:
		return true
	}
}

func partyOf(party contract.Party, status contract.Status, named []string) []string {
	if len(named) == 0 {
		named = status.Reviewers
	}
	switch party {
	case contract.PartyRequester:
		return []string{status.Requester}
	case contract.PartySubject:
		return []string{status.Subject}
	case contract.PartyUndecided:
		return slices.DeleteFunc(panel(status, named), func(person string) bool { return hasReviewed(status, person) })
	default:
		return panel(status, named)
	}
}

// panel are the reviewers who may review: nobody reviews for themselves.
func panel(status contract.Status, reviewers []string) []string {
	return slices.DeleteFunc(slices.Clone(reviewers), func(person string) bool {
		asked := status.Extension != nil && status.Extension.By == person
		return person == status.Requester || person == status.Subject || asked
	})
}

// hasReviewed is about what is asked now: who has reviewed the request may still review its extension.
func hasReviewed(status contract.Status, person string) bool {
	asked := status.AskedAt
	if status.Extension != nil {
		asked = status.Extension.At
	}
	return slices.ContainsFunc(status.Reviews, func(review contract.Review) bool {
		return review.Reviewer == person && !review.At.Before(asked)
	})
}
