package policy

import (
	"fmt"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

// Decide says whether the request is granted, denied, or waits for reviews, and why. The stricter of the pinned and
// the present terms holds; one objection outweighs any number of approvals.
func Decide(facts Facts) contract.Decision {
	panel := assemble(facts)
	hindrances, objections, approvals := obstacles(facts), panel.objections(facts), panel.approvals(facts)
	decision := contract.Decision{Ruling: contract.RulingDeny, Approvals: len(approvals), Needed: panel.needed}
	switch {
	case len(hindrances) > 0:
		decision.Why = strings.Join(hindrances, "; ")
	case len(objections) > 0:
		decision.Why = "denied by " + strings.Join(objections, ", ")
	case len(approvals) >= panel.needed:
		decision.Ruling = contract.RulingGrant
		decision.Why = "approved by " + strings.Join(approvals, ", ")
	case len(panel.approvers) < panel.needed:
		decision.Why = panel.shortage(facts)
	default:
		decision.Ruling = contract.RulingReview
		decision.From = slices.DeleteFunc(slices.Clone(panel.approvers), among(approvals))
		decision.Why = fmt.Sprintf("%d of %d approvals; %s may review",
			len(approvals), panel.needed, strings.Join(decision.From, ", "))
	}
	return decision
}

// obstacles are what no review can help.
func obstacles(facts Facts) []string {
	var reasons []string
	if !facts.TemplatePresent {
		reasons = append(reasons, fmt.Sprintf("the template %s is gone", facts.Request.Template))
	}
	reasons = append(reasons, strangers(facts)...)
	if reason := tooLong(facts); reason != "" {
		reasons = append(reasons, reason)
	}
	reasons = append(reasons, notGiven(facts)...)
	if facts.Ticket.Required && !facts.Ticket.Found {
		reasons = append(reasons, missingTicket(facts.Request.Ticket))
	}
	return reasons
}

func strangers(facts Facts) []string {
	var reasons []string
	if !facts.People[facts.Request.Requester] {
		reasons = append(reasons, fmt.Sprintf("the requester %q is no known person", facts.Request.Requester))
	}
	if facts.Request.Subject != facts.Request.Requester && !facts.People[facts.Request.Subject] {
		reasons = append(reasons, fmt.Sprintf("the subject %q is no known person", facts.Request.Subject))
	}
	return reasons
}

func tooLong(facts Facts) string {
	asked, pinned, present := facts.Request.Duration, facts.Request.Terms.MaxDuration, facts.MaxDuration
	switch {
	case asked.Duration <= 0:
		return fmt.Sprintf("the duration %s is not longer than zero", asked)
	case asked.Duration > pinned.Duration:
		return fmt.Sprintf("the duration %s is over the template's maximum of %s", asked, pinned)
	case facts.TemplatePresent && asked.Duration > present.Duration:
		return fmt.Sprintf("the duration %s is over the maximum of %s that the template has now", asked, present)
	}
	return ""
}

// notGiven are the accesses of the request that its template does not give any more, or never gave.
func notGiven(facts Facts) []string {
	if !facts.TemplatePresent {
		return nil
	}
	var reasons []string
	for _, access := range facts.Request.Terms.Accesses {
		given := slices.ContainsFunc(facts.Accesses, func(a contract.Access) bool { return a.GrantID() == access.GrantID() })
		if !given || access.Person != facts.Request.Subject {
			reasons = append(reasons, fmt.Sprintf("the template %s does not give %s this access to %s now", facts.Request.Template, facts.Request.Subject, access.Target))
		}
	}
	return reasons
}

func missingTicket(key string) string {
	if key == "" {
		return "the template asks for a ticket, and none is named"
	}
	return fmt.Sprintf("the ticket %s was not found", key)
}
