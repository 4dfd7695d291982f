package scim

import (
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const errorSchema = "urn:ietf:params:scim:api:messages:2.0:Error"

// said is a SCIM error.
type said struct {
	Schemas  []string `json:"schemas"`
	Detail   string   `json:"detail"`
	ScimType string   `json:"scimType"`
}

func (a answer) fault() (found said, ok bool) {
	err := json.Unmarshal(a.Body, &found)
	return found, err == nil && slices.Contains(found.Schemas, errorSchema)
}

// isNotFound is true when the service itself says so, and not something that stands in its place.
func (a answer) isNotFound() bool {
	_, ok := a.fault()
	return ok && a.Status == http.StatusNotFound
}

// refusal says what an answer means that is no success.
func (a *api) refusal(answer answer) error {
	problem := contract.Unavailable("%s answered %s", a, answer)
	problem.Refused = answer.IsFinalWord()
	switch status := answer.Status; {
	case status == http.StatusUnauthorized:
		problem.Fault = a.String() + " does not accept the credentials"
		problem.Fix = "they may have expired: put valid ones where the target's token or oauth refers to"
	case status == http.StatusForbidden:
		problem.Kind = contract.KindDenied
		problem.Fix = "let the target's credentials read users and change groups"
	case status == http.StatusConflict || status == http.StatusPreconditionFailed:
		problem.Fix = "somebody else changes the same group: try again"
	case status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable:
		problem.RetryAfter = answer.RetryAfter(outbound.LongestWait, "")
	case status >= 300 && status < 400:
		problem.Fix = "redirects are not followed: set the target's url to where the API is"
	case status == http.StatusNotFound && !answer.isNotFound():
		return a.Strange("%s", answer)
	case status == http.StatusNotImplemented,
		status >= 400 && status < 500 && status != http.StatusRequestTimeout && status != http.StatusTooEarly:
		problem.Kind = contract.KindDenied
	}
	return problem
}

// String is the status and what the service says about it.
func (a answer) String() string {
	status := a.Said()
	found, ok := a.fault()
	if !ok || found.ScimType == "" && found.Detail == "" {
		return status
	}
	return status + ": " + outbound.Clip(strings.TrimSpace(found.ScimType+" "+found.Detail))
}
