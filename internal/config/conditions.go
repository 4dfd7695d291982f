package config

import (
	"fmt"
	"regexp"
	"strings"

	"curfew/workflows/contract"
)

// validProject is what the keys of a project's tickets begin with.
var validProject = regexp.MustCompile(`^[A-Z][A-Z0-9_]{1,19}$`)

// evidence checks what a template asks of tickets and incidents.
func (r *reading) evidence(c *Config, template *Template, at path) {
	ticket, here := template.Ticket, at.key("ticket")
	use := here
	if r.written(r.said(here.key("use"))) {
		use = here.key("use")
	}
	r.oneOf(use, ticket.Use, TicketRequired, TicketOptional, TicketNone)
	if ticket.Use == TicketRequired && c.Tickets.Jira == nil && !r.lost(path{"tickets", "jira"}) {
		r.wrong(use, "set tickets.jira, or write ticket: none", "is required, but there is no tracker to look in")
	}
	for i, project := range ticket.Projects {
		if !validProject.MatchString(project) {
			r.wrong(here.key("projects").item(i), "write what its tickets' keys begin with, like OPS", "is no project")
		}
	}
	for i, role := range ticket.RequesterIs {
		r.oneOf(here.key("requesterIs").item(i), role, contract.RoleAssignee, contract.RoleReporter)
	}
	if ticket.Open != (TicketPlace{}) {
		r.ticketPlace(c, ticket.Open, here.key("open"))
		if ticket.Use != TicketOptional {
			r.wrong(here.key("open"), "write use: optional beside it", "opens a ticket that is %s", ticket.Use)
		}
	}
	if incident := template.Incident; incident != nil && incident.OnCall < 0 {
		r.wrong(at.key("incident").key("onCall"), "write the highest level of escalation that counts: 1 or more", "is less than 1")
	}
	for i, end := range template.EndWith {
		r.oneOf(at.key("endWith").item(i), end, EndWithTicket, EndWithIncident)
	}
}

// longestType is more than the name of an issue type at Jira may have, in bytes.
const longestType = 255

// ticketPlace checks where a ticket is to be opened.
func (r *reading) ticketPlace(c *Config, ticket TicketPlace, at path) {
	if c.Tickets.Jira == nil && !r.lost(path{"tickets", "jira"}) {
		r.wrong(at, "set tickets.jira, or take it out", "can't be opened: there is no tracker")
	}
	if !validProject.MatchString(ticket.Project) {
		r.wrong(at.key("project"), "write what its tickets' keys begin with, like OPS", "is no project")
	}
	if strings.TrimSpace(ticket.Type) == "" || len(ticket.Type) > longestType {
		r.wrong(at.key("type"), "write the name of an issue type of the project, like Task", "is no type")
	}
}

// mostTimes bounds how often people are reminded or warned of one thing.
const mostTimes = 10

// times checks the reminders and the limits of extensions.
func (r *reading) times(template *Template, at path) {
	for i, reminder := range template.Reminders {
		if reminder.Duration >= template.Pending.Duration {
			r.wrong(at.key("reminders").item(i), "write less than "+template.Pending.String(), "%s is not before the request lapses", reminder)
		}
		if i > 0 && reminder.Duration <= template.Reminders[i-1].Duration {
			r.wrong(at.key("reminders").item(i), "write them from the first to the last", "%s is not after %s", reminder, template.Reminders[i-1])
		}
	}
	for i, warning := range template.Warnings {
		switch here := at.key("warnings").item(i); {
		case warning.Duration <= 0 || warning.Duration >= template.Duration.Max.Duration:
			r.wrong(here, "write less than duration.max", "%s is no time before the end of access", warning)
		case i > 0 && warning.Duration >= template.Warnings[i-1].Duration:
			r.wrong(here, "write them from the first to the last, like [1h, 10m]", "%s is not after %s", warning, template.Warnings[i-1])
		}
	}
	for key, times := range map[string][]contract.Duration{"reminders": template.Reminders, "warnings": template.Warnings} {
		if len(times) > mostTimes {
			r.wrong(at.key(key), fmt.Sprintf("keep %d at most", mostTimes), "has %d", len(times))
		}
	}
	if most := template.Extension.Most; most != nil && *most < 0 {
		r.wrong(at.key("extension").key("most"), "write how many extensions a request may have: 0 or more", "is less than 0")
	}
}

// constraints checks names, and that each has a message for people. The conditions were compiled when they were read.
func (r *reading) constraints(constraints []Constraint, at path, told bool) {
	names := make([]string, len(constraints))
	for i, constraint := range constraints {
		names[i] = constraint.Name
		if told && constraint.Message == "" {
			r.wrong(at.item(i).key("message"), "say what people must do, like: ask between 8 and 18 o'clock", "is missing")
		}
		if constraint.Condition == "" {
			r.wrong(at.item(i).key("condition"), "write an expression that is true or false; docs/policy.md says how", "is missing")
		}
	}
	r.named(names, at)
}
