package lightrun

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// refusal says what an answer means that is no success.
func (a *api) refusal(answer answer) error {
	problem := contract.Unavailable("%s answered %s", a, answer.said())
	problem.Refused = answer.IsFinalWord()
	switch status := answer.Status; {
	case status == http.StatusUnauthorized:
		problem.Fault = a.String() + " does not accept the API key"
		problem.Fix = fmt.Sprintf(
			"it may have expired: put a valid one with the scope %s where the target's token refers to",
			a.scope,
		)
	case status == http.StatusForbidden:
		problem.Kind = contract.KindDenied
		problem.Fix = fmt.Sprintf("give the API key of the target's token the scope %s", a.scope)
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		problem.RetryAfter = answer.RetryAfter(outbound.LongestWait, "")
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

// forbidden tells the two meanings of a 403 about a new access apart: the company has too many, or the key may not do
// this. Its text is the vendor's to change, so the accesses are counted.
func (a *api) forbidden(ctx context.Context, answer answer) error {
	inUse, err := count(ctx, a, accesses)
	known := strings.Contains(strings.ToLower(string(answer.Body)), "exceeded limit")
	const fix = "wait for others to end, or remove some in Lightrun"
	switch {
	case err == nil && (known || inUse >= companyLimit):
		return contract.Capacity("%s allows no more: %d of %d temporary accesses are in use; it answered %s", a, inUse, companyLimit, answer.said()).
			Advise(fix).
			AsRefusal()
	case known:
		return contract.Capacity("%s allows no more temporary accesses; it answered %s", a, answer.said()).
			Advise(fix).
			AsRefusal()
	default:
		return a.refusal(answer)
	}
}

// said is the status and the vendor's message.
func (a answer) said() string { return spell(a.Status, a.message()) }

func spell(status int, message string) string {
	text := strconv.Itoa(status)
	if name := http.StatusText(status); name != "" {
		text += " " + name
	}
	if message != "" {
		text += ": " + outbound.Clip(message)
	}
	return text
}
