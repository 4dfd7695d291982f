package policy

import (
	"context"
	"time"

	"curfew/activities/incident"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// gather reads all that a decision depends on. While something that is needed does not answer there are no facts, and
// so no decision.
func (a *Activities) gather(ctx context.Context, q question) (policy.Facts, error) {
	var reviews []contract.Review
	for _, sealed := range *q.reviews() {
		reviews = append(reviews, sealed.Fact)
	}
	facts, err := a.parties(ctx, q.request(), reviews)
	if err != nil {
		return facts, err
	}
	facts.Extension = extension(q.Extension)
	if err := a.continuity(ctx, &facts); err != nil {
		return facts, err
	}
	err = a.evidence(ctx, &facts)
	return facts, err
}

// parties are the facts about those whom a request concerns, and the rules of today.
func (a *Activities) parties(
	ctx context.Context,
	request contract.Request,
	reviews []contract.Review,
) (policy.Facts, error) {
	facts := policy.Facts{Request: request, Reviews: reviews, Now: time.Now().UTC()}
	if template, present := a.config.Templates[facts.Request.Template]; present {
		terms, _ := a.config.Terms(template, facts.Request.Subject) // whoever lost an account is given nothing
		facts.Present = &terms
	}
	if err := a.members(ctx, &facts); err != nil {
		return facts, err
	}
	err := a.people(ctx, &facts)
	return facts, err
}

// extension is how long the access would last with what is asked now.
func extension(asked *contract.ExtensionQuestion) *policy.Extension {
	if asked == nil {
		return nil
	}
	by := asked.Asked.Fact.Duration.Duration
	x := &policy.Extension{Earlier: len(asked.Earlier), Anew: asked.Anew}
	x.Total.Duration, x.Added.Duration = asked.Held.Fact.Lasts.Duration+by, by
	for _, earlier := range asked.Earlier {
		x.Added.Duration += earlier.Fact.Duration.Duration
	}
	return x
}

// members reads who is in the groups that the terms name.
func (a *Activities) members(ctx context.Context, facts *policy.Facts) error {
	facts.Groups = map[string][]string{}
	for _, group := range facts.GroupNames() {
		members, err := a.Groups.Members(ctx, a.config, group)
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

// people looks up all whom the request concerns, and the groups of those who gain by it.
func (a *Activities) people(ctx context.Context, facts *policy.Facts) error {
	facts.People = map[string]policy.Person{}
	for _, id := range facts.Concerned() {
		person, found := a.config.People[id]
		if !found {
			continue
		}
		known := policy.Person{Name: person.Name}
		if id == facts.Request.Requester || id == facts.Request.Subject {
			var err error
			if known.Groups, err = a.Groups.Of(ctx, a.config, id); err != nil {
				return err
			}
		}
		facts.People[id] = known
	}
	return nil
}

// evidenceWithin bounds how long an extension waits for other systems.
const evidenceWithin = 3 * time.Second

// evidence reads the ticket and the incident. For an extension they are read if they can be: it rests on what was found
// when the access was asked for, and only conditions may look at them again.
func (a *Activities) evidence(ctx context.Context, facts *policy.Facts) error {
	if facts.Extension != nil {
		if !facts.HaveConditions() {
			return nil
		}
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, evidenceWithin)
		defer cancel()
	}
	var err error
	facts.Ticket, err = a.ticket(ctx, facts.Request.Ticket)
	if err == nil {
		facts.Incident, err = a.incident(ctx, facts.Request)
	}
	if facts.Extension != nil {
		return nil
	}
	return err
}

func (a *Activities) ticket(ctx context.Context, key string) (policy.Ticket, error) {
	if key == "" || a.Tickets == nil {
		return policy.Ticket{}, nil
	}
	found, err := a.Tickets.Find(ctx, key)
	if isMissing(err) {
		return policy.Ticket{}, nil
	}
	if err != nil {
		return policy.Ticket{}, err
	}
	assignee, _ := a.config.PersonByAccount(a.Tickets.Name(), found.Assignee)
	reporter, _ := a.config.PersonByAccount(a.Tickets.Name(), found.Reporter)
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

func (a *Activities) incident(ctx context.Context, request contract.Request) (policy.Incident, error) {
	system := a.Incidents.For(request.Incident)
	switch {
	case request.Incident == "":
		return policy.Incident{}, nil
	case len(a.Incidents) == 0:
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
	level, err := a.onCall(ctx, system, found.Service, request.Requester)
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
func (a *Activities) onCall(ctx context.Context, system incident.System, service, person string) (int, error) {
	turns, err := system.OnCall(ctx, service)
	if err != nil {
		return 0, err
	}
	lowest := 0
	for _, turn := range turns {
		whose, known := a.config.PersonByAccount(system.Name(), turn.Account)
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
