package compose

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"

	"curfew/activities/incident"
	"curfew/activities/kinds"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/starter/signin"
	"curfew/workflows/contract"
)

// SystemAnswer is what a system beside the targets said when it was asked whether it can be used; or what it said of
// something that the configuration names there, by the field that names it.
type SystemAnswer struct {
	Name  string `json:"name"` // like oidc, tickets.jira or people.alice.accounts.jira
	Kind  string `json:"kind"`
	Fault string `json:"fault,omitempty"`
}

// survey collects answers while systems are asked at the same time.
type survey struct {
	configured *config.Config

	mu      sync.Mutex
	answers []SystemAnswer
}

// AskSystems tries the sign-in, the tracker and the incident systems, and asks them for the projects, services and
// accounts that the configuration names. It changes nothing.
func AskSystems(ctx context.Context, configured *config.Config) []SystemAnswer {
	s := &survey{configured: configured}
	var all sync.WaitGroup
	for _, ask := range []func(context.Context){s.signIn, s.tracker, s.incidents, s.accountsOnTargets} {
		all.Go(func() { ask(ctx) })
	}
	all.Wait()
	slices.SortFunc(
		s.answers,
		func(a, b SystemAnswer) int { return strings.Compare(a.Name+"\x00"+a.Fault, b.Name+"\x00"+b.Fault) },
	)
	return s.answers
}

func (s *survey) add(name, kind string, err error) {
	answer := SystemAnswer{Name: name, Kind: kind}
	if err != nil {
		answer.Fault = strings.ReplaceAll(contract.AsProblem(err).Error(), "\n", "; ")
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.answers = append(s.answers, answer)
}

// fault adds an answer only where there is something wrong.
func (s *survey) fault(name, kind string, err error) {
	if err != nil {
		s.add(name, kind, err)
	}
}

func (s *survey) signIn(ctx context.Context) {
	if s.configured.OIDC == nil {
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*askWithin)
	defer cancel()
	faults := identity.Check(
		ctx,
		*s.configured.OIDC,
		strings.TrimSuffix(s.configured.Server.URL, "/")+signin.PathAnswer,
	)
	if len(faults) == 0 {
		s.add("oidc", "oidc", nil)
	}
	for _, fault := range faults {
		s.add("oidc", "oidc", fault)
	}
}

func (s *survey) tracker(ctx context.Context) {
	configured := s.configured.Tickets.Tracker
	if configured == nil {
		return
	}
	kind := configured.Kind
	name := "tickets." + kind
	tickets, _, err := kinds.OpenTickets(s.configured.Tickets)
	if err != nil {
		s.add(name, kind, err)
		return
	}
	ctx, cancel := context.WithTimeout(ctx, 2*askWithin)
	defer cancel()
	err = tickets.Check(ctx)
	s.add(name, kind, err)
	surveyor, can := tickets.(ticket.Surveyor)
	if err != nil || !can {
		return
	}
	for _, project := range s.projects() {
		s.fault(name+"."+project.Key, kind, surveyor.CheckProject(ctx, project))
	}
	s.accounts(tickets.Name(), func(account string) error { return surveyor.CheckAccount(ctx, account) })
}

// projects are those of the tracker that templates and hooks name, with what they take for granted.
func (s *survey) projects() []ticket.Project {
	wanted := projects{}
	for _, template := range s.configured.Templates {
		for _, key := range template.Ticket.Projects {
			wanted.has(key, template.Ticket.Statuses...)
		}
		wanted.opens(template.Ticket.Open)
		wanted.opens(template.BreakGlass.Ticket)
	}
	for _, hook := range s.configured.Hooks {
		for _, route := range hook.Routes {
			if route.Project != "" {
				wanted.has(route.Project, hook.Decisions.Approve, hook.Decisions.Deny)
				wanted.types(route.Project, route.IssueType)
			}
		}
	}
	return wanted.sorted()
}

// projects are what is taken for granted of a tracker's, by their keys.
type projects map[string]ticket.Project

func (p projects) has(key string, statuses ...string) {
	project := p[key]
	project.Key = key
	for _, status := range statuses {
		if status != "" {
			project.Statuses = append(project.Statuses, status)
		}
	}
	p[key] = project
}

func (p projects) types(key, kind string) {
	if kind != "" {
		project := p[key]
		project.Types = append(project.Types, kind)
		p[key] = project
	}
}

func (p projects) opens(place config.TicketPlace) {
	if place.Project != "" {
		project := p[place.Project]
		project.Key, project.Opens, project.Types = place.Project, true, append(project.Types, place.Type)
		p[place.Project] = project
	}
}

func (p projects) sorted() (all []ticket.Project) {
	for _, key := range slices.Sorted(maps.Keys(p)) {
		all = append(all, p[key])
	}
	return all
}

func (s *survey) incidents(ctx context.Context) {
	systems, err := kinds.OpenIncidents(s.configured.Incidents)
	if err != nil {
		s.add("incidents", "incidents", err)
	}
	ctx, cancel := context.WithTimeout(ctx, 2*askWithin)
	defer cancel()
	var surveyors []incident.Surveyor
	for _, system := range systems {
		err := system.Check(ctx)
		s.add("incidents."+system.Name(), system.Name(), err)
		surveyor, can := system.(incident.Surveyor)
		if err != nil || !can {
			continue
		}
		surveyors = append(surveyors, surveyor)
		s.accounts(system.Name(), func(account string) error { return surveyor.CheckAccount(ctx, account) })
	}
	if len(surveyors) < len(systems) || len(systems) == 0 {
		return
	}
	for field, service := range s.services() {
		s.fault(field, "incidents", serviceIn(ctx, surveyors, service))
	}
}

// services are those that templates and hooks name, by the fields that do.
func (s *survey) services() map[string]string {
	named := map[string]string{}
	for id, template := range s.configured.Templates {
		if template.Incident == nil {
			continue
		}
		for i, service := range template.Incident.Services {
			named[fmt.Sprintf("templates.%s.incident.services[%d]", id, i)] = service
		}
	}
	for id, hook := range s.configured.Hooks {
		for i, route := range hook.Routes {
			if route.Service != "" {
				named[fmt.Sprintf("hooks.%s.routes[%d].service", id, i)] = route.Service
			}
		}
	}
	return named
}

// serviceIn is nil for a service that one of the systems has, or may have.
func serviceIn(ctx context.Context, systems []incident.Surveyor, service string) error {
	var faults []error
	for _, system := range systems {
		ours, err := system.CheckService(ctx, service)
		switch {
		case ours && err == nil:
			return nil
		case ours:
			faults = append(faults, err)
		}
	}
	if len(faults) == 0 {
		var where []string
		for _, system := range systems {
			where = append(where, system.ServiceIDs())
		}
		return contract.Invalid("%.60q is no id of a service", service).
			Advise("write its id, and not its name: " + strings.Join(where, "; "))
	}
	return errors.Join(faults...)
}

// mostAccounts bounds how many people's accounts one system is asked for.
const mostAccounts = 500

// accounts looks at each account that people have on a system.
func (s *survey) accounts(system string, check func(account string) error) {
	asked := 0
	for _, id := range slices.Sorted(maps.Keys(s.configured.People)) {
		account, has := s.configured.Account(id, system)
		if !has {
			continue
		}
		asked++
		if asked > mostAccounts {
			return
		}
		err := check(account)
		if problem, known := contract.ProblemOf(
			err,
		); err != nil &&
			(!known || problem.Kind == contract.KindUnavailable) {
			return // it does not answer: that is told of the system itself
		}
		s.fault("people."+id+".accounts."+system, system, err)
	}
}
