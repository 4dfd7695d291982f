package pagerduty

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"net/url"
	"strings"
	"time"

	"curfew/workflows/contract"
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
		return s.unreachable(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, replyLimit+1))
	if problem := s.refusal(e, response, body); problem != nil {
		return problem
	}
	switch {
	case err != nil:
		return s.unreachable(ctx, err)
	case len(body) > replyLimit:
		return s.strange("more than can be read")
	case !isJSON(response) || json.Unmarshal(body, e.receive) != nil:
		return s.strange("something that is not PagerDuty's JSON")
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

func isJSON(response *http.Response) bool {
	media, _, err := mime.ParseMediaType(response.Header.Get("Content-Type"))
	return err == nil && (media == "application/json" || strings.HasSuffix(media, "+json"))
}

// clockOf is the time at which a reply was sent, by the clock of whoever sent it.
func clockOf(response *http.Response) time.Time {
	if theirs, err := http.ParseTime(response.Header.Get("Date")); err == nil {
		return theirs
	}
	return time.Now()
}

// unreachable is about a request that got no reply, or half of one.
func (s *System) unreachable(ctx context.Context, err error) error {
	if ctx.Err() != nil {
		return fmt.Errorf("ask %s: %w", s.site, ctx.Err())
	}
	if wrapped := (*url.Error)(nil); errors.As(err, &wrapped) {
		err = wrapped.Err // the rest repeats the address
	}
	return contract.Problemf(contract.KindUnavailable, "",
		"see that PagerDuty is up and can be reached from here", "%s gave no answer: %v", s.site, err)
}

// strange is about a reply that PagerDuty itself would not give: more likely a proxy or a sign-in page did.
func (s *System) strange(what string) *contract.Problem {
	return contract.Problemf(contract.KindUnavailable, "",
		"see that incidents.pagerduty.url leads to PagerDuty's REST API", "%s answered with %s", s.site, what)
}
