package pagerduty

import (
	"cmp"
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// longestWait bounds what PagerDuty may ask us to wait, so that a wrong clock can't silence an incident for days.
const longestWait = time.Hour

// refusal turns a reply other than success into a problem; nil means success.
func (s *System) refusal(e exchange, response *http.Response, body []byte) *contract.Problem {
	status := response.StatusCode
	switch {
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusUnauthorized:
		return contract.Problemf(contract.KindUnavailable, "",
			"renew PagerDuty's API key (incidents.pagerduty.token)", "%s does not accept Curfew's API key", s.site)
	case status == http.StatusNotFound:
		return s.notFound(e, response, body)
	case status == http.StatusForbidden:
		return contract.Problemf(contract.KindDenied, "",
			"use an API key that may read and write, of an account or user that may see the incident's team", "%s forbids this: %s", s.site, said(body))
	case passing(status):
		problem := contract.Problemf(contract.KindUnavailable, "", "wait until PagerDuty has recovered", "%s answered %d", s.site, status)
		problem.RetryAfter.Duration = retryAfter(response)
		return problem
	case status < 400:
		return s.site.Strange("a redirect")
	default:
		return contract.Problemf(contract.KindDenied, "",
			"see that incidents.pagerduty.from is one of its users, who may respond to the incident", "%s refused with %d: %s", s.site, status, said(body))
	}
}

// passing is true for what is likely to be over when it is tried again.
func passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// notFound believes only PagerDuty itself that something is not there.
func (s *System) notFound(e exchange, response *http.Response, body []byte) *contract.Problem {
	if e.about == "" || !outbound.IsJSON(response.Header) || failureOf(body).Code == 0 {
		return s.site.Strange("404, but not in PagerDuty's way")
	}
	return contract.Problemf(contract.KindNotFound, e.about,
		"check the id, and that Curfew's API key may see the "+e.about, "PagerDuty has no such %s", e.about)
}

// failure is how PagerDuty reports an error.
type failure struct {
	Code    int      `json:"code"`
	Message string   `json:"message"`
	Errors  []string `json:"errors"`
}

func failureOf(body []byte) failure {
	var reply struct {
		Error failure `json:"error"`
	}
	_ = json.Unmarshal(body, &reply) // what can't be read stays empty
	return reply.Error
}

// said is what PagerDuty gives as its reason, in one bounded line.
func said(body []byte) string {
	told := failureOf(body)
	reason := oneLine(strings.Join(append([]string{told.Message}, told.Errors...), " "))
	if reason == "" {
		return "no reason given"
	}
	return reason
}

// retryAfter is how long we are asked to wait: in the usual header, as seconds or an instant by the clock of whoever answered,
// or in PagerDuty's own, as seconds. Zero means that nothing was asked for.
func retryAfter(response *http.Response) time.Duration {
	var wait time.Duration
	asked := response.Header.Get("Retry-After")
	if instant, err := http.ParseTime(asked); err == nil {
		wait = instant.Sub(clockOf(response))
	} else if seconds, err := strconv.Atoi(cmp.Or(asked, response.Header.Get("ratelimit-reset"))); err == nil {
		wait = time.Duration(min(seconds, int(longestWait.Seconds()))) * time.Second
	}
	return min(max(wait, 0), longestWait)
}
