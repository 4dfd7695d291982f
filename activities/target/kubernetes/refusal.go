package kubernetes

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"curfew/workflows/contract"
)

const (
	maxText = 300 // of others, in characters
	// maxWait bounds how long the server can hold up a revoke by asking us to wait.
	maxWait = 5 * time.Minute
	page    = "docs/targets/kubernetes.md"
)

// refusal says what an answer means that is no success. The right is what the call needs: "list rolebindings".
func (c *cluster) refusal(answer answer, right string) *contract.Problem {
	problem := contract.Problemf(contract.KindUnavailable, "", "", "%s answered %s", c, answer.said()).AsRefusal()
	switch status := answer.status; {
	case status == http.StatusUnauthorized:
		problem.Fault = c.String() + " does not accept Curfew's credentials"
		problem.Fix = "they may have expired: put valid ones where the target's settings refer to"
	case status == http.StatusForbidden:
		problem.Kind = contract.KindDenied
		problem.Fix = fmt.Sprintf("let an administrator allow Curfew's account there to %s, as in %s", right, page)
	case status >= 300 && status < 400:
		problem.Fix = "redirects are not followed: set the target's url to where the API server is"
	case final(status):
		problem.Kind = contract.KindDenied
	default:
		problem.RetryAfter = contract.Duration{Duration: retryAfter(answer.header, time.Now())}
	}
	return problem
}

// final is true for a status that says that trying again does not help.
func final(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusGone, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	default:
		return status >= 400 && status < 500
	}
}

// said is the status and the server's message.
func (a answer) said() string {
	status := strconv.Itoa(a.status)
	if text := http.StatusText(a.status); text != "" {
		status += " " + text
	}
	if message := a.message(); message != "" {
		status += ": " + clip(message)
	}
	return status
}

func (a answer) message() string { return a.reading().Message }

// reading is what the API says of a failure; it is empty when something else has answered.
func (a answer) reading() (status metav1.Status) {
	if json.Unmarshal(a.body, &status) != nil || status.Kind != "Status" {
		return metav1.Status{}
	}
	return status
}

// misses is true when the API itself says that there is no object of this name. A 404 of somebody else says nothing.
func (a answer) misses(name string) bool {
	status := a.reading()
	return a.status == http.StatusNotFound && status.Reason == metav1.StatusReasonNotFound && status.Details != nil && status.Details.Name == name
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
