package rehearsal

import (
	"cmp"
	"slices"
	"strings"
	"time"

	"curfew/internal/config"
	"curfew/internal/policy"
	"curfew/workflows/contract"
)

// Outcome is what became of a case.
type Outcome struct {
	Case        Case
	Explanation policy.Explanation
	// Differences are what is not as it was to be; none when all is.
	Differences []Difference
}

// Difference is one thing that is not as it was to be.
type Difference struct {
	Field string `json:"field"`
	Want  string `json:"want"`
	Got   string `json:"got"`
}

// Play decides a case by the rules of a configuration, and compares. Times that the case leaves out are taken from now.
func Play(c *config.Config, one Case, now time.Time) (Outcome, error) {
	facts, err := factsOf(c, one, now)
	if err != nil {
		return Outcome{}, err
	}
	explanation := policy.Explain(facts)
	return Outcome{Case: one, Explanation: explanation, Differences: one.Want.differences(explanation.Decision)}, nil
}

func factsOf(c *config.Config, one Case, now time.Time) (policy.Facts, error) {
	template, found := c.Templates[one.Template]
	if !found {
		return policy.Facts{}, contract.Invalid("%s: there is no template %q", one.Name, contract.Shorten(one.Template, 64)).
			At("template").
			Advise("name one of the configuration")
	}
	at := one.Time
	if at.IsZero() {
		at = now
	}
	asked := one.Asked
	if asked.IsZero() {
		asked = at
	}
	subject := cmp.Or(one.Subject, one.Requester)
	terms, _ := c.Terms(template, subject)
	facts := policy.Facts{
		Request: contract.Request{
			ID:        "rehearsal",
			Template:  one.Template,
			Requester: one.Requester,
			Subject:   subject,
			Purpose:   contract.Purpose{Reason: one.Reason},
			Source:    "rehearsal",
			Duration: cmp.Or(
				one.Duration,
				template.Duration.Default,
			),
			AskedAt:    asked,
			StartAt:    one.StartAt,
			BreakGlass: one.BreakGlass,
			Terms:      terms,
		},
		Present: &terms, Now: at, Groups: map[string][]string{}, People: map[string]policy.Person{},
	}
	one.evidence(&facts)
	one.reviews(&facts)
	one.people(c, &facts)
	return facts, nil
}

func (one Case) evidence(facts *policy.Facts) {
	if t := one.Ticket; t != nil {
		facts.Request.Ticket = t.Key
		facts.Ticket = policy.Ticket{
			Found:    !t.Missing,
			Status:   t.Status,
			Done:     t.Done,
			Assignee: t.Assignee,
			Reporter: t.Reporter,
		}
	}
	if i := one.Incident; i != nil {
		facts.Request.Incident = i.ID
		facts.Incident = policy.Incident{
			Found:        !i.Missing,
			Service:      i.Service,
			Urgency:      i.Urgency,
			Open:         i.Open,
			Acknowledged: i.Acknowledged,
			OnCall:       i.OnCall,
		}
	}
	if x := one.Extension; x != nil {
		added := x.Added.Duration + x.By.Duration
		facts.Extension = &policy.Extension{
			Total: contract.Duration{Duration: facts.Request.Duration.Duration + added},
			Added: contract.Duration{Duration: added}, Earlier: x.Earlier, Anew: x.Anew,
		}
	}
}

func (one Case) reviews(facts *policy.Facts) {
	for _, review := range one.Reviews {
		facts.Reviews = append(facts.Reviews, contract.Review{
			Request: facts.Request.ID, Reviewer: review.By, Verdict: review.Verdict,
			At: facts.Request.AskedAt.Add(review.After.Duration), Duration: review.Duration,
		})
	}
}

// people fills in the directory; a group that the case has takes the place of the configured one. Nobody is asked who
// is in a group elsewhere, so where the case does not say there may be others.
func (one Case) people(c *config.Config, facts *policy.Facts) {
	for _, group := range facts.GroupNames() {
		facts.Groups[group] = c.Members(group)
		if _, said := one.Groups[group]; !said && !c.Groups[group].Listed() {
			facts.Open = append(facts.Open, group)
		}
	}
	for group, members := range one.Groups {
		facts.Groups[group] = members
	}
	for _, id := range facts.Concerned() {
		if person, known := c.People[id]; known {
			facts.People[id] = policy.Person{Name: person.Name, Groups: one.groupsOf(c, id)}
		}
	}
}

func (one Case) groupsOf(c *config.Config, person string) []string {
	groups := slices.DeleteFunc(c.GroupsOf(person), func(group string) bool {
		_, replaced := one.Groups[group]
		return replaced
	})
	for group, members := range one.Groups {
		if slices.Contains(members, person) {
			groups = append(groups, group)
		}
	}
	slices.Sort(groups)
	return groups
}

func (w Want) differences(got contract.Decision) []Difference {
	var differences []Difference
	compare := func(field, want, have string) {
		if want != "" && want != have {
			differences = append(differences, Difference{field, want, have})
		}
	}
	compare("ruling", string(w.Ruling), string(got.Ruling))
	compare("why", w.Why, got.Why)
	if w.Duration.Duration > 0 {
		compare("duration", w.Duration.String(), got.Duration.String())
	}
	sorted := func(people []string) string { return strings.Join(slices.Sorted(slices.Values(people)), ", ") }
	compare("from", sorted(w.From), sorted(got.From))
	return differences
}
