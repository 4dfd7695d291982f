package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"curfew/activities/story"
	"curfew/internal/outbound"
)

// replyLimit bounds what is read of a reply, in bytes: the 2000 notes that an incident takes fit, if they are no novels.
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
	request, err := s.request(ctx, e)
	if err != nil {
		return fmt.Errorf("make a request to PagerDuty: %w", err)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return s.site.Unreachable(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, replyLimit+1))
	switch problem := s.refusal(e, response, body); {
	case problem != nil && e.method == http.MethodPost:
		return story.Refused(problem, response.StatusCode, outbound.IsJSON(response.Header))
	case problem != nil:
		return problem
	}
	switch {
	case err != nil:
		return s.site.Unreachable(ctx, err)
	case len(body) > replyLimit:
		return s.site.Strange("more than can be read")
	case !outbound.IsJSON(response.Header) || json.Unmarshal(body, e.receive) != nil:
		return s.site.Strange("something that is not PagerDuty's JSON")
	}
	if e.answered != nil {
		*e.answered = clockOf(response)
	}
	return nil
}

func (s *System) request(ctx context.Context, e exchange) (*http.Request, error) {
	var body io.Reader
	if e.send != nil {
		text, err := json.Marshal(e.send)
		if err != nil {
			return nil, err
		}
		body = bytes.NewReader(text)
	}
	address := s.url + e.path
	if len(e.query) > 0 {
		address += "?" + e.query.Encode()
	}
	request, err := http.NewRequestWithContext(ctx, e.method, address, body)
	if err != nil {
		return nil, err
	}
	request.Header.Set("Authorization", "Token token="+s.key.Reveal())
	request.Header.Set("Accept", "application/vnd.pagerduty+json;version=2")
	request.Header.Set("Content-Type", "application/json")
	if e.send != nil {
		request.Header.Set("From", s.from)
	}
	return request, nil
}

// clockOf is the time at which a reply was sent, by the clock of whoever sent it.
func clockOf(response *http.Response) time.Time {
	if theirs, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		return theirs
	}
	return time.Now()
}
