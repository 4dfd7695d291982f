package config

import (
	"fmt"
	"strings"
)

// evidence checks what a template asks of tickets and incidents.
func (r *reading) evidence(c *Config, template *Template, at path) {
	ticket, here := template.Ticket, at.Key("ticket")
	use := here
	if r.Written(r.said(here.Key("use"))) {
		use = here.Key("use")
	}
	if ticket.Use == TicketRequired && r.noTracker(c) {
		r.wrong(use, "is required, but there is no tracker to look in", r.setTracker()+", or write ticket: none")
	}
	for i, project := range ticket.Projects {
		r.project(c, project, here.Key("projects").Item(i))
	}
	if ticket.Open != (TicketPlace{}) {
		r.ticketPlace(c, ticket.Open, here.Key("open"))
		if ticket.Use != TicketOptional {
			r.wrong(here.Key("open"), fmt.Sprintf("opens a ticket that is %s", ticket.Use),
				"write use: optional beside it")
		}
	}
}

// longestType is more than the name of a type of tickets may have, in bytes.
const longestType = 255

// ticketPlace checks where a ticket is to be opened.
func (r *reading) ticketPlace(c *Config, ticket TicketPlace, at path) {
	if r.noTracker(c) {
		r.wrong(at, "can't be opened: there is no tracker", r.setTracker()+", or take it out")
	}
	if ticket.Project != "" {
		r.project(c, ticket.Project, at.Key("project"))
	}
	if ticket.Type != "" && (strings.TrimSpace(ticket.Type) == "" || len(ticket.Type) > longestType) {
		r.wrong(at.Key("type"), "is no type", "write the name of an issue type of the project, like Task")
	}
}

// times holds that reminders and warnings come in time, and in order.
func (r *reading) times(template *Template, at path) {
	for i, reminder := range template.Reminders {
		if reminder.Duration >= template.Pending.Duration {
			r.wrong(at.Key("reminders").Item(i), fmt.Sprintf("%s is not before the request lapses", reminder),
				"write less than "+template.Pending.String())
		}
		if i > 0 && reminder.Duration <= template.Reminders[i-1].Duration {
			r.wrong(at.Key("reminders").Item(i), fmt.Sprintf("%s is not after %s", reminder, template.Reminders[i-1]),
				"write them from the first to the last")
		}
	}
	for i, warning := range template.Warnings {
		switch here := at.Key("warnings").Item(i); {
		case warning.Duration <= 0 || warning.Duration >= template.Duration.Max.Duration:
			r.wrong(here, fmt.Sprintf("%s is no time before the end of access", warning),
				"write less than duration.max")
		case i > 0 && warning.Duration >= template.Warnings[i-1].Duration:
			r.wrong(here, fmt.Sprintf("%s is not after %s", warning, template.Warnings[i-1]),
				"write them from the first to the last, like [1h, 10m]")
		}
	}
}

// constraints checks names, and that each has a message for people. The conditions were compiled when they were read.
func (r *reading) constraints(constraints []Constraint, at path, told bool) {
	names := make([]string, len(constraints))
	for i, constraint := range constraints {
		names[i] = constraint.Name
		if told && constraint.Message == "" {
			r.wrong(at.Item(i).Key("message"), "is missing",
				"say what people must do, like: ask between 8 and 18 o'clock")
		}
	}
	r.named(names, at)
}
