package config

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"curfew/internal/signing"
	"curfew/workflows/contract"
)

// What Curfew asks of the secrets that sources sign with.
const (
	shortestSecret = 16 // bytes; sources make longer ones
	mostSecrets    = 4
)

// EventResolved ends access with its incident; no request can be started by it.
const EventResolved = "incident.resolved"

// usualEvents start requests where a route names none.
var usualEvents = []string{
	"incident.triggered",
	"incident.acknowledged",
	"incident.reassigned",
	"incident.priority_updated",
}

func (r *reading) hooks(c *Config, at path) {
	r.names(at, maps.Keys(c.Hooks))
	for _, name := range slices.Sorted(maps.Keys(c.Hooks)) {
		hook, here := c.Hooks[name], at.key(name)
		r.oneOf(here.key("verify"), hook.Verify, VerifyPagerDuty, VerifyJira, VerifySlack, VerifyStandard, VerifyBearer)
		r.hookSecrets(hook, here.key("secrets"))
		r.hookPerson(c, hook, here)
		r.hookSystem(c, hook, here.key("verify"))
		r.routes(c, &hook, here.key("routes"))
		r.decisions(hook, here.key("decisions"))
		c.Hooks[name] = hook
	}
}

func (r *reading) hookSecrets(hook Hook, at path) {
	if len(hook.Secrets) == 0 {
		r.wrong(
			at,
			contract.Invalid("is missing: everybody could send").Advise("list at least one reference like env:NAME"),
		)
	}
	if len(hook.Secrets) > mostSecrets {
		r.wrong(
			at,
			contract.Invalid("has %d; at most %d are good at a time", len(hook.Secrets), mostSecrets).
				Advise("keep those that the source still uses"),
		)
	}
	for i, secret := range hook.Secrets {
		if r.secrets == nil && !secret.IsZero() { // it was read, and is no mistake already
			r.hookSecret(hook.Verify, secret, at.item(i))
		}
	}
}

func (r *reading) hookSecret(verify string, secret Secret, at path) {
	if verify == VerifyStandard {
		if _, err := signing.New(secret.Reveal()); err != nil {
			problem := contract.AsProblem(err)
			r.wrong(at, contract.Invalid("%s", problem.Fault).Advise(problem.Fix))
		}
		return
	}
	if len(secret.Reveal()) < shortestSecret {
		r.wrong(
			at,
			contract.Invalid("is shorter than %d bytes", shortestSecret).Advise("make one with `openssl rand -hex 32`"),
		)
	}
}

// Signer verifies what the source has signed as Standard Webhooks says.
func (h Hook) Signer() (signing.Signer, error) { return signing.New(revealed(h.Secrets)...) }

// hookPerson holds that whoever asks does so in somebody's name, and nobody else does.
func (r *reading) hookPerson(c *Config, hook Hook, at path) {
	orders := hook.Verify == VerifyBearer || hook.Verify == VerifyStandard
	switch {
	case !orders && hook.Person != "":
		r.wrong(
			at.key("person"),
			contract.Invalid("is for %s and %s only", VerifyBearer, VerifyStandard).Advise("take it out"),
		)
	case !orders && hook.MayName:
		r.wrong(
			at.key("mayName"),
			contract.Invalid("is for %s and %s only", VerifyBearer, VerifyStandard).Advise("take it out"),
		)
	case orders && hook.Person == "" && !hook.MayName:
		r.wrong(
			at.key("person"),
			contract.Invalid("is missing").Advise("write in whose name it asks, or mayName: true"),
		)
	case hook.Person != "":
		r.isPerson(c)(hook.Person, at.key("person"))
	}
}

// hookSystem holds that what a source hints at can be read again.
func (r *reading) hookSystem(c *Config, hook Hook, at path) {
	switch {
	case hook.Verify == VerifyPagerDuty && c.Incidents.PagerDuty == nil && !r.lost(path{"incidents"}):
		r.wrong(
			at,
			contract.Invalid("needs PagerDuty: each incident is read again before anything is done").
				Advise("configure incidents.pagerduty"),
		)
	case hook.Verify == VerifyJira && c.Tickets.Jira == nil && !r.lost(path{"tickets"}):
		r.wrong(
			at,
			contract.Invalid("needs Jira: each ticket is read again before anything is done").
				Advise("configure tickets.jira"),
		)
	}
}

