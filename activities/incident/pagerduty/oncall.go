package pagerduty

import (
	"context"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"curfew/activities/incident"
	"curfew/workflows/contract"
)

const (
	// pageSize is the most that PagerDuty gives at once.
	pageSize = 100
	// pageLimit bounds how many turns, and how many users, are read.
	pageLimit = 10
)

// page is what lists say of themselves.
type page struct {
	More bool `json:"more"`
}

// turn is one user's time on one level of an escalation policy.
type turn struct {
	User   reference `json:"user"`
	Policy reference `json:"escalation_policy"`
	Level  int       `json:"escalation_level"`
	// Start is empty for who has always been on call, End for who always will be.
	Start string `json:"start"`
	End   string `json:"end"`
}

// OnCall returns who is on call by the escalation policy of a service; nobody when there is no such service.
func (s *System) OnCall(ctx context.Context, service string) ([]incident.OnCall, error) {
	policy, err := s.policyOf(ctx, service)
	if err != nil || policy == "" {
		return nil, err
	}
	var onCall []incident.OnCall
	for offset := 0; offset < pageLimit*pageSize; offset += pageSize {
		var reply struct {
			page
			Turns []turn `json:"oncalls"`
		}
		var answered time.Time
		// Without since and until PagerDuty goes by the present, and by its own clock.
		err := s.call(ctx, exchange{
			method:   http.MethodGet,
			path:     "/oncalls",
			query:    paged(offset, "escalation_policy_ids[]", policy),
			receive:  &reply,
			answered: &answered,
		})
		if err != nil {
			return nil, err
		}
		for _, t := range reply.Turns {
			present, ok := t.covers(answered)
			if !ok || t.Level < 1 || !idPattern.MatchString(t.User.ID) {
				return nil, s.api.Strange("somebody's turn that can't be read")
			}
			if present && t.Policy.ID == policy {
				onCall = append(onCall, incident.OnCall{Account: t.User.ID, Level: t.Level})
			}
		}
		if !reply.More {
			return onCall, nil
		}
	}
	return nil, s.api.Strange("more people on call than can be read")
}

// paged asks for one page of a list.
func paged(offset int, filter, value string) url.Values {
	return url.Values{filter: {value}, "limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}}
}

// policyOf is the escalation policy of a service; empty when there is no such service, or none that the key may see.
func (s *System) policyOf(ctx context.Context, service string) (string, error) {
	if !idPattern.MatchString(service) {
		return "", contract.Invalid("%.60q is no service of PagerDuty", service).
			At("service").
			Advise("write the id that stands in the address of the service's page, like PIJ90N7")
	}
	var reply struct {
		Service struct {
			ID     string    `json:"id"`
			Policy reference `json:"escalation_policy"`
		} `json:"service"`
	}
	err := s.call(
		ctx,
		exchange{method: http.MethodGet, about: aboutService, path: "/services/" + service, receive: &reply},
	)
	if problem, ok := contract.ProblemOf(err); ok && problem.Kind == contract.KindNotFound {
		return "", nil
	}
	if err != nil {
		return "", err
	}
	if reply.Service.ID != service || !idPattern.MatchString(reply.Service.Policy.ID) {
		return "", s.api.Strange("another service, or one without an escalation policy")
	}
	return reply.Service.Policy.ID, nil
}

// covers says whether an instant is within the turn; false for a turn whose bounds are no times.
func (t turn) covers(instant time.Time) (present, ok bool) {
	start, startErr := bound(t.Start, instant)
	end, endErr := bound(t.End, instant.Add(time.Second))
	return !start.After(instant) && end.After(instant), startErr == nil && endErr == nil
}

func bound(text string, absent time.Time) (time.Time, error) {
	if text == "" {
		return absent, nil
	}
	return time.Parse(time.RFC3339, text)
}
