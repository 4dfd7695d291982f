package servicenow

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/url"

	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// replyLimit bounds what is read of a reply, in bytes: a page of the longest notes fits.
const replyLimit = 16 << 20

// exchange is one request to the Table API and what the result of its reply is decoded into.
type exchange struct {
	method  string
	path    []string // a table, and maybe a record
	query   url.Values
	send    any
	receive any
}

// answer is a whole reply, of whatever status.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// list reads the records of a table that an encoded query finds.
func (s *System) list(ctx context.Context, table, query, fields, limit string, into any) error {
	return s.call(ctx, exchange{method: http.MethodGet, path: []string{table}, receive: into, query: url.Values{
		"sysparm_query": {query}, "sysparm_fields": {fields}, "sysparm_limit": {limit}, "sysparm_exclude_reference_link": {"true"},
	}})
}

// call sends a request. After an error other than a refusal its effect is unknown.
func (s *System) call(ctx context.Context, e exchange) error {
	replied, err := s.try(ctx, e)
	if err == nil && replied.status == http.StatusUnauthorized && s.credentials.renew() {
		replied, err = s.try(ctx, e)
	}
	if err != nil {
		return err
	}
	switch problem := s.refusal(replied); {
	case problem != nil && e.method == http.MethodPatch:
		return story.Refused(problem, replied.status, outbound.IsJSON(replied.header))
	case problem != nil:
		return problem
	}
	// A reply that took too long may have both, a part of the result and an error.
	var whole struct {
		Result json.RawMessage `json:"result"`
		Error  *fault          `json:"error"`
	}
	switch {
	case !outbound.IsJSON(replied.header) || json.Unmarshal(replied.body, &whole) != nil:
		return s.site.Strange("something that is not ServiceNow's JSON")
	case whole.Error != nil:
		return contract.Problemf(contract.KindUnavailable, "", "wait until ServiceNow has recovered", "%s did not finish: %s", s.site, whole.Error)
	case whole.Result == nil || json.Unmarshal(whole.Result, e.receive) != nil:
		return s.site.Strange("something else than what was asked for")
	}
	return nil
}

// try sends a request once. It returns an error only when there is no whole reply.
func (s *System) try(ctx context.Context, e exchange) (answer, error) {
	request, err := s.request(ctx, e)
	if err != nil {
		return answer{}, err
	}
	if err := s.credentials.sign(ctx, request); err != nil {
		return answer{}, err
	}
	response, err := s.client.Do(request)
	if err != nil {
		return answer{}, s.site.Unreachable(ctx, err)
	}
	defer response.Body.Close()
	body, err := io.ReadAll(io.LimitReader(response.Body, replyLimit))
	if err != nil {
		return answer{}, s.site.Unreachable(ctx, err)
	}
	return answer{response.StatusCode, response.Header, body}, nil
}

func (s *System) request(ctx context.Context, e exchange) (*http.Request, error) {
	address, err := url.JoinPath(s.base, append([]string{"api/now/table"}, e.path...)...)
	if err != nil {
		return nil, fmt.Errorf("make a request to ServiceNow: %w", err)
	}
	var body []byte
	if e.send != nil {
		if body, err = json.Marshal(e.send); err != nil {
			return nil, fmt.Errorf("write a request to ServiceNow: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, e.method, address+"?"+e.query.Encode(), bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("make a request to ServiceNow: %w", err)
	}
	request.Header.Set("Accept", "application/json")
	if e.send != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	return request, nil
}
