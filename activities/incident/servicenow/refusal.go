package servicenow

import (
	"encoding/json"
	"net/http"
	"strconv"
	"strings"

	"curfew/activities/story"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// messageLimit bounds what is repeated of ServiceNow's own words, in UTF-16 code units.
const messageLimit = 300

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
func (s *System) refusal(a outbound.Answer) *contract.Problem {
	switch {
	case a.OK():
		return nil
	case a.Status == http.StatusUnauthorized:
		return contract.Problemf(contract.KindUnavailable, "",
			"renew them: incidents.servicenow.clientSecret, or user and password", "%s does not accept Curfew's credentials", s.api)
	case a.Passes():
		problem := contract.Problemf(contract.KindUnavailable, "", "wait until ServiceNow has recovered", "%s answered %d", s.api, a.Status)
		problem.RetryAfter = a.RetryAfter(outbound.LongestPause, "")
		return problem
	case a.Status < 400:
		return s.api.Strange("a redirect")
	case !a.IsJSON():
		return s.api.Strange(strconv.Itoa(a.Status) + ", but not in ServiceNow's way")
	}
	return contract.Problemf(contract.KindDenied, "",
		"give Curfew's ServiceNow account what docs/incidents/servicenow.md lists", "%s refused with %d: %s", s.api, a.Status, said(a))
}

// said is what ServiceNow gives as its reason.
func said(a outbound.Answer) string {
	var reply struct {
		Error fault `json:"error"`
	}
	_ = json.Unmarshal(a.Body, &reply) // what can't be read stays empty
	return reply.Error.String()
}
