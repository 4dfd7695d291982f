package condition

import (
	"time"

	"cel.dev/cel-go/cel"
)

// Request is what conditions know as `request`.
type Request struct {
	ID       string    `cel:"id"`
	Template string    `cel:"template"`
	Reason   string    `cel:"reason"`
	Ticket   string    `cel:"ticket"`
	Incident string    `cel:"incident"`
	Source   string    `cel:"source"`
	AskedAt  time.Time `cel:"askedAt"`
	StartAt  time.Time `cel:"startAt"`
	// Duration is how long the access would last in all, with the extension that is asked for.
	Duration   time.Duration `cel:"duration"`
	Extension  bool          `cel:"extension"`
	BreakGlass bool          `cel:"breakGlass"`
}

// Person is what conditions know as `requester` and `subject`.
type Person struct {
	ID     string   `cel:"id"`
	Name   string   `cel:"name"`
	Groups []string `cel:"groups"`
}

// Ticket is what conditions know as `ticket`; found is false when there is none.
type Ticket struct {
	Found    bool   `cel:"found"`
	Key      string `cel:"key"`
	Project  string `cel:"project"`
	Status   string `cel:"status"`
	Done     bool   `cel:"done"`
	Assignee string `cel:"assignee"` // a person's id; empty for nobody whom the directory knows
	Reporter string `cel:"reporter"` // as assignee
}

// Incident is what conditions know as `incident`; found is false when there is none.
type Incident struct {
	Found        bool   `cel:"found"`
	ID           string `cel:"id"`
	Service      string `cel:"service"`
	Urgency      string `cel:"urgency"`
	Open         bool   `cel:"open"`
	Acknowledged bool   `cel:"acknowledged"`
	// OnCall is the escalation level that the requester is on call at for the service; 0 for not on call.
	OnCall int `cel:"onCall"`
}

// Facts are the values of all variables of one decision, in CEL's own types.
type Facts struct {
	request, requester, subject, ticket, incident, now any
}

// FactsOf makes facts ready to be evaluated, once for all conditions of a decision.
func FactsOf(
	request Request,
	requester, subject Person,
	ticket Ticket,
	incident Incident,
	now time.Time,
) (Facts, error) {
	env, err := environment()
	if err != nil {
		return Facts{}, err
	}
	value := env.CELTypeAdapter().NativeToValue
	return Facts{
		request: value(&request), requester: value(&requester), subject: value(&subject),
		ticket: value(&ticket), incident: value(&incident), now: value(now),
	}, nil
}

// ResolveName finds a variable's value for CEL.
func (f Facts) ResolveName(name string) (any, bool) {
	switch name {
	case "request":
		return f.request, true
	case "requester":
		return f.requester, true
	case "subject":
		return f.subject, true
	case "ticket":
		return f.ticket, true
	case "incident":
		return f.incident, true
	case "now":
		return f.now, true
	}
	return nil, false
}

// Parent is CEL's way to ask for more variables; there are none.
func (Facts) Parent() cel.Activation { return nil }
