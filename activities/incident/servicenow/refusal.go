package servicenow

import (
	"encoding/json"
	"net/http"
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
		return contract.Unavailable("%s does not accept Curfew's credentials", s.api).
			Advise("renew them: incidents.servicenow.clientSecret, or user and password")
	case a.Passes():
		problem := contract.Unavailable("%s answered %d", s.api, a.Status).Advise("wait until ServiceNow has recovered")
		problem.RetryAfter = a.RetryAfter(outbound.LongestPause, "")
		return problem
	case a.Status < 400:
		return s.api.Strange("a redirect")
	case !a.IsJSON():
		return s.api.Strange("%d, but not in ServiceNow's way", a.Status)
	}
	return contract.Denied("%s refused with %d: %s", s.api, a.Status, said(a)).
		Advise("give Curfew's ServiceNow account what docs/incidents/servicenow.md lists")
}

// said is what ServiceNow gives as its reason.
func said(a outbound.Answer) string {
	var reply struct {
		Error fault `json:"error"`
	}
	_ = json.Unmarshal(a.Body, &reply) // what can't be read stays empty
	return reply.Error.String()
}
