package jira

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	// longestWait bounds what Jira may ask us to wait, so that a wrong clock can't silence a ticket for days.
	longestWait = time.Hour
	// messageLimit bounds what is repeated of Jira's own words, in UTF-16 code units.
	messageLimit = 300
)

// refusal turns a reply other than success into a problem; nil means success.
func (s *System) refusal(e exchange, response *http.Response, body []byte) *contract.Problem {
	status := response.StatusCode
	switch {
	case !signedIn(response):
		return contract.Problemf(contract.KindUnavailable, "",
			"renew Jira's token (tickets.jira.token); on Cloud see that tickets.jira.user is the e-mail of its account",
			"%s does not accept Curfew's token", s.site)
	case status >= 200 && status < 300:
		return nil
	case status == http.StatusNotFound:
		return s.notFound(e, response)
	case status == http.StatusForbidden:
		return contract.Problemf(contract.KindDenied, "",
			"give Curfew's Jira account "+e.permissions()+" in the ticket's project", "%s forbids this: %s", s.site, said(response, body))
	case status == http.StatusRequestEntityTooLarge:
		return contract.Problemf(contract.KindDenied, "",
			"continue on a new ticket, or delete comments", "the ticket has as many comments as Jira allows")
	case passing(status):
		problem := contract.Problemf(contract.KindUnavailable, "", "wait until Jira has recovered", "%s answered %d", s.site, status)
		problem.RetryAfter.Duration = retryAfter(response)
		return problem
	case status < 400:
		return s.site.Strange("a redirect")
	default:
		return contract.Problemf(contract.KindDenied, "",
			"see that "+e.needs()+" from Curfew's Jira account", "%s refused with %d: %s", s.site, status, said(response, body))
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
func signedIn(response *http.Response) bool {
	reason := response.Header.Get("X-Seraph-LoginReason")
	return response.StatusCode != http.StatusUnauthorized &&
		!strings.Contains(reason, "AUTHENTICATED_FAILED") && !strings.Contains(reason, "AUTHENTICATION_DENIED")
}

// passing is true for what is likely to be over when it is tried again.
func passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// notFound believes only Jira itself that there is no such ticket.
func (s *System) notFound(e exchange, response *http.Response) *contract.Problem {
	switch {
	case e.about != "" && outbound.IsJSON(response.Header):
		return contract.Problemf(contract.KindNotFound, "", "check its name, and that Curfew's Jira account may see it", "%s has no such %s", s.site, e.about)
	case e.ticket == "" || !outbound.IsJSON(response.Header):
		return s.site.Strange("404, but not in Jira's way")
	}
	return contract.Problemf(contract.KindNotFound, "ticket",
		"check the key, and that Curfew's Jira account may see the project", "Jira has no ticket %s", e.ticket)
}

// said is what Jira gives as its reason, in one bounded line.
func said(response *http.Response, body []byte) string {
	var reply struct {
		Messages []string       `json:"errorMessages"`
		Errors   map[string]any `json:"errors"`
	}
	if outbound.IsJSON(response.Header) {
		_ = json.Unmarshal(body, &reply) // what can't be read stays empty
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

// retryAfter reads the header of that name: seconds, or an instant by the clock of whoever answered. Zero means that
// nothing was asked for.
func retryAfter(response *http.Response) time.Duration {
	header := response.Header.Get("Retry-After")
	if header == "" {
		return 0
	}
	var wait time.Duration
	if seconds, err := strconv.Atoi(header); err == nil {
		wait = time.Duration(min(seconds, int(longestWait.Seconds()))) * time.Second
	} else if instant, err := http.ParseTime(header); err == nil {
		now := time.Now()
		if theirs, err := http.ParseTime(response.Header.Get("Date")); err == nil {
			now = theirs
		}
		wait = instant.Sub(now)
	}
	return min(max(wait, 0), longestWait)
}
