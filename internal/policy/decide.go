package policy

import (
	"fmt"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

// Decide says whether the request, or an extension of it, is granted, denied, or waits for reviews, and why. The stricter
// of the pinned and the present terms holds; the denials that a rule asks for outweigh any number of approvals.
// Conditions that were not compiled don't hold.
func Decide(conditions Conditions, facts Facts) Explanation {
	d := deciding{facts: facts, sides: sidesOf(facts), evaluation: evaluate(conditions, facts)}
	decision := d.decision()
	return Explanation{Decision: decision, Conditions: d.evaluation.values, Facts: facts}
}

// deciding is one decision while it is made.
type deciding struct {
	facts      Facts
	sides      []side
	evaluation *evaluation
}

// side is one of the two sets of terms that a request must satisfy.
type side struct {
	contract.Terms
	pinned bool
}

func sidesOf(facts Facts) []side {
	sides := []side{{facts.Request.Terms, true}}
	if facts.Present != nil {
		sides = append(sides, side{*facts.Present, false})
	}
	return sides
}

func (d *deciding) decision() contract.Decision {
	panels := assemble(d.facts, d.sides)
	decision := contract.Decision{Ruling: contract.RulingDeny, BreakGlass: d.facts.Request.BreakGlass}
	for _, panel := range panels {
		decision.Rules = append(decision.Rules, panel.RuleState)
		decision.Approvals += len(panel.Approvals)
		decision.Needed += panel.Needed
		decision.Reviewers = union(decision.Reviewers, panel.approvers)
	}
	// Every condition is evaluated, also when the outcome is clear without: the explanation has them all.
	obstacles, automatic := d.obstacles(), d.automatic()
	d.rule(&decision, panels, obstacles, automatic)
	switch decision.Ruling {
	case contract.RulingGrant:
		decision.Duration = d.granted(panels)
	case contract.RulingReview:
		decision.From, decision.Again = outstanding(panels)
	case contract.RulingDeny:
	}
	return decision
}

// rule is the order of what counts: what no review can help, objections, ways around reviews, reviews.
func (d *deciding) rule(decision *contract.Decision, panels []panel, obstacles []string, automatic bool) {
	objections, shortages := gather(panels, panel.objection), gather(panels, panel.shortage)
	switch {
	case len(obstacles) > 0:
		decision.Why = strings.Join(obstacles, "; ")
	case len(objections) > 0:
		decision.Why = "denied by " + strings.Join(objections, ", ")
	case d.facts.Request.BreakGlass:
		decision.Ruling, decision.Why = contract.RulingGrant, d.facts.Request.Requester+" broke the glass: no approval was waited for"
	case automatic:
		decision.Ruling, decision.Why = contract.RulingGrant, "approved automatically: "+strings.Join(d.automaticNames(), ", ")
	case len(panels) == 0:
		decision.Why = "nobody may approve it: the template " + d.facts.Request.Template + " names no reviewers"
		if len(d.sides[0].Rules.Automatic) > 0 {
			decision.Why = "the conditions for automatic approval do not hold, and the template names no reviewers"
		}
	case !slices.ContainsFunc(panels, func(p panel) bool { return !p.Met }):
		decision.Ruling = contract.RulingGrant
		decision.Why = "approved by " + strings.Join(approversOf(panels), ", ")
		d.cap(decision, panels)
	case len(shortages) > 0:
		decision.Why = strings.Join(shortages, "; ") + d.changed()
	default:
		decision.Ruling = contract.RulingReview
		decision.Why = strings.Join(gather(panels, panel.progress), "; ")
	}
}

// changed explains why there are fewer who may approve than the requester was told.
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
	for _, side := range d.sides {
		if x := d.facts.Extension; len(side.Rules.Automatic) == 0 || x != nil && (x.Anew || side.Rules.Extension.Review) {
			automatic = false
		}
		for _, condition := range side.Rules.Automatic {
			automatic = d.evaluation.value(condition).Holds && automatic
		}
	}
	return automatic
}

func (d *deciding) automaticNames() []string {
	var names []string
	for _, side := range d.sides {
		for _, condition := range side.Rules.Automatic {
			names = union(names, []string{condition.Name})
		}
	}
	return names
}

// granted is how long the access may last: never longer than was asked.
func (d *deciding) granted(panels []panel) contract.Duration {
	granted := d.facts.duration()
	if _, longest := shortest(panels); d.facts.Extension == nil && longest.Duration > 0 && !d.facts.Request.BreakGlass {
		granted.Duration = min(granted.Duration, longest.Duration)
	}
	return granted
}

// cap refuses an extension beyond what a reviewer of the request approved.
func (d *deciding) cap(decision *contract.Decision, panels []panel) {
	extension := d.facts.Extension
	if extension == nil || extension.Anew {
		return
	}
	if reviewer, longest := shortest(panels); longest.Duration > 0 && extension.Total.Duration > longest.Duration {
		decision.Ruling = contract.RulingDeny
		decision.Why = fmt.Sprintf("%s approved at most %s in all", reviewer, longest)
	}
}
