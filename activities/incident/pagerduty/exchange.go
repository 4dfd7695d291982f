package pagerduty

import (
	"context"
	"net/http"
	"net/url"
	"time"

	"curfew/activities/story"
	"curfew/internal/outbound"
)

// replyLimit bounds what is read of a reply, in bytes: the 2000 notes that an incident takes fit, if they are no
// novels.
const replyLimit = 16 << 20

// What a path is about, and so what a 404 says is missing.
const (
	aboutIncident = "incident"
	aboutService  = "service"
)

// exchange is one request to PagerDuty and what its reply is decoded into.
type exchange struct {
	method   string
	about    string // empty for what can't be missing
	path     string
	query    url.Values
	send     any
	receive  any
	answered *time.Time // set to when it was answered, by PagerDuty's clock; may be nil
}

// call sends a request. After an error other than a refusal its effect is unknown.
func (s *System) call(ctx context.Context, e exchange) error {
	call := outbound.Call{Method: e.method, Path: e.path, Query: e.query, Send: e.send}
	if e.send != nil {
		call.Header = http.Header{"From": {s.from}}
	}
	answer, err := s.api.Do(ctx, call)
	if err != nil {
		return err
	}
	switch problem := s.refusal(e, answer); {
	case problem != nil && e.method == http.MethodPost:
		return story.Refused(problem, answer.Status, answer.IsJSON())
	case problem != nil:
		return problem
	case !answer.JSON(e.receive):
		return s.api.Strange("something that is not PagerDuty's JSON")
	}
	if e.answered != nil {
		*e.answered = answer.At()
	}
	return nil
}
