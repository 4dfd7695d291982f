// Package facts gathers what the policy decides on. The server tells by them what somebody may ask for and review, and
// the deciding worker decides by them: the same fact has the same meaning to both.
package facts

import (
	"context"
	"time"

	"curfew/activities/group"
	"curfew/activities/incident"
	"curfew/activities/ledger"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// Sources are the systems that facts are read from.
type Sources struct {
	Groups    *group.Groups
	Tickets   ticket.System // nil when there is no tracker
	Incidents incident.Systems
	// Requests are those of the ledger, from which is known who has had access before; nil where nothing is known of
	// them.
	Requests ledger.Events
}

// By gathers facts by one configuration.
func (s Sources) By(c *config.Config) Gatherer { return Gatherer{sources: s, config: c} }

// Gatherer gathers facts. It is made by Sources.By.
type Gatherer struct {
	sources Sources
	config  *config.Config
}

// All are all facts that a decision depends on. While something that is needed does not answer there is an error, and
// so no decision.
func (g Gatherer) All(
	ctx context.Context,
	request contract.Request,
	reviews []contract.Review,
	extension *policy.Extension,
) (policy.Facts, error) {
	facts, err := g.Parties(ctx, request, reviews)
	if err != nil {
		return facts, err
	}
	facts.Extension = extension
	if err := g.memberships(ctx, &facts); err != nil {
		return facts, err
	}
	if err := g.continuity(ctx, &facts); err != nil {
		return facts, err
	}
	err = g.evidence(ctx, &facts)
	return facts, err
}

// Parties are the facts about those whom a request concerns, and the rules of this moment: enough to tell who may ask
// for it and who may review it. They come with an error where who is in a group can't be told now; the other facts are
// there all the same.
func (g Gatherer) Parties(
	ctx context.Context,
	request contract.Request,
	reviews []contract.Review,
) (policy.Facts, error) {
	facts := policy.Facts{Request: request, Reviews: reviews, Now: time.Now().UTC()}
	if template, present := g.config.Templates[request.Template]; present {
		terms, _ := g.config.Terms(template, request.Subject) // whoever lost an account is given nothing
		facts.Present = &terms
	}
	err := g.members(ctx, &facts)
	facts.People = map[string]policy.Person{}
	for _, id := range facts.Concerned() {
		if person, found := g.config.People[id]; found {
			facts.People[id] = policy.Person{Name: person.Name}
		}
	}
	return facts, err
}

// members reads who is in the groups that the terms name.
func (g Gatherer) members(ctx context.Context, facts *policy.Facts) error {
	facts.Groups = map[string][]string{}
	for _, group := range facts.GroupNames() {
		members, err := g.sources.Groups.Members(ctx, g.config, group)
		if err != nil {
			return err
		}
		facts.Groups[group] = members.People
		if members.Open {
			facts.Open = append(facts.Open, group)
		}
	}
	return nil
}

// memberships reads which groups those are in who gain by the request: conditions go by them.
func (g Gatherer) memberships(ctx context.Context, facts *policy.Facts) (err error) {
	for _, id := range []string{facts.Request.Requester, facts.Request.Subject} {
		person, known := facts.People[id]
		if !known {
			continue
		}
		if person.Groups, err = g.sources.Groups.Of(ctx, g.config, id); err != nil {
			return err
		}
		facts.People[id] = person
	}
	return nil
}

// evidenceWithin bounds how long an extension waits for other systems.
const evidenceWithin = 3 * time.Second

// evidence reads the ticket and the incident. For an extension they are read if they can be: it rests on what was found
// when the access was asked for, and only conditions may look at them again.
func (g Gatherer) evidence(ctx context.Context, facts *policy.Facts) error {
	if facts.Extension != nil {
		if !facts.HaveConditions() {
			return nil
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, evidenceWithin)
		defer cancel()
	}
	var err error
	facts.Ticket, err = g.ticket(ctx, facts.Request.Ticket)
	if err == nil {
		facts.Incident, err = g.incident(ctx, facts.Request)
	}
	if facts.Extension != nil {
		return nil
	}
	return err
}

func (g Gatherer) ticket(ctx context.Context, key string) (policy.Ticket, error) {
	if key == "" || g.sources.Tickets == nil {
		return policy.Ticket{}, nil
	}
	found, err := g.sources.Tickets.Find(ctx, key)
	if isMissing(err) {
		return policy.Ticket{}, nil
	}
	if err != nil {
		return policy.Ticket{}, err
	}
	assignee, _ := g.config.PersonByAccount(g.sources.Tickets.Name(), found.Assignee)
	reporter, _ := g.config.PersonByAccount(g.sources.Tickets.Name(), found.Reporter)
	return policy.Ticket{
		Found:       true,
		Key:         found.Key,
		Status:      found.Status,
		ShownStatus: found.ShownStatus,
		Done:        found.Done,
		Assignee:    assignee,
		Reporter:    reporter,
	}, nil
}

func (g Gatherer) incident(ctx context.Context, request contract.Request) (policy.Incident, error) {
	system := g.sources.Incidents.For(request.Incident)
	switch {
	case request.Incident == "":
		return policy.Incident{}, nil
	case len(g.sources.Incidents) == 0:
		return policy.Incident{Unknown: "no incident system is configured"}, nil
	case system == nil:
		return policy.Incident{Unknown: "no incident system that is configured has such ids"}, nil
	}
	found, err := system.Find(ctx, request.Incident)
	if isMissing(err) {
		return policy.Incident{}, nil
	}
	if err != nil {
		return policy.Incident{}, err
	}
	level, err := g.onCall(ctx, system, found.Service, request.Requester)
	return policy.Incident{
		Found:        true,
		Service:      found.Service,
		Urgency:      found.Urgency,
		Open:         found.Open,
		Acknowledged: found.Acknowledged,
		OnCall:       level,
	}, err
}

// onCall is the lowest level at which a person is on call for a service; 0 for none.
func (g Gatherer) onCall(ctx context.Context, system incident.System, service, person string) (int, error) {
	turns, err := system.OnCall(ctx, service)
	if err != nil {
		return 0, err
	}
	lowest := 0
	for _, turn := range turns {
		whose, known := g.config.PersonByAccount(system.Name(), turn.Account)
		if known && whose == person && turn.Level > 0 && (lowest == 0 || turn.Level < lowest) {
			lowest = turn.Level
		}
	}
	return lowest, nil
}

func isMissing(err error) bool {
	problem, ok := contract.ProblemOf(err)
	return ok && problem.Kind == contract.KindNotFound
}
