package scim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode"

	"curfew/workflows/contract"
)

const (
	maxText = 200 // of others, in characters
	// maxWait bounds how long a service can hold up a revoke by asking us to wait.
	maxWait = 5 * time.Minute

	errorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"
)

// said is a SCIM error.
type said struct {
	Schemas  []string `json:"schemas"`
	Detail   string   `json:"detail"`
	ScimType string   `json:"scimType"`
}

func (a answer) said() (found said, ok bool) {
	err := json.Unmarshal(a.body, &found)
	return found, err == nil && slices.Contains(found.Schemas, errorSchema)
}

// isNotFound is true when the service itself says so, and not something that stands in its place.
func (a answer) isNotFound() bool {
	_, ok := a.said()
	return ok && a.status == http.StatusNotFound
}

// refusal says what an answer means that is no success.
func (a *api) refusal(answer answer) error {
	problem := contract.Problemf(contract.KindUnavailable, "", "", "%s answered %s", a, answer).AsRefusal()
	switch status := answer.status; {
	case status == http.StatusUnauthorized:
		problem.Fault = a.String() + " does not accept the credentials"
		problem.Fix = "they may have expired: put valid ones where the target's token or oauth refers to"
	case status == http.StatusForbidden:
		problem.Kind = contract.KindDenied
		problem.Fix = "let the target's credentials read users and change groups"
	case status == http.StatusConflict || status == http.StatusPreconditionFailed:
		problem.Fix = "somebody else changes the same group: try again"
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		problem.RetryAfter = contract.Duration{Duration: retryAfter(answer.header, time.Now())}
	case status >= 300 && status < 400:
		problem.Fix = "redirects are not followed: set the target's url to where the API is"
	case status == http.StatusNotFound && !answer.isNotFound():
		return a.strange("%s", answer)
	case status == http.StatusNotImplemented,
		status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooEarly:
		problem.Kind = contract.KindDenied
	}
	return problem
}

// String is the status and what the service says about it.
func (a answer) String() string {
	status := strconv.Itoa(a.status)
	if text := http.StatusText(a.status); text != "" {
		status += " " + text
	}
	found, ok := a.said()
	if !ok || found.ScimType == "" && found.Detail == "" {
		return status
	}
	return status + ": " + clip(strings.TrimSpace(found.ScimType+" "+found.Detail))
}

// retryAfter reads the header, as seconds or as a date; what can't be read is zero.
func retryAfter(header http.Header, now time.Time) time.Duration {
	text := header.Get("Retry-After")
	wait := time.Duration(0)
	if seconds, err := strconv.ParseInt(text, 10, 32); err == nil {
		wait = time.Duration(seconds) * time.Second
	} else if date, err := http.ParseTime(text); err == nil {
		wait = date.Sub(now)
	}
	return min(max(wait, 0), maxWait)
}

// clip makes text of others fit into an error: one line, of bounded length.
func clip(text string) string {
	text = strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	if characters := []rune(text); len(characters) > maxText {
		return string(characters[:maxText]) + "…"
	}
	return text
}
