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
var usualEvents = []string{"incident.triggered", "incident.acknowledged", "incident.reassigned", "incident.priority_updated"}

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
		r.wrong(at, "list at least one reference like env:NAME", "is missing: everybody could send")
	}
	if len(hook.Secrets) > mostSecrets {
		r.wrong(at, "keep those that the source still uses", "has %d; at most %d are good at a time", len(hook.Secrets), mostSecrets)
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
			r.wrong(at, problem.Fix, "%s", problem.Fault)
		}
		return
	}
	if len(secret.Reveal()) < shortestSecret {
		r.wrong(at, "make one with `openssl rand -hex 32`", "is shorter than %d bytes", shortestSecret)
	}
}

// Signer verifies what the source has signed as Standard Webhooks says.
func (h Hook) Signer() (signing.Signer, error) { return signing.New(revealed(h.Secrets)...) }

// hookPerson holds that whoever asks does so in somebody's name, and nobody else does.
func (r *reading) hookPerson(c *Config, hook Hook, at path) {
	orders := hook.Verify == VerifyBearer || hook.Verify == VerifyStandard
	switch {
	case !orders && hook.Person != "":
		r.wrong(at.key("person"), "take it out", "is for %s and %s only", VerifyBearer, VerifyStandard)
	case !orders && hook.MayName:
		r.wrong(at.key("mayName"), "take it out", "is for %s and %s only", VerifyBearer, VerifyStandard)
	case orders && hook.Person == "" && !hook.MayName:
		r.wrong(at.key("person"), "write in whose name it asks, or mayName: true", "is missing")
	case hook.Person != "":
		r.isPerson(c)(hook.Person, at.key("person"))
	}
}

// hookSystem holds that what a source hints at can be read again.
func (r *reading) hookSystem(c *Config, hook Hook, at path) {
	switch {
	case hook.Verify == VerifyPagerDuty && c.Incidents.PagerDuty == nil && !r.lost(path{"incidents"}):
		r.wrong(at, "configure incidents.pagerduty", "needs PagerDuty: each incident is read again before anything is done")
	case hook.Verify == VerifyJira && c.Tickets.Jira == nil && !r.lost(path{"tickets"}):
		r.wrong(at, "configure tickets.jira", "needs Jira: each ticket is read again before anything is done")
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
			r.wrong(here, "take it out", "starts nothing: routes are for %s and %s", VerifyPagerDuty, VerifyJira)
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
		r.wrong(at.key("template"), cmp.Or(suggest(route.Template, slices.Collect(maps.Keys(c.Templates))), "name what is asked for"),
			"there is no template %q", shorten(route.Template))
	case route.Duration.Duration > template.Duration.Max.Duration:
		r.wrong(at.key("duration"), "lower it to at most "+template.Duration.Max.String(), "%s is longer than %s allows", route.Duration, route.Template)
	}
}

func (r *reading) incidentRoute(c *Config, route *Route, at path) {
	r.misplaced(at, "of an incident", map[string]string{"project": route.Project, "issueType": route.IssueType, "requestType": route.RequestType})
	if route.Urgency != "" {
		r.oneOf(at.key("urgency"), route.Urgency, "high", "low")
	}
	if len(route.On) == 0 {
		route.On = usualEvents
	}
	for i, event := range route.On {
		if !strings.HasPrefix(event, "incident.") || event == EventResolved {
			r.wrong(at.key("on").item(i), "choose from PagerDuty's, like "+strings.Join(usualEvents, ", "), "%q starts nothing", shorten(event))
		}
	}
	if c.Templates[route.Template].Ticket.Use == TicketRequired {
		r.wrong(at.key("template"), "choose one whose ticket is optional or none", "%s asks for a ticket, which an incident does not have", route.Template)
	}
}

func (r *reading) ticketRoute(c *Config, route Route, at path) {
	r.misplaced(at, "of a ticket", map[string]string{"service": route.Service, "urgency": route.Urgency, "priority": route.Priority})
	if len(route.On) > 0 {
		r.wrong(at.key("on"), "take it out", "means nothing of a ticket: it starts a request when it is created")
	}
	if route.Project == "" {
		r.wrong(at.key("project"), "write its key, like OPS", "is missing: every new ticket of the site would ask for access")
	}
	if c.Templates[route.Template].Ticket.Use == TicketNone {
		r.wrong(at.key("template"), "choose one whose ticket is required or optional", "%s takes no ticket", route.Template)
	}
}

// misplaced refuses keys that are about something else.
func (r *reading) misplaced(at path, of string, values map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if values[key] != "" {
			r.wrong(at.key(key), "take it out", "means nothing %s", of)
		}
	}
}

func (r *reading) decisions(hook Hook, at path) {
	decides := hook.Decisions != Decisions{}
	switch {
	case decides && hook.Verify != VerifyJira:
		r.wrong(at, "take it out", "is for %s only", VerifyJira)
	case decides && strings.EqualFold(hook.Decisions.Approve, hook.Decisions.Deny):
		r.wrong(at, "name two statuses", "says the same for yes and no")
	}
}
