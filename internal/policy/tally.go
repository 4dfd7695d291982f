package policy

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"curfew/workflows/contract"
)

// ruleTally is who judges a request by one approval rule, and how far they are. A rule that the pinned and the present
// terms both have, by its name, is one tally with the stricter of both; any other is a tally of its own.
type ruleTally struct {
	contract.RuleState
	rules []contract.ApprovalRule // one, or the pinned and the present one
	named bool                    // there are several tallies, so messages name the rule
	// approvers may approve at this moment: by all rules, in the directory, and neither requester nor subject.
	approvers []string
	open      []string                   // the groups that more approvers may turn out to be members of
	approvals map[string]contract.Review // of those whose approval counts
}

func assemble(facts Facts, versions []termsVersion) []ruleTally {
	var tallies []ruleTally
	for _, version := range versions {
		for _, rule := range version.Rules.Approvals {
			same := slices.IndexFunc(tallies, func(p ruleTally) bool { return p.Name == rule.Name })
			if same < 0 {
				tallies = append(tallies, ruleTally{RuleState: contract.RuleState{Name: rule.Name}})
				same = len(tallies) - 1
			}
			tallies[same].rules = append(tallies[same].rules, rule)
		}
	}
	first := firstReviews(facts)
	for i := range tallies {
		tallies[i].named = len(tallies) > 1
		tallies[i].count(facts, first)
	}
	return tallies
}

// count sees how far the reviews have come.
func (p *ruleTally) count(facts Facts, first map[string]contract.Review) {
	p.Needed, p.Deny = p.quorums()
	p.open = p.opens(facts)
	p.Denials = p.denials(facts, first)
	p.approvals = map[string]contract.Review{}
	for _, person := range p.candidates(facts) {
		review, reviewed := first[person]
		switch {
		case facts.isParty(person) || !known(facts, person):
		case p.includes(facts, person, facts.Now):
			p.countApprover(facts, person, review, reviewed)
		case !reviewed && p.includes(facts, person, p.lastStage(facts)):
			p.Later = append(p.Later, person)
		}
	}
	p.Met = len(p.Approvals) >= p.Needed
	p.Again = p.next(facts)
}

// quorums are how many approvals its rules ask for, and how few denials are enough: the stricter of both.
func (p *ruleTally) quorums() (approve, deny int) {
	approve = 1
	for _, rule := range p.rules {
		approve = max(approve, rule.Count)
		if enough := max(rule.Deny, 1); deny == 0 || enough < deny {
			deny = enough
		}
	}
	return approve, deny
}

// countApprover counts somebody who may approve now: they have, they have reviewed otherwise, or they are waited for.
func (p *ruleTally) countApprover(facts Facts, person string, review contract.Review, reviewed bool) {
	p.approvers = append(p.approvers, person)
	switch {
	case !reviewed:
		p.From = append(p.From, person)
	case p.isApproval(facts, review):
		p.Approvals = append(p.Approvals, person)
		p.approvals[person] = review
	}
}

// isApproval is true for an approval by this rule, of somebody who could review when they gave it.
func (p *ruleTally) isApproval(facts Facts, review contract.Review) bool {
	return review.Verdict == contract.VerdictApprove && p.binds(review) && p.includes(facts, review.Reviewer, review.At)
}

// denials are who has denied by this rule, in order.
func (p *ruleTally) denials(facts Facts, first map[string]contract.Review) []string {
	candidates := p.candidates(facts)
	var denials []string
	for person, review := range first {
		if review.Verdict == contract.VerdictDeny && !facts.isParty(person) && p.hears(review, candidates) {
			denials = append(denials, person)
		}
	}
	slices.Sort(denials)
	return denials
}

// hears is true for a denial that counts by this rule. Whoever could review by it when they said no is heard, also when
// they are not on any list now. One that names no rule is that of every rule whose lists have its reviewer.
func (p *ruleTally) hears(denial contract.Review, candidates []string) bool {
	return contains(denial.Rules, p.Name) || len(denial.Rules) == 0 && contains(candidates, denial.Reviewer)
}

// opens are the groups of its rules whose members are not all known.
func (p *ruleTally) opens(facts Facts) []string {
	var open []string
	for _, rule := range p.rules {
		for _, group := range slices.Concat(rule.Groups, rule.Then.Groups) {
			if contains(facts.Open, group) {
				open = union(open, []string{group})
			}
		}
	}
	return open
}

// candidates are all whom a rule names, those of later stages too: a template that changes must not silence an
// objection.
func (p *ruleTally) candidates(facts Facts) []string {
	var all []string
	for _, rule := range p.rules {
		all = union(all, rule.From)
		for _, group := range slices.Concat(rule.Groups, rule.Then.Groups) {
			all = union(all, facts.Groups[group])
		}
		all = union(all, rule.Then.People)
	}
	return all
}

