package servicenow

import (
	"context"
	"encoding/json"
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

// list reads the records of a table that an encoded query finds.
func (s *System) list(ctx context.Context, table, query, fields, limit string, into any) error {
	return s.call(ctx, exchange{method: http.MethodGet, path: []string{table}, receive: into, query: url.Values{
		"sysparm_query": {
			query,
		},
		"sysparm_fields":                 {fields},
		"sysparm_limit":                  {limit},
		"sysparm_exclude_reference_link": {"true"},
	}})
}

// call sends a request. After an error other than a refusal its effect is unknown.
func (s *System) call(ctx context.Context, e exchange) error {
	call := outbound.Call{Method: e.method, Path: "/api/now/table", Query: e.query, Send: e.send}
	for _, step := range e.path {
		call.Path += "/" + url.PathEscape(step)
	}
	answer, err := s.api.Do(ctx, call)
	if err == nil && answer.Status == http.StatusUnauthorized && s.credentials.renew() {
		answer, err = s.api.Do(ctx, call)
	}
	if err != nil {
		return err
	}
	switch problem := s.refusal(answer); {
	case problem != nil && e.method == http.MethodPatch:
		return story.Refused(problem, answer.Status, answer.IsJSON())
	case problem != nil:
		return problem
	}
	// A reply that took too long may have both, a part of the result and an error.
	var whole struct {
		Result json.RawMessage `json:"result"`
		Error  *fault          `json:"error"`
	}
	switch {
	case !answer.JSON(&whole):
		return s.api.Strange("something that is not ServiceNow's JSON")
	case whole.Error != nil:
		return contract.Unavailable("%s did not finish: %s", s.api, whole.Error).
			Advise("wait until ServiceNow has recovered")
	case whole.Result == nil || json.Unmarshal(whole.Result, e.receive) != nil:
		return s.api.Strange("something else than what was asked for")
	}
	return nil
}
