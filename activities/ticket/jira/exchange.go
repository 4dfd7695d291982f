package jira

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"curfew/activities/story"
	"curfew/internal/outbound"
)

// replyLimit bounds what is read of a reply, in bytes: a page of the longest comments fits.
const replyLimit = 16 << 20

// pathIssues is where tickets are created.
const pathIssues = "issue"

// exchange is one request to Jira and what its reply is decoded into.
type exchange struct {
	method  string
	ticket  string // the key of the issue that it is about; empty when it is about none
	path    string // below the issue, or below the API's root
	about   string // what a 404 says is missing, where it is no ticket
	query   url.Values
	send    any
	receive any
}

func (e exchange) address() string {
	address := "rest/api/2"
	if e.ticket != "" {
		address += "/issue/" + e.ticket
	}
	if e.path != "" {
		address += "/" + e.path
	}
	if len(e.query) > 0 {
		address += "?" + e.query.Encode()
	}
	return address
}

// call sends a request. After an error other than a refusal its effect is unknown.
func (s *System) call(ctx context.Context, e exchange) error {
	request, err := s.client.NewRequestWithContext(ctx, e.method, e.address(), e.send)
	if err != nil {
		return fmt.Errorf("make a request to Jira: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	response, err := s.client.Do(request, nil)
	if response == nil {
		return s.site.Unreachable(ctx, err)
	}
	answer, err := outbound.Read(response.Response, replyLimit)
	if err != nil {
		return s.site.Unreachable(ctx, err)
	}
	switch problem := s.refusal(e, answer); {
	case problem != nil && e.method == http.MethodPost:
		return story.Refused(problem, answer.Status, answer.IsJSON())
	case problem != nil:
		return problem
	case !answer.JSON(e.receive):
		return s.site.Strange("something that is not Jira's JSON")
	}
	return nil
}
