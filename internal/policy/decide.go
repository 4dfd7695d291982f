package policy

import (
	"fmt"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

// Decide says whether the request, or an extension of it, is granted, denied, or waits for reviews, and why. The
// stricter of the pinned and the present terms holds; the denials that a rule asks for outweigh any number of
// approvals. Conditions that were not compiled don't hold.
func Decide(conditions Conditions, facts Facts) Explanation {
	d := deciding{facts: facts, versions: versionsOf(facts), evaluation: evaluate(conditions, facts)}
	decision := d.decision()
	return Explanation{Decision: decision, Conditions: d.evaluation.values, Facts: facts}
}

// deciding is one decision while it is made.
type deciding struct {
	facts      Facts
	versions   []termsVersion
	evaluation *evaluation
}

// termsVersion is one of the two sets of terms that a request must satisfy.
type termsVersion struct {
	contract.Terms
	pinned bool
}

func versionsOf(facts Facts) []termsVersion {
	versions := []termsVersion{{facts.Request.Terms, true}}
	if facts.Present != nil {
		versions = append(versions, termsVersion{*facts.Present, false})
	}
	return versions
}

func (d *deciding) decision() contract.Decision {
	tallies := assemble(d.facts, d.versions)
	decision := contract.Decision{Ruling: contract.RulingDeny, BreakGlass: d.facts.Request.BreakGlass}
	for _, tally := range tallies {
		decision.Rules = append(decision.Rules, tally.RuleState)
		decision.Approvals += len(tally.Approvals)
	}
	decision.Reviewers, decision.Needed = reviewersOf(tallies)
	// Every condition is evaluated, also when the outcome is clear without: the explanation has them all.
	obstacles, automatic := d.obstacles(), d.automatic()
	d.rule(&decision, tallies, obstacles, automatic)
	if d.facts.Extension == nil {
		decision.ContinuousSince = d.facts.ContinuousSince
	}
	if d.facts.Request.BreakGlass {
		decision.Unreviewed = d.facts.Unreviewed
	}
	if decision.Ruling != contract.RulingDeny {
		decision.Why += d.facts.goesOn()
	}
	switch decision.Ruling {
	case contract.RulingGrant:
		decision.Duration = d.granted(tallies)
	case contract.RulingReview:
		decision.From, decision.Again = outstanding(tallies)
	case contract.RulingDeny, contract.RulingScheduled:
	}
	return decision
}

// rule is the order of what counts: what no review can help, objections, ways around reviews, reviews.
func (d *deciding) rule(decision *contract.Decision, tallies []ruleTally, obstacles []string, automatic bool) {
	objections, shortages := gather(tallies, ruleTally.objection), gather(tallies, ruleTally.shortage)
	switch {
	case len(obstacles) > 0:
		decision.Why = strings.Join(obstacles, "; ")
	case len(objections) > 0:
		decision.Why = "denied by " + strings.Join(objections, ", ")
	case d.facts.Request.BreakGlass:
		decision.Ruling, decision.Why = contract.RulingGrant, d.facts.Request.Requester+" used break-glass access, which needs no approval"
	case automatic:
		decision.Ruling, decision.Why = contract.RulingGrant, "approved automatically: "+strings.Join(
			d.automaticNames(),
			", ",
		)
	case len(tallies) == 0:
		decision.Why = "nobody may approve it: the template " + d.facts.Request.Template + " names no reviewers"
		if len(d.versions[0].Rules.Automatic) > 0 {
			decision.Why = "the conditions for automatic approval do not hold, and the template names no reviewers"
		}
	case !slices.ContainsFunc(tallies, func(p ruleTally) bool { return !p.Met }):
		decision.Ruling = contract.RulingGrant
		decision.Why = "approved by " + strings.Join(approversOf(tallies), ", ")
		d.cap(decision, tallies)
	case len(shortages) > 0:
		decision.Why = strings.Join(shortages, "; ") + d.changed()
	default:
		decision.Ruling = contract.RulingReview
		decision.Why = strings.Join(gather(tallies, ruleTally.progress), "; ")
	}
}

// changed explains why there are fewer who may approve than the requester was shown.
func (d *deciding) changed() string {
	if d.facts.Present != nil && d.facts.Present.Digest != d.facts.Request.Terms.Digest {
		return "; the template has changed, and the stricter terms hold"
	}
	return ""
}

// automatic is true when both terms have automatic conditions and all of them hold. An extension that reviewers are to
// judge is never automatic.
func (d *deciding) automatic() bool {
	automatic := true
	for _, version := range d.versions {
		if x := d.facts.Extension; len(version.Rules.Automatic) == 0 ||
			x != nil && (x.Anew || version.Rules.Extension.Review) {
			automatic = false
		}
		for _, condition := range version.Rules.Automatic {
			automatic = d.evaluation.value(condition).Holds && automatic
		}
	}
	return automatic
}

func (d *deciding) automaticNames() []string {
	var names []string
	for _, version := range d.versions {
		for _, condition := range version.Rules.Automatic {
			names = union(names, []string{condition.Name})
		}
	}
	return names
}

// granted is how long the access may last: never longer than was asked.
func (d *deciding) granted(tallies []ruleTally) contract.Duration {
	granted := d.facts.duration()
	_, longest := shortest(tallies)
	if d.facts.Extension == nil && longest.Duration > 0 && !d.facts.Request.BreakGlass {
		granted.Duration = min(granted.Duration, longest.Duration)
	}
	return granted
}

// cap refuses an extension beyond what a reviewer of the request approved.
func (d *deciding) cap(decision *contract.Decision, tallies []ruleTally) {
	extension := d.facts.Extension
	if extension == nil || extension.Anew {
		return
	}
	if reviewer, longest := shortest(tallies); longest.Duration > 0 && extension.Total.Duration > longest.Duration {
		decision.Ruling = contract.RulingDeny
		decision.Why = fmt.Sprintf("%s approved at most %s in all", reviewer, longest)
	}
}
