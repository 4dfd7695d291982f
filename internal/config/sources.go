package config

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"curfew/internal/signing"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// shortestSecret is what Curfew asks of the secrets that sources sign with, in bytes; sources make longer ones.
const shortestSecret = 16

// sourceKind is a sort of source of webhooks.
type sourceKind struct {
	Webhooks
	title    string
	accounts string
	needs    path // where the system is configured that is asked again; nil for none
}

// sourceKinds are the sorts of sources, by the words of Hook.Verify.
func (k Kinds) sourceKinds() map[string]sourceKind {
	kinds := map[string]sourceKind{
		VerifyStandard: {Webhooks: Webhooks{Of: OfOrders}}, VerifyBearer: {Webhooks: Webhooks{Of: OfOrders}},
	}
	for section, systems := range map[string]map[string]SystemKind{
		"tickets": k.Trackers, "incidents": k.Incidents, "": k.Channels,
	} {
		for name, system := range systems {
			if system.Webhooks == nil {
				continue
			}
			kind := sourceKind{Webhooks: *system.Webhooks, title: system.Title, accounts: system.Accounts}
			if section != "" {
				kind.needs = path{section, name}
			}
			kinds[name] = kind
		}
	}
	return kinds
}

// namesOf are the words of Hook.Verify for sources that are about some things.
func (k Kinds) namesOf(subjects ...Subject) []string {
	var names []string
	for name, kind := range k.sourceKinds() {
		if slices.Contains(subjects, kind.Of) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Sources are all words of Hook.Verify.
func (k Kinds) Sources() []string {
	return slices.Concat(k.namesOf(OfTickets, OfIncidents, OfMessages), k.namesOf(OfOrders))
}

// hookAccounts puts in on which systems people have accounts whose deliveries are read.
func (r *reading) hookAccounts(c *Config) {
	kinds := r.kinds.sourceKinds()
	for name, hook := range c.Hooks {
		hook.Accounts = kinds[hook.Verify].accounts
		c.Hooks[name] = hook
	}
}

func (r *reading) hooks(c *Config, at path) {
	kinds := r.kinds.sourceKinds()
	r.IDs(maps.Keys(c.Hooks), at)
	for _, name := range slices.Sorted(maps.Keys(c.Hooks)) {
		hook, here := c.Hooks[name], at.Key(name)
		kind := kinds[hook.Verify]
		if hook.Verify != "" {
			r.OneOf(here.Key("verify"), hook.Verify, r.kinds.Sources()...)
		}
		r.hookSecrets(hook, here.Key("secrets"))
		r.hookPerson(c, hook, kind, here)
		r.hookSystem(c, hook, kind, here.Key("verify"))
		r.routes(c, &hook, kind, here.Key("routes"))
		r.decisions(hook, kind, here.Key("decisions"))
		c.Hooks[name] = hook
	}
}

func (r *reading) hookSecrets(hook Hook, at path) {
	for i, secret := range hook.Secrets {
		if r.Secrets == nil && !secret.IsZero() { // it was read, and is no mistake already
			r.hookSecret(hook.Verify, secret, at.Item(i))
		}
	}
}

func (r *reading) hookSecret(verify string, secret Secret, at path) {
	if verify == VerifyStandard {
		if _, err := signing.New(secret.Reveal()); err != nil {
			problem := contract.AsProblem(err)
			r.wrong(at, problem.Fault, problem.Fix)
		}
		return
	}
	if len(secret.Reveal()) < shortestSecret {
		r.wrong(at, fmt.Sprintf("is shorter than %d bytes", shortestSecret), "make one with `openssl rand -hex 32`")
	}
}

// Signer verifies what the source has signed as Standard Webhooks says.
func (h Hook) Signer() (signing.Signer, error) { return signing.New(Reveal(h.Secrets)...) }

// hookPerson holds that whoever asks does so in somebody's name, and nobody else does.
func (r *reading) hookPerson(c *Config, hook Hook, kind sourceKind, at path) {
	orders := kind.Of == OfOrders
	only := contract.Invalid("is for %s only", strings.Join(r.kinds.namesOf(OfOrders), " and ")).Advise("take it out")
	switch {
	case !orders && hook.Person != "":
		r.Wrong(at.Key("person"), only)
	case !orders && hook.MayName:
		r.Wrong(at.Key("mayName"), only)
	case orders && hook.Person == "" && !hook.MayName:
		r.wrong(at.Key("person"), "is missing", "write in whose name it asks, or mayName: true")
	case hook.Person != "":
		r.Refer(hook.Person, at.Key("person"), c.PersonNames())
	}
}

// hookSystem holds that what a source hints at can be read again.
func (r *reading) hookSystem(c *Config, hook Hook, kind sourceKind, at path) {
	_, there := c.Incidents[hook.Verify]
	there = there || c.Tickets.Tracker != nil && c.Tickets.Tracker.Kind == hook.Verify
	if kind.needs != nil && !there && !r.Lost(kind.needs) {
		r.wrong(at, fmt.Sprintf("needs %s: each %s is read again before anything is done", kind.title, kind.Of),
			"configure "+kind.needs.String())
	}
}

func (r *reading) routes(c *Config, hook *Hook, kind sourceKind, at path) {
	for i := range hook.Routes {
		route, here := &hook.Routes[i], at.Item(i)
		switch kind.Of {
		case OfIncidents:
			r.incidentRoute(c, route, kind, here)
		case OfTickets:
			r.ticketRoute(c, *route, here)
		default:
			from := strings.Join(r.kinds.namesOf(OfIncidents, OfTickets), " and ")
			r.wrong(here, fmt.Sprintf("starts nothing: routes are for %s", from), "take it out")
			continue
		}
		r.routeTemplate(c, *route, here)
	}
}

func (r *reading) routeTemplate(c *Config, route Route, at path) {
	if route.Template == "" || r.Lost(path{"templates"}) ||
		!r.Refer(route.Template, at.Key("template"), c.templateNames()) {
		return
	}
	if longest := c.Templates[route.Template].Duration.Max; route.Duration.Duration > longest.Duration {
		r.wrong(at.Key("duration"), fmt.Sprintf("%s is longer than %s allows", route.Duration, route.Template),
			"lower it to at most "+longest.String())
	}
}

func (r *reading) incidentRoute(c *Config, route *Route, kind sourceKind, at path) {
	r.misplaced(at, "of an incident", map[string]string{
		"project": route.Project, "issueType": route.IssueType, "requestType": route.RequestType,
	})
	if route.Urgency != "" {
		r.OneOf(at.Key("urgency"), route.Urgency, kind.Events.Urgencies...)
	}
	if len(route.On) == 0 {
		route.On = kind.Events.Usual
	}
	for i, event := range route.On {
		if !kind.Events.Starts(event) {
			r.wrong(at.Key("on").Item(i), fmt.Sprintf("%q starts nothing", strictyaml.Shorten(event)),
				"choose from "+kind.title+"'s, like "+strings.Join(kind.Events.Usual, ", "))
		}
	}
	if c.Templates[route.Template].Ticket.Use == TicketRequired {
		r.wrong(
			at.Key("template"),
			fmt.Sprintf("%s asks for a ticket, which an incident does not have", route.Template),
			"choose one whose ticket is optional or none",
		)
	}
}

func (r *reading) ticketRoute(c *Config, route Route, at path) {
	r.misplaced(at, "of a ticket", map[string]string{
		"service": route.Service, "urgency": route.Urgency, "priority": route.Priority,
	})
	if len(route.On) > 0 {
		r.wrong(at.Key("on"), "means nothing of a ticket: it starts a request when it is created", "take it out")
	}
	if route.Project == "" {
		r.wrong(at.Key("project"), "is missing: every new ticket of the site would ask for access",
			"write its key, like OPS")
	}
	if c.Templates[route.Template].Ticket.Use == TicketNone {
		r.wrong(at.Key("template"), fmt.Sprintf("%s takes no ticket", route.Template),
			"choose one whose ticket is required or optional")
	}
}

// misplaced refuses keys that are about something else.
func (r *reading) misplaced(at path, of string, values map[string]string) {
	for _, key := range slices.Sorted(maps.Keys(values)) {
		if values[key] != "" {
			r.wrong(at.Key(key), fmt.Sprintf("means nothing %s", of), "take it out")
		}
	}
}

func (r *reading) decisions(hook Hook, kind sourceKind, at path) {
	decides := hook.Decisions != Decisions{}
	switch {
	case decides && kind.Of != OfTickets:
		r.wrong(at, fmt.Sprintf("is for %s only", strings.Join(r.kinds.namesOf(OfTickets), " and ")), "take it out")
	case decides && strings.EqualFold(hook.Decisions.Approve, hook.Decisions.Deny):
		r.wrong(at, "says the same for yes and no", "name two statuses")
	}
}
