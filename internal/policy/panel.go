package policy

import (
	"fmt"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

// panel is who judges one request.
type panel struct {
	needed int // never less than one
	// approvers are on both the pinned and the present list, in the directory, and neither requester nor subject.
	approvers []string
	// objectors are on either list: a template that changes must not silence an objection.
	objectors []string
}

func assemble(facts Facts) panel {
	pinned, present := facts.Request.Terms.Approval, facts.Rule
	if !facts.TemplatePresent {
		present = contract.ApprovalRule{}
	}
	party := []string{facts.Request.Requester, facts.Request.Subject}
	objectors := slices.DeleteFunc(distinct(slices.Concat(pinned.From, present.From)), among(party))
	approvers := slices.DeleteFunc(slices.Clone(objectors), func(person string) bool {
		return !facts.People[person] || !slices.Contains(pinned.From, person) || !slices.Contains(present.From, person)
	})
	return panel{needed: max(1, pinned.Count, present.Count), approvers: approvers, objectors: objectors}
}

// approvals are the approvers who said yes.
func (p panel) approvals(facts Facts) []string {
	return voices(facts, contract.VerdictApprove, p.approvers)
}

// objections are the objectors who said no.
func (p panel) objections(facts Facts) []string {
	return voices(facts, contract.VerdictDeny, p.objectors)
}

// shortage says why there are too few to approve.
func (p panel) shortage(facts Facts) string {
	able := "none"
	if len(p.approvers) > 0 {
		able = "only " + strings.Join(p.approvers, ", ")
	}
	why := fmt.Sprintf("nobody is left who may approve: of the %d needed, %s of the listed is known and neither asks for "+
		"the access nor gets it", p.needed, able)
	if facts.Request.Terms.Digest != facts.TemplateDigest {
		why += "; the template has changed, and the stricter terms hold"
	}
	return why
}

// voices are those of some people whose review has a verdict. A person has one: the first by time, and if two have the
// same time, the stricter.
func voices(facts Facts, verdict contract.Verdict, people []string) []string {
	first := map[string]contract.Review{}
	for _, review := range facts.Reviews {
		if review.Request != facts.Request.ID || !understood(review.Verdict) {
			continue
		}
		if earlier, found := first[review.Reviewer]; !found || before(review, earlier) {
			first[review.Reviewer] = review
		}
	}
	return slices.DeleteFunc(slices.Clone(people), func(person string) bool { return first[person].Verdict != verdict })
}

func understood(verdict contract.Verdict) bool {
	return verdict == contract.VerdictApprove || verdict == contract.VerdictDeny
}

func before(a, b contract.Review) bool {
	order := a.At.Compare(b.At)
	return order < 0 || order == 0 && a.Verdict == contract.VerdictDeny
}

func distinct(people []string) []string {
	var once []string
	for _, person := range people {
		if !slices.Contains(once, person) {
			once = append(once, person)
		}
	}
	return once
}

func among(people []string) func(string) bool {
	return func(person string) bool { return slices.Contains(people, person) }
}
