package starter

import (
	"cmp"
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"slices"
	"time"

	"github.com/oklog/ulid/v2"

	"curfew/internal/config"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// maxSkew is how far the time in a client's id may be from the server's.
const maxSkew = 10 * time.Minute

// check turns an ask into a request with the template's terms pinned, or says what is wrong with it. What costs
// nothing is checked first; the tracker is asked last.
func (s *Snapshot) check(ctx context.Context, ask Ask, at time.Time) (contract.Request, error) {
	if err := s.allow(ask.Requester, OperationAsk); err != nil {
		return contract.Request{}, err
	}
	template, err := s.template(ask.Template)
	if err != nil {
		return contract.Request{}, err
	}
	request := contract.Request{
		Template:   ask.Template,
		Requester:  ask.Requester,
		Subject:    ask.Subject,
		Duration:   ask.Duration,
		Purpose:    ask.Purpose,
		Source:     ask.Source,
		AskedAt:    at,
		StartAt:    ask.StartAt.UTC().Truncate(time.Second),
		BreakGlass: ask.BreakGlass,
	}
	if request.Subject == "" {
		request.Subject = request.Requester
	}
	if request.Duration.Duration == 0 {
		request.Duration.Duration = min(template.Duration.Default.Duration, longest(template, request).Duration)
	}
	if request.ID, err = requestID(ask, at); err != nil {
		return contract.Request{}, err
	}
	if err := checkStart(request); err != nil {
		return contract.Request{}, err
	}
	if request.Terms, err = s.terms(ctx, template, request); err != nil {
		return contract.Request{}, err
	}
	if err := cmp.Or(
		checkDuration(request.Duration, longest(template, request)),
		checkPurpose(request.Purpose),
		s.checkTicketRule(template.Ticket.Use, request),
	); err != nil {
		return contract.Request{}, err
	}
	if request.Ticket, err = s.ticketOf(ctx, request); err != nil {
		return contract.Request{}, err
	}
	if err := s.checkTicketExists(ctx, request.Ticket); err != nil {
		return contract.Request{}, err
	}
	request.Terms.UpdateIncident, err = s.knowsIncident(ctx, request)
	return request, err
}

// terms pins what the template gives to the subject, and under which rules.
func (s *Snapshot) terms(
	ctx context.Context,
	template config.Template,
	request contract.Request,
) (contract.Terms, error) {
	if _, ok := s.config.People[request.Subject]; !ok {
		return contract.Terms{}, contract.Invalid("there is no person %q", request.Subject).
			At("subject").
			Advise("give the id of a person in the directory")
	}
	terms, missing := s.config.Terms(template, request.Subject)
	request.Terms = terms
	facts, err := s.facts(ctx, request)
	if err == nil {
		err = cmp.Or(checkParties(facts), checkRules(facts))
	}
	if err != nil {
		return contract.Terms{}, err
	}
	if missing != "" {
		return contract.Terms{}, contract.Invalid("%s has no account on %s", request.Subject, missing).
			At("subject").
			Advise("ask an administrator to add it to the person's accounts in curfew.yaml")
	}
	return terms, nil
}

func (s *Snapshot) template(name string) (config.Template, error) {
	if template, ok := s.config.Templates[name]; ok {
		return template, nil
	}
	if name == "" {
		return config.Template{}, contract.Invalid("no template is named").
			At("template").
			Advise("`curfew templates` lists them")
	}
	fix := "`curfew templates` lists them"
	if meant, found := strictyaml.Nearest(name, slices.Collect(maps.Keys(s.config.Templates))); found {
		fix = "did you mean " + meant + "?"
	}
	return config.Template{}, contract.Invalid("there is no template %q", shortened(name)).At("template").Advise(fix)
}

// requestID checks a client's id, or makes one that nobody can guess.
func requestID(ask Ask, at time.Time) (string, error) {
	if ask.ID == "" {
		made, err := ulid.New(ulid.Timestamp(at), rand.Reader)
		if err != nil {
			return "", problemOf(fmt.Errorf("make an id: %w", err), "")
		}
		return made.String(), nil
	}
	parsed, err := parseID(ask.ID)
	if err != nil {
		return "", err
	}
	if skew := at.Sub(parsed.Timestamp()); skew.Abs() > maxSkew && !ask.derived {
		return "", contract.Invalid("the time in it is %s off; %s are allowed", skew.Abs().Round(time.Second), contract.Duration{Duration: maxSkew}).
			At("id").
			Advise("make a new id, or leave it out")
	}
	return ask.ID, nil
}

// parseID wants the one way of writing a ULID, because an id is a part of names and paths.
func parseID(id string) (ulid.ULID, error) {
	parsed, err := ulid.ParseStrict(id)
	if err != nil || parsed.String() != id {
		return parsed, contract.Invalid("%q is not the id of a request", shortened(id)).
			At("id").
			Advise("give it as `curfew list` shows it: 26 capital letters and digits")
	}
	return parsed, nil
}

func checkID(id string) error {
	_, err := parseID(id)
	return err
}

func checkDuration(asked, longest contract.Duration) error {
	if asked.Duration < 0 {
		return contract.Invalid("%s is negative", asked).
			At("duration").
			Advise(fmt.Sprintf("ask for %s or less", longest))
	}
	if asked.Duration == 0 {
		return contract.Invalid("zero is no time at all").
			At("duration").
			Advise(fmt.Sprintf("ask for %s or less", longest))
	}
	if asked.Duration > longest.Duration {
		return contract.Invalid("%s is over the maximum of %s", asked, longest).
			At("duration").
			Advise(fmt.Sprintf("ask for %s or less", longest))
	}
	return nil
}

// longest is how long access may last that is asked for in this way.
func longest(template config.Template, request contract.Request) contract.Duration {
	if request.BreakGlass && template.BreakGlass.MaxDuration.Duration > 0 {
		return template.BreakGlass.MaxDuration
	}
	return template.Duration.Max
}

// checkStart refuses a start that makes no sense; how far ahead one may be is the policy's to say.
func checkStart(request contract.Request) error {
	switch {
	case request.StartAt.IsZero():
		return nil
	case request.BreakGlass:
		return contract.Invalid("break-glass access opens at once").At("startAt").Advise("leave it out")
	case !request.StartAt.After(request.AskedAt):
		return contract.Invalid("%s is over", request.StartAt.Format(time.RFC3339)).
			At("startAt").
			Advise("choose a time that is ahead, or leave it out")
	}
	return nil
}

// knowsIncident is true when an incident system has the request's incident, and so is told what comes of it. One that
// is down refuses nobody whose template does not ask for an incident.
func (s *Snapshot) knowsIncident(ctx context.Context, request contract.Request) (bool, error) {
	system := s.incidents.For(request.Incident)
	if request.Incident == "" || system == nil {
		return false, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := system.Find(ctx, request.Incident)
	problem, known := contract.ProblemOf(err)
	switch {
	case known && problem.Kind == contract.KindNotFound:
		return false, contract.Invalid("there is no incident %s", request.Incident).
			At("incident").
			Advise("check its id")
	case err != nil && request.Terms.Rules.Incident.Required && !request.BreakGlass:
		down := contract.Unavailable("%s can't be reached, so %s can't be checked", system.Name(), request.Incident).
			At("incident").
			Advise("nothing was started: try again")
		return false, &failure{down, err}
	}
	return true, nil
}
