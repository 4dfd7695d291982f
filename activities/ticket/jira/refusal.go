package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"

	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// messageLimit bounds what is repeated of Jira's own words, in UTF-16 code units.
const messageLimit = 300

// refusal turns a reply other than success into a problem; nil means success.
func (s *System) refusal(e exchange, answer outbound.Answer) *contract.Problem {
	switch status := answer.Status; {
	case !signedIn(answer):
		return contract.Unavailable("%s does not accept Curfew's token", s.site).
			Advise("renew Jira's token (tickets.jira.token); on Cloud see that tickets.jira.user is the e-mail of its account")
	case answer.OK():
		return nil
	case status == http.StatusNotFound:
		return s.notFound(e, answer)
	case status == http.StatusForbidden:
		return contract.Denied("%s forbids this: %s", s.site, said(answer)).
			Advise("give Curfew's Jira account " + e.permissions() + " in the ticket's project")
	case status == http.StatusRequestEntityTooLarge:
		return contract.Denied("the ticket has as many comments as Jira allows").
			Advise("continue on a new ticket, or delete comments")
	case answer.Passes():
		problem := contract.Unavailable("%s answered %d", s.site, status).Advise("wait until Jira has recovered")
		problem.RetryAfter = answer.RetryAfter(outbound.LongestPause, "")
		return problem
	case status < 400:
		return s.site.Strange("a redirect")
	default:
		return contract.Denied("%s refused with %d: %s", s.site, status, said(answer)).
			Advise("see that " + e.needs() + " from Curfew's Jira account")
	}
}

// permissions are those that an exchange may lack.
func (e exchange) permissions() string {
	if e.path == pathIssues {
		return "Create Issues"
	}
	return "Browse Projects, Add Comments and Link Issues"
}

// needs is what an exchange takes for granted.
func (e exchange) needs() string {
	if e.path == pathIssues {
		return "the project and the type exist, and that the project takes Summary, Description and Labels, and no more,"
	}
	return "the ticket takes comments and links"
}

// signedIn is false also for replies that look well: to an expired token, sites that let everybody in answer as they do
// to everybody, and only the header shows it.
func signedIn(answer outbound.Answer) bool {
	reason := answer.Header.Get("X-Seraph-LoginReason")
	return answer.Status != http.StatusUnauthorized &&
		!strings.Contains(reason, "AUTHENTICATED_FAILED") && !strings.Contains(reason, "AUTHENTICATION_DENIED")
}

// notFound believes only Jira itself that there is no such ticket.
func (s *System) notFound(e exchange, answer outbound.Answer) *contract.Problem {
	switch {
	case e.about != "" && answer.IsJSON():
		return contract.NotFound("%s has no such %s", s.site, e.about).
			Advise("check its name, and that Curfew's Jira account may see it")
	case e.ticket == "" || !answer.IsJSON():
		return s.site.Strange("404, but not in Jira's way")
	}
	return contract.NotFound("Jira has no ticket %s", e.ticket).
		At("ticket").
		Advise("check the key, and that Curfew's Jira account may see the project")
}

// said is what Jira gives as its reason, in one bounded line.
func said(answer outbound.Answer) string {
	var reply struct {
		Messages []string       `json:"errorMessages"`
		Errors   map[string]any `json:"errors"`
	}
	if answer.IsJSON() {
		_ = json.Unmarshal(answer.Body, &reply) // what can't be read stays empty
	}
	for _, field := range slices.Sorted(maps.Keys(reply.Errors)) {
		if message, ok := reply.Errors[field].(string); ok {
			reply.Messages = append(reply.Messages, field+": "+message)
		}
	}
	message := story.OneLine(strings.Join(reply.Messages, " "), messageLimit)
	if message == "" {
		return "no reason given"
	}
	return message
}
