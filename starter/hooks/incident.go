package hooks

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"curfew/activities/incident"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/starter"
	"curfew/workflows/contract"
)

// reader makes a delivery of a body that was verified.
type reader func(s snapshot, ctx context.Context, header http.Header, body []byte) (message, error)

// actor does what a delivery comes to. It may be done again, and at the same time.
type actor func(s snapshot, ctx context.Context, delivery contract.Delivery) (contract.Delivered, error)

func incidentReader(webhooks *incident.Webhooks) reader {
	return func(s snapshot, _ context.Context, _ http.Header, body []byte) (message, error) {
		notice, err := webhooks.Read(body)
		read := message{idle: notice.Trial, delivery: contract.Delivery{
			ID: deliveryID(body, notice.ID), Event: notice.Event, Incident: notice.Incident,
		}}
		system := s.incidents(s.system)
		switch {
		case err != nil:
			return read, err
		case read.idle:
		case notice.Event != webhooks.Resolved && !s.starts(notice.Event):
			read.unused = "no route starts a request on it"
		case system == nil || !system.Recognizes(notice.Incident):
			return read, contract.Invalid("it is about no incident").At("body").Advise("send events of incidents")
		}
		return read, nil
	}
}

// starts is true for events that a route starts requests on.
func (s snapshot) starts(event string) bool {
	return slices.ContainsFunc(s.hook.Routes, func(route config.Route) bool { return slices.Contains(route.On, event) })
}

func (s snapshot) incidents(name string) incident.System {
	at := slices.IndexFunc(s.Incidents, func(system incident.System) bool { return system.Name() == name })
	if at < 0 {
		return nil
	}
	return s.Incidents[at]
}

func incidentActor(webhooks *incident.Webhooks) actor {
	return func(s snapshot, ctx context.Context, delivery contract.Delivery) (contract.Delivered, error) {
		return s.actOnIncident(ctx, delivery, delivery.Event == webhooks.Resolved)
	}
}

// actOnIncident starts a request for each responder to an open incident, and ends those of one that is resolved. What
// counts is how the incident is now, so that it does not matter in which order deliveries come.
func (s snapshot) actOnIncident(
	ctx context.Context, delivery contract.Delivery, resolved bool,
) (contract.Delivered, error) {
	system := s.incidents(s.system)
	if system == nil {
		return contract.Delivered{}, contract.NotFound("%s is not configured any more", s.title).
			At("incident").
			Advise("configure incidents." + s.hook.Verify + " again")
	}
	found, err := system.Find(ctx, delivery.Incident)
	if err != nil {
		return contract.Delivered{}, err
	}
	if !found.Open {
		ended, err := s.starter.EndWithIncident(ctx, found.ID)
		return contract.Delivered{
			Said:     fmt.Sprintf("The incident %s is resolved: %d requests were ended.", found.ID, len(ended)),
			Requests: ended,
		}, err
	}
	switch {
	case found.MergedInto != "":
		return contract.Delivered{
			Said: "The incident " + found.ID + " was merged into " + found.MergedInto + ", which is open.",
		}, nil
	case resolved:
		return contract.Delivered{Said: "The incident " + found.ID + " is open again."}, nil
	}
	route, fits := s.route(delivery.Event, found)
	if !fits {
		return contract.Delivered{Said: "No route fits the incident " + found.ID + " as it is now."}, nil
	}
	return s.respond(ctx, system, found, route)
}

// route is the first that fits.
func (s snapshot) route(event string, found incident.Incident) (config.Route, bool) {
	fits := func(wanted, has string) bool { return wanted == "" || wanted == has }
	for _, route := range s.hook.Routes {
		if slices.Contains(route.On, event) && fits(route.Service, found.Service) &&
			fits(route.Urgency, found.Urgency) &&
			fits(route.Priority, found.Priority) {
			return route, true
		}
	}
	return config.Route{}, false
}

// respond starts one request for each responder. Who can't have one is told on the incident; the others have theirs.
func (s snapshot) respond(
	ctx context.Context, system incident.System, found incident.Incident, route config.Route,
) (contract.Delivered, error) {
	var done contract.Delivered
	var said []string
	var failed []error
	for _, account := range found.Responders {
		person, known := s.starter.Config().PersonByAccount(system.Name(), account)
		if !known {
			said = append(said, account+" is nobody in the directory")
			failed = append(
				failed,
				s.leftOut(
					ctx,
					system,
					found,
					account,
					"Curfew knows nobody with this account: an administrator can add it to a person's accounts.",
				),
			)
			continue
		}
		status, err := s.starter.StartDerived(ctx, askFor(system, found, person, route),
			starter.Origin{
				Began: found.OpenedAt, Of: []string{system.Name(), found.ID, person, route.Template},
				Admit: s.turn(s.name, person, found.ID),
			})
		problem, refused := refusal(err)
		switch {
		case refused:
			said = append(said, person+": "+problem.Error())
			failed = append(failed, s.leftOut(ctx, system, found, account, problem.Error()))
		case err != nil:
			failed = append(failed, err)
		default:
			done.Requests = append(done.Requests, status.ID)
			said = append(said, fmt.Sprintf("%s asks for %s with %s", person, route.Template, status.ID))
		}
	}
	done.Said = cmp.Or(strings.Join(said, "; "), "Nobody answers to the incident "+found.ID+" yet.")
	return done, foremost(failed...)
}

func askFor(system incident.System, found incident.Incident, person string, route config.Route) starter.Ask {
	return starter.Ask{
		Template:  route.Template,
		Requester: person,
		Duration:  route.Duration,
		Purpose: contract.Purpose{
			Incident: found.ID,
			Reason:   strings.TrimSpace("Incident " + found.ID + ": " + oneLine(found.Title)),
		},
		Source: system.Name(),
	}
}

// leftOut tells the incident once that a responder gets no access.
func (s snapshot) leftOut(
	ctx context.Context,
	system incident.System,
	found incident.Incident,
	account, why string,
) error {
	return system.AddNote(ctx, found.ID, story.Entry{
		Marker: "hook/" + plain(
			account,
			digest([]byte(account)),
		),
		Headline: "No access for " + oneLine(account),
		Lines:    []string{oneLine(why)},
	})
}

// foremost is the error that counts of several: one that trying again may help, if there is one.
func foremost(errs ...error) error {
	for _, err := range errs {
		if _, refused := refusal(err); err != nil && !refused {
			return err
		}
	}
	return errors.Join(errs...)
}

// refusal is a problem that trying again can't help.
func refusal(err error) (*contract.Problem, bool) {
	problem, ok := contract.ProblemOf(err)
	return problem, ok && slices.Contains(contract.Final, string(problem.Kind))
}
