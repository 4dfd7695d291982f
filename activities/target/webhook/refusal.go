package webhook

import (
	"cmp"
	"encoding/json"
	"mime"
	"net/http"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// problemType is the media type of refusals that are the receiver's own.
const problemType = "application/problem+json"

// answer is a whole answer, of whatever status.
type answer struct{ outbound.Answer }

// refusal says what an answer means that is no success. It is final only in the receiver's own words: what stands
// before it may refuse today and pass tomorrow.
func (e *endpoint) refusal(asked message, answer answer) error {
	problem := contract.Unavailable("%s answered %s", e, answer.said())
	if asked.Account != "" {
		problem = contract.Unavailable("%s answered about %q: %s", e, asked.Account, answer.said())
	}
	switch status := answer.Status; {
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
	case !answer.Passes():
		problem.Kind = contract.KindDenied
	}
	problem.Refused = answer.isProblem() && answer.IsFinalWord()
	if problem.Kind == contract.KindUnavailable {
		problem.RetryAfter = answer.RetryAfter(outbound.LongestWait, "")
	}
	return problem
}

// isProblem is true when the receiver itself has refused.
func (a answer) isProblem() bool {
	media, _, err := mime.ParseMediaType(a.Header.Get("Content-Type"))
	return err == nil && media == problemType
}

// said is the status and, of a refusal, the receiver's reason.
func (a answer) said() string {
	var reason struct{ Title, Detail string }
	if !a.isProblem() || json.Unmarshal(a.Body, &reason) != nil {
		return a.Said()
	}
	if text := cmp.Or(reason.Detail, reason.Title); text != "" {
		return a.Said() + ": " + outbound.Clip(text)
	}
	return a.Said()
}
