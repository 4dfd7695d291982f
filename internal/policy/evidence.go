package policy

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"curfew/workflows/contract"
)

// evidence is what is wrong with the ticket and the incident. A break-glass request may have none yet. An extension
// rests on what was found when the access was asked for: a tracker that is down must not cut an incident short.
func (s termsVersion) evidence(facts Facts) []string {
	if facts.Request.BreakGlass {
		return nil
	}
	return append(ticketFaults(s.Rules.Ticket, facts), incidentFaults(s.Rules.Incident, facts)...)
}

func ticketFaults(rule contract.TicketRule, facts Facts) []string {
	key, ticket := facts.Request.Ticket, facts.Ticket
	asked := rule.Required || key != "" && len(rule.Projects)+len(rule.Statuses)+len(rule.RequesterIs) > 0
	switch {
	case !asked:
		return nil
	case key == "":
		return []string{"the template asks for a ticket, and none is named"}
	case !ticket.Found:
		return []string{fmt.Sprintf("the ticket %s was not found", key)}
	}
	var reasons []string
	project, _, _ := strings.Cut(cmp.Or(ticket.Key, key), "-")
	if len(rule.Projects) > 0 && !contains(rule.Projects, project) {
		reasons = append(
			reasons,
			fmt.Sprintf("the ticket %s is not in %s", cmp.Or(ticket.Key, key), strings.Join(rule.Projects, " or ")),
		)
	}
	sameStatus := func(status string) bool {
		return strings.EqualFold(status, ticket.Status) || strings.EqualFold(status, ticket.ShownStatus)
	}
	if len(rule.Statuses) > 0 && !slices.ContainsFunc(rule.Statuses, sameStatus) {
		reasons = append(
			reasons,
			fmt.Sprintf(
				"the ticket %s is %q, and must be %s",
				key,
				contract.Shorten(ticket.Status, maxTold),
				strings.Join(rule.Statuses, " or "),
			),
		)
	}
	if len(rule.RequesterIs) > 0 && !slices.ContainsFunc(rule.RequesterIs, isRole(ticket, facts.Request.Requester)) {
		reasons = append(
			reasons,
			fmt.Sprintf(
				"%s is not %s of the ticket %s",
				facts.Request.Requester,
				strings.Join(rule.RequesterIs, " or "),
				key,
			),
		)
	}
	return reasons
}

// maxTold bounds what a reason repeats of another system's text, in bytes.
const maxTold = 80

// isRole returns whether a person has a role on a ticket.
func isRole(ticket Ticket, person string) func(role string) bool {
	return func(role string) bool {
		switch role {
		case contract.RoleAssignee:
			return ticket.Assignee == person
		case contract.RoleReporter:
			return ticket.Reporter == person
		}
		return false
	}
}

func incidentFaults(rule contract.IncidentRule, facts Facts) []string {
	name, incident := contract.Shorten(facts.Request.Incident, maxTold), facts.Incident
	switch {
	case !rule.Required:
		return nil
	case name == "":
		return []string{"the template asks for an incident, and none is named"}
	case incident.Unknown != "":
		return []string{fmt.Sprintf("the incident %s can't be checked: %s", name, incident.Unknown)}
	case !incident.Found:
		return []string{fmt.Sprintf("the incident %s was not found", name)}
	}
	var reasons []string
	if len(rule.Services) > 0 && !contains(rule.Services, incident.Service) {
		reasons = append(
			reasons,
			fmt.Sprintf("the incident %s is not about %s", name, strings.Join(rule.Services, " or ")),
		)
	}
	if rule.Open && !incident.Open {
		reasons = append(reasons, fmt.Sprintf("the incident %s is not open", name))
	}
	if rule.Acknowledged && !incident.Acknowledged {
		reasons = append(reasons, fmt.Sprintf("nobody has acknowledged the incident %s", name))
	}
	if rule.OnCall > 0 && (incident.OnCall < 1 || incident.OnCall > rule.OnCall) {
		reasons = append(
			reasons,
			fmt.Sprintf(
				"%s is not on call for the incident %s at level %d or nearer",
				facts.Request.Requester,
				name,
				rule.OnCall,
			),
		)
	}
	return reasons
}
