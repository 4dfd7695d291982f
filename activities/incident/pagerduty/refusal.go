package pagerduty

import (
	"encoding/json"
	"net/http"
	"strings"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// counterReset is PagerDuty's own header for when its limits are counted anew.
const counterReset = "ratelimit-reset"

// refusal turns a reply other than success into a problem; nil means success.
func (s *System) refusal(e exchange, answer outbound.Answer) *contract.Problem {
	switch status := answer.Status; {
	case answer.OK():
		return nil
	case status == http.StatusUnauthorized:
		return contract.Unavailable("%s does not accept Curfew's API key", s.api).
			Advise("renew PagerDuty's API key (incidents.pagerduty.token)")
	case status == http.StatusNotFound:
		return s.notFound(e, answer)
	case status == http.StatusForbidden:
		return contract.Denied("%s forbids this: %s", s.api, said(answer.Body)).
			Advise("use an API key that may read and write, of an account or user that may see the incident's team")
	case answer.Passes():
		problem := contract.Unavailable("%s answered %d", s.api, status).Advise("wait until PagerDuty has recovered")
		problem.RetryAfter = answer.RetryAfter(outbound.LongestPause, counterReset)
		return problem
	case status < 400:
		return s.api.Strange("a redirect")
	default:
		return contract.Denied("%s refused with %d: %s", s.api, status, said(answer.Body)).
			Advise("see that incidents.pagerduty.from is one of its users, who may respond to the incident")
	}
}

// notFound believes only PagerDuty itself that something is not there.
func (s *System) notFound(e exchange, answer outbound.Answer) *contract.Problem {
	if e.about == "" || !answer.IsJSON() || failureOf(answer.Body).Code == 0 {
		return s.api.Strange("404, but not in PagerDuty's way")
	}
	return contract.NotFound("PagerDuty has no such %s", e.about).
		At(e.about).
		Advise("check the id, and that Curfew's API key may see the " + e.about)
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
