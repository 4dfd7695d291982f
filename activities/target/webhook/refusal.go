package webhook

import (
	"cmp"
	"encoding/json"
	"mime"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"curfew/workflows/contract"
)

const (
	// problemType is the media type of refusals that are the receiver's own.
	problemType = "application/problem+json"
	maxText     = 200 // of others, in bytes
	// maxWait bounds how long a receiver can hold up a revoke by asking us to wait.
	maxWait = 5 * time.Minute
)

// answer is a whole answer, of whatever status.
type answer struct {
	status int
	header http.Header
	body   []byte
}

// refusal says what an answer means that is no success. It is final only in the receiver's own words: what stands before
// it may refuse today and pass tomorrow.
func (e *endpoint) refusal(asked message, answer answer) error {
	problem := contract.Problemf(contract.KindUnavailable, "", "", "%s answered %s", e, answer.said())
	if asked.Account != "" {
		problem = contract.Problemf(contract.KindUnavailable, "", "", "%s answered about %q: %s", e, asked.Account, answer.said())
	}
	switch status := answer.status; {
	case status == http.StatusUnauthorized:
		problem.Fix = "see that the receiver has one of the target's secrets, and that both clocks are right"
	case status < 300:
		problem.Fix = "let it answer 200 when what was asked for has been done"
	case status < 400:
		problem.Fix = "redirects are not followed: set the target's url to where they lead"
	case status == http.StatusNotFound && asked.Type != typeGrant:
		// A path that leads nowhere looks the same, and must not mean that access is gone.
		problem.Fix = "see that the target's url leads to the receiver; of an unknown account it says that nothing is held"
	case !answer.isProblem():
		problem.Fix = "see that the target's url leads to the receiver, which refuses with " + problemType
	case status == http.StatusNotFound:
		problem.Kind = contract.KindNotFound
	case status == http.StatusInsufficientStorage:
		problem.Kind = contract.KindCapacity
	case status < 500 && !passes(status):
		problem.Kind = contract.KindDenied
	}
	if problem.Kind == contract.KindUnavailable {
		problem.RetryAfter.Duration = retryAfter(answer.header, time.Now())
	}
	return problem
}

// passes is true for refusals of the moment.
func passes(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusConflict, http.StatusLocked, http.StatusTooEarly, http.StatusTooManyRequests:
		return true
	default:
		return false
	}
}

// isProblem is true when the receiver itself has refused.
func (a answer) isProblem() bool {
	media, _, err := mime.ParseMediaType(a.header.Get("Content-Type"))
	return err == nil && media == problemType
}

// said is the status and, of a refusal, the receiver's reason.
func (a answer) said() string {
	status := strings.TrimSpace(strconv.Itoa(a.status) + " " + http.StatusText(a.status))
	var reason struct{ Title, Detail string }
	if !a.isProblem() || json.Unmarshal(a.body, &reason) != nil {
		return status
	}
	if text := cmp.Or(reason.Detail, reason.Title); text != "" {
		return status + ": " + clip(text)
	}
	return status
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
	line := strings.Map(func(r rune) rune {
		if unicode.IsControl(r) {
			return ' '
		}
		return r
	}, text)
	return contract.Shorten(line, maxText)
}
