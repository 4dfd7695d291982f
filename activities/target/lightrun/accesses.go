package lightrun

import (
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// newAccess asks for a temporary access, in the vendor's words.
type newAccess struct {
	Name           string   `json:"name"`
	UserEmails     []string `json:"userEmails"`
	AgentPoolIDs   []string `json:"agentPoolIds"`
	Roles          []string `json:"roles"`
	ExpirationDate string   `json:"expirationDate"`
	IncidentID     string   `json:"incidentId,omitempty"`
}

func (n newAccess) isNamed(one tempAccess) bool { return one.Name == n.Name }

// tempAccess is what matters of a temporary access that is there. Its end stays text: accesses that are not ours are
// listed too, and must not get in the way.
type tempAccess struct {
	ID             string   `json:"id"`
	Name           string   `json:"name"`
	UserEmails     []string `json:"userEmails"`
	ExpirationDate string   `json:"expirationDate"`
}

// endOf reads when an access ends by itself.
func (a *api) endOf(access tempAccess) (time.Time, error) {
	end, err := time.Parse(time.RFC3339, access.ExpirationDate)
	if err != nil {
		return time.Time{}, a.Strange("the end of %s is %q", access.Name, outbound.Clip(access.ExpirationDate))
	}
	return end, nil
}

// idPattern keeps what Lightrun calls an id from leading to another path.
var idPattern = regexp.MustCompile(`^[0-9A-Za-z_-]{1,100}$`)

// create makes a temporary access. It returns false when there is one with the same name.
func (a *api) create(ctx context.Context, wanted newAccess) (bool, error) {
	answer, err := a.call(ctx, http.MethodPost, accesses.path, nil, wanted)
	switch {
	case err != nil:
		return false, err
	case answer.Status == http.StatusCreated || answer.Status == http.StatusOK:
		return true, nil
	case answer.Status == http.StatusConflict:
		return false, nil
	case answer.Status == http.StatusNotFound:
		return false, contract.Denied("%s does not know the user %s or one of the agent pools %s, and does not say which", a, wanted.UserEmails[0], strings.Join(wanted.AgentPoolIDs, ", ")).
			Advise("see in Lightrun whether the user and each pool exist")
	case answer.Status == http.StatusForbidden:
		return false, a.forbidden(ctx, answer)
	default:
		return false, a.refusal(answer)
	}
}

// delete removes a temporary access, and says whether it was there; one that is not has been removed.
func (a *api) delete(ctx context.Context, access tempAccess) (there bool, err error) {
	if !idPattern.MatchString(access.ID) {
		return false, a.Strange("the id of %s is %q", access.Name, outbound.Clip(access.ID))
	}
	answer, err := a.call(ctx, http.MethodDelete, accesses.path+"/"+access.ID, nil, nil)
	switch {
	case err != nil:
		return false, err
	case answer.Status == http.StatusNoContent || answer.Status == http.StatusOK:
		return true, nil
	case answer.Status == http.StatusNotFound:
		return false, nil
	default:
		return false, a.refusal(answer)
	}
}