func (r *reading) routes(c *Config, hook *Hook, at path) {
	for i := range hook.Routes {
		route, here := &hook.Routes[i], at.item(i)
		switch hook.Verify {
		case VerifyPagerDuty:
			r.incidentRoute(c, route, here)
		case VerifyJira:
			r.ticketRoute(c, *route, here)
		default:
			r.wrong(
				here,
				contract.Invalid("starts nothing: routes are for %s and %s", VerifyPagerDuty, VerifyJira).
					Advise("take it out"),
			)
			continue
		}
		r.routeTemplate(c, *route, here)
	}
}

func (r *reading) routeTemplate(c *Config, route Route, at path) {
	template, found := c.Templates[route.Template]
	switch {
	case r.lost(path{"templates"}):
	case !found:
		r.wrong(
			at.key("template"),
			contract.Invalid("there is no template %q", shorten(route.Template)).
				Advise(cmp.Or(suggest(route.Template, slices.Collect(maps.Keys(c.Templates))), "name what is asked for")),
		)
	case route.Duration.Duration > template.Duration.Max.Duration:
		r.wrong(
			at.key("duration"),
			contract.Invalid("%s is longer than %s allows", route.Duration, route.Template).
				Advise("lower it to at most "+template.Duration.Max.String()),
		)
	}
}

func (r *reading) incidentRoute(c *Config, route *Route, at path) {
	r.misplaced(
		at,
		"of an incident",
		map[string]string{"project": route.Project, "issueType": route.IssueType, "requestType": route.RequestType},
	)
	if route.Urgency != "" {
		r.oneOf(at.key("urgency"), route.Urgency, "high", "low")
	}
	if len(route.On) == 0 {
		route.On = usualEvents
	}
	for i, event := range route.On {
		if !strings.HasPrefix(event, "incident.") || event == EventResolved {
			r.wrong(
				at.key("on").item(i),
				contract.Invalid("%q starts nothing", shorten(event)).
					Advise("choose from PagerDuty's, like "+strings.Join(usualEvents, ", ")),
			)
		}
	}
	if c.Templates[route.Template].Ticket.Use == TicketRequired {
		r.wrong(
			at.key("template"),
			contract.Invalid("%s asks for a ticket, which an incident does not have", route.Template).
				Advise("choose one whose ticket is optional or none"),
		)
	}
}

func (r *reading) ticketRoute(c *Config, route Route, at path) {
	r.misplaced(
		at,
		"of a ticket",
		map[string]string{"service": route.Service, "urgency": route.Urgency, "priority": route.Priority},
	)
	if len(route.On) > 0 {
		r.wrong(
			at.key("on"),
			contract.Invalid("means nothing of a ticket: it starts a request when it is created").Advise("take it out"),
		)
	}
	if route.Project == "" {
		r.wrong(
			at.key("project"),
			contract.Invalid("is missing: every new ticket of the site would ask for access").
				Advise("write its key, like OPS"),
		)
	}
	if c.Templates[route.Template].Ticket.Use == TicketNone {
		r.wrong(
			at.key("template"),
			contract.Invalid("%s takes no ticket", route.Template).
				Advise("choose one whose ticket is required or optional"),
		)
	}
}

// misplaced refuses keys that are about something else.
func (r *reading) misplaced(at path, of string, values map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if values[key] != "" {
			r.wrong(at.key(key), contract.Invalid("means nothing %s", of).Advise("take it out"))
		}
	}
}

func (r *reading) decisions(hook Hook, at path) {
	decides := hook.Decisions != Decisions{}
	switch {
	case decides && hook.Verify != VerifyJira:
		r.wrong(at, contract.Invalid("is for %s only", VerifyJira).Advise("take it out"))
	case decides && strings.EqualFold(hook.Decisions.Approve, hook.Decisions.Deny):
		r.wrong(at, contract.Invalid("says the same for yes and no").Advise("name two statuses"))
	}
}
