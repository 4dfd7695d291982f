package policy

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"curfew/internal/policy/condition"
	"curfew/workflows/contract"
)

// Conditions are compiled conditions by their text. They may be used by many goroutines at once while nobody adds to
// them.
type Conditions map[string]compiled

type compiled struct {
	condition *condition.Condition
	err       error
}

// Compile compiles the conditions of terms. One that can't be compiled, because a release that is gone allowed it, is
// kept with its error: it never holds.
func Compile(terms ...contract.Terms) Conditions {
	conditions := Conditions{}
	for _, t := range terms {
		conditions.Add(t)
	}
	return conditions
}

// Add compiles the conditions of terms that are not there yet.
func (c Conditions) Add(terms contract.Terms) {
	for _, constraint := range slices.Concat(terms.Rules.Constraints, terms.Rules.Automatic) {
		if _, found := c[constraint.Condition]; !found {
			ready, err := condition.Compile(constraint.Condition)
			c[constraint.Condition] = compiled{ready, err}
		}
	}
}

// Have is true when all conditions of terms are there.
func (c Conditions) Have(terms contract.Terms) bool {
	for _, constraint := range slices.Concat(terms.Rules.Constraints, terms.Rules.Automatic) {
		if _, found := c[constraint.Condition]; !found {
			return false
		}
	}
	return true
}

// Value is what a condition came to in a decision.
type Value struct {
	Name      string `json:"name"`
	Condition string `json:"condition"`
	Holds     bool   `json:"holds"`
	// Problem says why it could not be evaluated; then it does not hold.
	Problem string `json:"problem,omitempty"`
}

// evaluation evaluates each condition of a decision once: the facts are the same for all.
type evaluation struct {
	conditions Conditions
	facts      condition.Facts
	fault      error // of the facts: nothing holds
	values     []Value
}

func evaluate(conditions Conditions, facts Facts) *evaluation {
	e := &evaluation{conditions: conditions}
	e.facts, e.fault = variables(facts)
	return e
}

// value evaluates a condition. Constraints of one name and text have one value.
func (e *evaluation) value(c contract.Constraint) Value {
	for _, known := range e.values {
		if known.Condition == c.Condition && known.Name == c.Name {
			return known
		}
	}
	value := Value{Name: c.Name, Condition: c.Condition}
	holds, err := e.holds(c.Condition)
	if value.Holds = holds; err != nil {
		value.Problem = contract.Shorten(err.Error(), maxProblem)
	}
	e.values = append(e.values, value)
	return value
}

// maxProblem bounds what is stored of an evaluation's error, in bytes.
const maxProblem = 512

func (e *evaluation) holds(text string) (bool, error) {
	ready, found := e.conditions[text]
	switch {
	case e.fault != nil:
		return false, e.fault
	case !found:
		return false, errors.New("it was not compiled")
	case ready.err != nil:
		return false, ready.err
	}
	return ready.condition.Holds(e.facts)
}

// broken are the messages of the constraints that don't hold.
func (e *evaluation) broken(constraints []contract.Constraint) []string {
	var reasons []string
	for _, constraint := range constraints {
		value := e.value(constraint)
		if value.Holds {
			continue
		}
		reason := constraint.Message
		if value.Problem != "" {
			reason += fmt.Sprintf(" (%s could not be evaluated: %s)", constraint.Name, value.Problem)
		}
		reasons = append(reasons, reason)
	}
	return reasons
}

// variables puts facts into the words of conditions.
func variables(facts Facts) (condition.Facts, error) {
	r, ticket, incident := facts.Request, facts.Ticket, facts.Incident
	key := cmp.Or(ticket.Key, r.Ticket)
	project, _, _ := strings.Cut(key, "-")
	person := func(id string) condition.Person {
		return condition.Person{ID: id, Name: facts.People[id].Name, Groups: facts.People[id].Groups}
	}
	return condition.FactsOf(
		condition.Request{
			ID: r.ID, Template: r.Template, Reason: r.Reason, Ticket: r.Ticket, Incident: r.Incident, Source: r.Source,
			AskedAt: r.AskedAt, StartAt: r.StartAt, Duration: facts.duration().Duration,
			Extension: facts.Extension != nil, BreakGlass: r.BreakGlass,
		},
		person(r.Requester), person(r.Subject),
		condition.Ticket{
			Found: ticket.Found, Key: key, Project: project, Status: ticket.Status, Done: ticket.Done,
			Assignee: ticket.Assignee, Reporter: ticket.Reporter,
		},
		condition.Incident{
			Found:        incident.Found,
			ID:           r.Incident,
			Service:      incident.Service,
			Urgency:      incident.Urgency,
			Open:         incident.Open,
			Acknowledged: incident.Acknowledged,
			OnCall:       incident.OnCall,
		},
		facts.Now,
	)
}