// lastStage is when everybody may review who ever may.
func (p *ruleTally) lastStage(facts Facts) time.Time {
	var longest time.Duration
	for _, rule := range p.rules {
		longest = max(longest, rule.After.Duration)
	}
	return facts.Request.AskedAt.Add(longest)
}

// includes is true when a person may review at an instant by all rules of the tally.
func (p *ruleTally) includes(facts Facts, person string, at time.Time) bool {
	for _, rule := range p.rules {
		now := facts.includes(contract.People{People: rule.From, Groups: rule.Groups}, person)
		escalated := rule.After.Duration > 0 && !at.Before(facts.Request.AskedAt.Add(rule.After.Duration))
		if !now && !(escalated && facts.includes(rule.Then, person)) {
			return false
		}
	}
	return true
}

// next is when more people may review; zero when nobody is to come.
func (p *ruleTally) next(facts Facts) time.Time {
	var next time.Time
	for _, rule := range p.rules {
		at := facts.Request.AskedAt.Add(rule.After.Duration)
		if len(p.Later) > 0 && rule.After.Duration > 0 && at.After(facts.Now) && (next.IsZero() || at.Before(next)) {
			next = at
		}
	}
	return next
}

// binds is true when the reviewer could review by this rule at the time. A review that names no rule is for every one.
func (p *ruleTally) binds(review contract.Review) bool {
	return len(review.Rules) == 0 || contains(review.Rules, p.Name)
}

// objection is who denied, when they are enough.
func (p ruleTally) objection() string {
	if len(p.Denials) < p.Deny {
		return ""
	}
	return p.label(strings.Join(p.Denials, ", "))
}

// able are those who have approved, or may, now or later.
func (p ruleTally) able() []string { return slices.Concat(p.Approvals, p.From, p.Later) }

// isShort is true when too few are able to approve. They never are while somebody may still turn out to be a member:
// then the request lapses when nobody does.
func (p ruleTally) isShort() bool { return len(p.open) == 0 && len(p.able()) < p.Needed }

// shortage says why there are too few to approve, when that is so.
func (p ruleTally) shortage() string {
	if !p.isShort() {
		return ""
	}
	able := "none"
	if left := p.able(); len(left) > 0 {
		able = "only " + strings.Join(left, ", ")
	}
	return p.label(
		fmt.Sprintf("nobody is left who may approve: of the %d needed, %s of the listed is known and neither asks for "+
			"the access nor gets it, nor has denied it", p.Needed, able),
	)
}

// progress says how far the reviews are, unless they are enough.
func (p ruleTally) progress() string {
	if p.Met {
		return ""
	}
	text := fmt.Sprintf("%d of %d approvals; %s may review", len(p.Approvals), p.Needed, strings.Join(p.From, ", "))
	if len(p.From) == 0 {
		text = fmt.Sprintf("%d of %d approvals; nobody may review yet", len(p.Approvals), p.Needed)
	}
	if len(p.open) > 0 {
		text += "; and who signs in as a member of " + strings.Join(p.open, ", ")
	}
	if !p.Again.IsZero() {
		text += fmt.Sprintf(", and from %s %s", p.Again.UTC().Format("15:04:05 UTC"), strings.Join(p.Later, ", "))
	}
	return p.label(text)
}

func (p ruleTally) label(text string) string {
	if p.named {
		return p.Name + ": " + text
	}
	return text
}

// outstanding are those who may review and have not, for rules that are not met, and when there will be more of them.
func outstanding(tallies []ruleTally) (from []string, again time.Time) {
	for _, tally := range tallies {
		if tally.Met {
			continue
		}
		from = union(from, tally.From)
		if !tally.Again.IsZero() && (again.IsZero() || tally.Again.Before(again)) {
			again = tally.Again
		}
	}
	return from, again
}

// reviewersOf are all who may review, by any rule, and how many approvals all rules ask for together.
func reviewersOf(tallies []ruleTally) (reviewers []string, needed int) {
	for _, tally := range tallies {
		reviewers = union(reviewers, tally.approvers)
		needed += tally.Needed
	}
	return reviewers, needed
}

// approversOf are all who approved, by any rule.
func approversOf(tallies []ruleTally) []string {
	var approvers []string
	for _, tally := range tallies {
		approvers = union(approvers, tally.Approvals)
	}
	return approvers
}

// shortest is the approval for the shortest time; zero when nobody bounded the time.
func shortest(tallies []ruleTally) (reviewer string, longest contract.Duration) {
	for _, tally := range tallies {
		for _, person := range tally.Approvals {
			bound := tally.approvals[person].Duration
			if bound.Duration > 0 && (longest.Duration == 0 || bound.Duration < longest.Duration) {
				reviewer, longest = person, bound
			}
		}
	}
	return reviewer, longest
}
