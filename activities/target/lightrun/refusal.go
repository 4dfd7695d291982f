package lightrun

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
	"unicode"

	"curfew/workflows/contract"
)

const (
	maxText = 200 // of others, in characters
	// maxWait bounds how long Lightrun can hold up a revoke by asking us to wait.
	maxWait = 5 * time.Minute
)

// refusal says what an answer means that is no success.
func (a *api) refusal(answer answer) error {
	problem := contract.Problemf(contract.KindUnavailable, "", "", "%s answered %s", a, answer.said()).AsRefusal()
	switch status := answer.status; {
	case status == http.StatusUnauthorized:
		problem.Fault = a.String() + " does not accept the API key"
		problem.Fix = fmt.Sprintf("it may have expired: put a valid one with the scope %s where the target's token refers to", a.scope)
	case status == http.StatusForbidden:
		problem.Kind = contract.KindDenied
		problem.Fix = fmt.Sprintf("give the API key of the target's token the scope %s", a.scope)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		problem.RetryAfter = contract.Duration{Duration: retryAfter(answer.header, time.Now())}
	case status >= 300 && status < 400:
		problem.Fix = "redirects are not followed: set the target's url to where the API is"
	case final(status):
		problem.Kind = contract.KindDenied
	}
	return problem
}

// final is true for a status that says that trying again does not help.
func final(status int) bool {
	switch status {
	case http.StatusRequestTimeout, http.StatusTooEarly, http.StatusTooManyRequests:
		return false
	default:
		return status >= 400 && status < 500
	}
}

// forbidden tells the two meanings of a 403 about a new access apart: the company has too many, or the key may not do this. Its
// text is the vendor's to change, so the accesses are counted.
func (a *api) forbidden(ctx context.Context, answer answer) error {
	inUse, err := count(ctx, a, accesses)
	known := strings.Contains(strings.ToLower(string(answer.body)), "exceeded limit")
	const fix = "wait for others to end, or remove some in Lightrun"
	switch {
	case err == nil && (known || inUse >= companyLimit):
		return contract.Problemf(contract.KindCapacity, "", fix, "%s allows no more: %d of %d temporary accesses are in use; it answered %s",
			a, inUse, companyLimit, answer.said()).AsRefusal()
	case known:
		return contract.Problemf(contract.KindCapacity, "", fix, "%s allows no more temporary accesses; it answered %s", a, answer.said()).AsRefusal()
	default:
		return a.refusal(answer)
	}
}

// said is the status and the vendor's message.
func (a answer) said() string { return spell(a.status, a.message()) }

func (a answer) message() string {
	var content struct {
		Message string `json:"message"`
	}
	if json.Unmarshal(a.body, &content) != nil {
		return ""
	}
	return content.Message
}

func spell(status int, message string) string {
	text := strconv.Itoa(status)
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	if message != "" {
		text += ": " + clip(message)
	}
	return text
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
