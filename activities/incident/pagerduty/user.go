package pagerduty

import (
	"context"
	"net/http"
	"strings"

	"curfew/workflows/contract"
)

// user is somebody at PagerDuty.
type user struct {
	ID    string `json:"id"`
	Email string `json:"email"`
	Role  string `json:"role"`
}

// ourselves is the one user in whose name notes are written.
func (s *System) ourselves(ctx context.Context) (user, error) {
	var found []user
	for offset := 0; offset < pageLimit*pageSize; offset += pageSize {
		var reply struct {
			page
			Users []user `json:"users"`
		}
		err := s.call(
			ctx,
			exchange{method: http.MethodGet, path: "/users", query: paged(offset, "query", s.from), receive: &reply},
		)
		if err != nil {
			return user{}, err
		}
		for _, candidate := range reply.Users {
			if strings.EqualFold(candidate.Email, s.from) {
				found = append(found, candidate)
			}
		}
		if !reply.More {
			return s.only(found)
		}
	}
	return user{}, s.api.Strange("more users than can be read")
}

// only takes no one for us of whom there is more than one.
func (s *System) only(found []user) (user, error) {
	if len(found) != 1 {
		return user{}, contract.Unavailable("%d users of %s have this address", len(found), s.api).
			At("incidents.pagerduty.from").
			Advise("write the e-mail address of Curfew's own user at PagerDuty")
	}
	if !idPattern.MatchString(found[0].ID) {
		return user{}, s.api.Strange("a user without an id")
	}
	return found[0], nil
}

// identity is the id of our own user. It is never empty, so that a note without an author can't be ours.
func (s *System) identity(ctx context.Context) (string, error) {
	if known := s.me.Load(); known != nil {
		return *known, nil
	}
	found, err := s.ourselves(ctx)
	if err != nil {
		return "", err
	}
	s.me.Store(&found.ID)
	return found.ID, nil
}

// aboutUser is what a 404 says is missing.
const aboutUser = "user"

// CheckAccount implements incident.Surveyor.
func (s *System) CheckAccount(ctx context.Context, account string) error {
	const fix = "write the id that stands in the address of the user's page, like PXPGF42"
	if !idPattern.MatchString(account) {
		return contract.Invalid("%.60q is no user's id at PagerDuty", account).Advise(fix)
	}
	var reply struct {
		User user `json:"user"`
	}
	err := s.call(ctx, exchange{method: http.MethodGet, about: aboutUser, path: "/users/" + account, receive: &reply})
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindNotFound {
		return contract.NotFound("%s has no user %s", s.api, account).Advise(fix)
	}
	return err
}

// ServiceIDs implements incident.Surveyor.
func (*System) ServiceIDs() string { return "at PagerDuty it stands in the address of its page" }

// CheckService implements incident.Surveyor.
func (s *System) CheckService(ctx context.Context, service string) (bool, error) {
	if !idPattern.MatchString(service) {
		return false, nil
	}
	policy, err := s.policyOf(ctx, service)
	if err == nil && policy == "" {
		err = contract.NotFound("%s has no service %s, or none that Curfew's API key may see", s.api, service).
			Advise("write the id that stands in the address of the service's page, like PIJ90N7")
	}
	return true, err
}

// Check finds our own user and looks at who is on call. Whether the key may write can't be tried without writing.
func (s *System) Check(ctx context.Context) error {
	found, err := s.ourselves(ctx)
	if err != nil {
		return err
	}
	if strings.HasPrefix(found.Role, "read_only") {
		return contract.Denied("the user is a stakeholder of %s, who may write no notes", s.api).
			At("incidents.pagerduty.from").
			Advise("give it a role that may respond to incidents")
	}
	var reply struct {
		Turns []turn `json:"oncalls"`
	}
	return s.call(ctx, exchange{method: http.MethodGet, path: "/oncalls", receive: &reply})
}
