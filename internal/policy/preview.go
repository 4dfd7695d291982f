package policy

import (
	"time"
)

// What follows previews a decision by the same rules: it is for whoever asks and reviews, and decides nothing. It needs
// no more facts than the request, the present terms, those whom either concerns, and the groups that either names.

// MayReview returns the names of the approval rules by which a person may review a request at an instant. They are what
// a review is bound to. The requester and the subject may review by none. Facts need no more than the request, the
// present terms, and the groups that either terms name.
func MayReview(facts Facts, person string, at time.Time) []string {
	if facts.isParty(person) || !known(facts, person) {
		return nil
	}
	var names []string
	for _, tally := range assemble(facts, versionsOf(facts)) {
		if tally.includes(facts, person, at) {
			names = append(names, tally.Name)
		}
	}
	return names
}

// MayNotAsk says why the requester may not ask for this, by the pinned terms; nothing when they may. Facts need no more
// than the request and the members of the groups that its terms name.
func MayNotAsk(facts Facts) []string {
	pinned := termsVersion{facts.Request.Terms, true}
	reasons := pinned.parties(facts)
	if shortest := pinned.tooShort(facts); shortest != "" {
		reasons = append(reasons, shortest)
	}
	return append(reasons, pinned.beginning(facts)...)
}

// Shortage is an approval rule that too few people could ever meet.
type Shortage struct {
	Rule         string
	Needed, Able int
}

// Shortages are those of a request that can't do without reviews. One that may be granted automatically, or that uses
// break-glass access, has none.
func Shortages(facts Facts) []Shortage {
	if len(facts.Request.Terms.Rules.Automatic) > 0 || facts.Request.BreakGlass {
		return nil
	}
	var short []Shortage
	for _, tally := range assemble(facts, versionsOf(facts)) {
		if tally.isShort() {
			short = append(short, Shortage{Rule: tally.Name, Needed: tally.Needed, Able: len(tally.able())})
		}
	}
	return short
}

// Reviewers are all who may review a request now, and how many approvals all rules ask for together.
func Reviewers(facts Facts) (reviewers []string, needed int) {
	return reviewersOf(assemble(facts, versionsOf(facts)))
}
