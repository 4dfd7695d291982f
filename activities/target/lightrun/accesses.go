package lightrun

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"

	"curfew/workflows/contract"
)

const (
	accessesPath = "/api/v1/temp-access"
	pageSize     = 100
	maxPages     = 20
	// listings is how often a list is read anew because it changed between two of its pages.
	listings = 3
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
	ID             string `json:"id"`
	Name           string `json:"name"`
	ExpirationDate string `json:"expirationDate"`
}

type accessPage struct {
	Items   *[]tempAccess `json:"items"`
	HasMore bool          `json:"hasMore"`
	Total   *int          `json:"total"`
}

// idPattern keeps what Lightrun calls an id from leading to another path.
var idPattern = regexp.MustCompile(`^[0-9A-Za-z_-]{1,100}$`)

// errMoved means that the list changed while it was read, so that an entry may have slipped from one page to another.
var errMoved = errors.New("the list changed while it was read")

// list returns all temporary accesses of the company that live.
func (a *api) list(ctx context.Context) ([]tempAccess, error) {
	for range listings {
		all, err := a.listOnce(ctx)
		if !errors.Is(err, errMoved) {
			return all, err
		}
	}
	return nil, contract.Problemf(contract.KindUnavailable, "", "", "%s: the temporary accesses change faster than they can be listed", a)
}

func (a *api) listOnce(ctx context.Context) ([]tempAccess, error) {
	var all []tempAccess
	var total int
	for number := range maxPages {
		page, err := a.page(ctx, number, pageSize)
		if err != nil {
			return nil, err
		}
		if number > 0 && *page.Total != total {
			return nil, errMoved
		}
		total = *page.Total
		all = append(all, *page.Items...)
		if page.HasMore {
			continue
		}
		if len(all) < total {
			return nil, errMoved
		}
		return all, nil
	}
	return nil, a.strange("it lists more than %d temporary accesses", maxPages*pageSize)
}

// count returns how many temporary accesses of the company live.
func (a *api) count(ctx context.Context) (int, error) {
	page, err := a.page(ctx, 0, 1)
	if err != nil {
		return 0, err
	}
	return *page.Total, nil
}

// page reads a part of the list. A page without entries must say so: what is no list at all must not look like an
// empty one, for that would mean that access is gone.
func (a *api) page(ctx context.Context, number, size int) (accessPage, error) {
	query := url.Values{"page": {strconv.Itoa(number)}, "size": {strconv.Itoa(size)}}
	answer, err := a.call(ctx, http.MethodGet, accessesPath, query, nil)
	if err != nil {
		return accessPage{}, err
	}
	if answer.status != http.StatusOK {
		return accessPage{}, a.refusal(answer)
	}
	var page accessPage
	if err := json.Unmarshal(answer.body, &page); err != nil || page.Items == nil || page.Total == nil {
		return accessPage{}, a.strange("it answered with no list of temporary accesses")
	}
	return page, nil
}

// create makes a temporary access. It returns false when there is one with the same name.
func (a *api) create(ctx context.Context, wanted newAccess) (bool, error) {
	answer, err := a.call(ctx, http.MethodPost, accessesPath, nil, wanted)
	switch {
	case err != nil:
		return false, err
	case answer.status == http.StatusCreated || answer.status == http.StatusOK:
		return true, nil
	case answer.status == http.StatusConflict:
		return false, nil
	case answer.status == http.StatusNotFound:
		return false, contract.Problemf(contract.KindDenied, "", "see in Lightrun whether the user and each pool exist",
			"%s does not know the user %s or one of the agent pools %s, and does not say which",
			a, wanted.UserEmails[0], strings.Join(wanted.AgentPoolIDs, ", "))
	case answer.status == http.StatusForbidden && answer.isFull():
		return false, a.full(ctx)
	default:
		return false, a.refusal(answer)
	}
}

// delete removes a temporary access; one that is not there any more has been removed.
func (a *api) delete(ctx context.Context, access tempAccess) error {
	if !idPattern.MatchString(access.ID) {
		return a.strange("the id of %s is %q", access.Name, clip(access.ID))
	}
	answer, err := a.call(ctx, http.MethodDelete, accessesPath+"/"+access.ID, nil, nil)
	switch {
	case err != nil:
		return err
	case answer.status == http.StatusNoContent || answer.status == http.StatusOK || answer.status == http.StatusNotFound:
		return nil
	default:
		return a.refusal(answer)
	}
}
