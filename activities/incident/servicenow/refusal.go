package servicenow

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	// longestWait bounds what ServiceNow may ask us to wait: its limits are counted by the hour.
	longestWait = time.Hour
	// messageLimit bounds what is repeated of ServiceNow's own words, in UTF-16 code units.
	messageLimit = 300
)

// fault is what ServiceNow says went wrong.
type fault struct {
	Message string `json:"message"`
	Detail  string `json:"detail"`
}

// String is the fault in one bounded line.
func (f *fault) String() string {
	said := story.OneLine(strings.TrimSpace(f.Message+" "+f.Detail), messageLimit)
	if said == "" {
		return "no reason given"
	}
	return said
}

// refusal turns a reply other than success into a problem; nil means success.
func (s *System) refusal(a answer) *contract.Problem {
	switch {
	case a.status >= 200 && a.status < 300:
		return nil
	case a.status == http.StatusUnauthorized:
		return contract.Problemf(contract.KindUnavailable, "",
			"renew them: incidents.servicenow.clientSecret, or user and password", "%s does not accept Curfew's credentials", s.site)
	case passing(a.status):
		problem := contract.Problemf(contract.KindUnavailable, "", "wait until ServiceNow has recovered", "%s answered %d", s.site, a.status)
		problem.RetryAfter.Duration = retryAfter(a.header)
		return problem
	case a.status < 400:
		return s.site.Strange("a redirect")
	case !outbound.IsJSON(a.header):
		return s.site.Strange(strconv.Itoa(a.status) + ", but not in ServiceNow's way")
	}
	return contract.Problemf(contract.KindDenied, "",
		"give Curfew's ServiceNow account what docs/incidents/servicenow.md lists", "%s refused with %d: %s", s.site, a.status, a.said())
}

// said is what ServiceNow gives as its reason.
func (a answer) said() string {
	var reply struct {
		Error fault `json:"error"`
	}
	_ = json.Unmarshal(a.body, &reply) // what can't be read stays empty
	return reply.Error.String()
}

// passing is true for what is likely to be over when it is tried again.
func passing(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	}
	return status >= 500
}

// retryAfter reads the header of that name: seconds, or an instant by the clock of whoever answered. Zero means that
// nothing was asked for.
func retryAfter(header http.Header) time.Duration {
	text := header.Get("Retry-After")
	var wait time.Duration
	if seconds, err := strconv.Atoi(text); err == nil {
		wait = time.Duration(min(seconds, int(longestWait.Seconds()))) * time.Second
	} else if instant, err := http.ParseTime(text); err == nil {
		now := time.Now()
		if theirs, err := http.ParseTime(header.Get("Date")); err == nil {
			now = theirs
		}
		wait = instant.Sub(now)
	}
	return min(max(wait, 0), longestWait)
}
