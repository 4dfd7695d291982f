package jira

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"curfew/workflows/contract"
)

// user is who Jira says somebody is: accountId on Cloud; key and name on Data Center, where only the key is for ever.
type user struct {
	AccountID string `json:"accountId,omitempty"`
	Key       string `json:"key,omitempty"`
	Name      string `json:"name,omitempty"`
}

func (s *System) identityOf(u user) string {
	if s.deployment == Cloud {
		return u.AccountID
	}
	return cmp.Or(u.Key, u.Name)
}

// identity is our own account's. It is never empty, so that a comment without an author can't be ours.
func (s *System) identity(ctx context.Context) (string, error) {
	if known := s.me.Load(); known != nil {
		return *known, nil
	}
	var myself user
	if err := s.call(ctx, exchange{method: http.MethodGet, path: "myself", receive: &myself}); err != nil {
		return "", err
	}
	identity := s.identityOf(myself)
	if identity == "" {
		return "", s.site.Strange("an account without an identity")
	}
	s.me.Store(&identity)
	return identity, nil
}

// permission is one in Jira's spelling, and in that of its pages.
type permission struct{ key, name string }

// needed are the permissions for comments and links.
var needed = []permission{
	{"BROWSE_PROJECTS", "Browse Projects"},
	{"ADD_COMMENTS", "Add Comments"},
	{"LINK_ISSUES", "Link Issues"},
}

// Check asks Jira who we are and what we may do. Jira answers for all projects together: a permission counts as given
// when it is given in any of them.
func (s *System) Check(ctx context.Context) error {
	if _, err := s.identity(ctx); err != nil {
		return err
	}
	missing, err := s.missing(ctx, needed, s.asked(needed))
	if err != nil {
		return err
	}
	if len(missing) > 0 {
		return contract.Denied("Curfew's account lacks a permission in every project of %s: %s", s.site, strings.Join(missing, ", ")).
			Advise("grant it in the permission scheme of the projects whose tickets Curfew is to tell its story on")
	}
	return nil
}

// missing are those of some permissions that our account does not have.
func (s *System) missing(
	ctx context.Context,
	permissions []permission,
	query url.Values,
) (missing []string, err error) {
	var told struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	if err := s.call(
		ctx,
		exchange{method: http.MethodGet, path: "mypermissions", about: "project", query: query, receive: &told},
	); err != nil {
		return nil, err
	}
	for _, permission := range permissions {
		if !told.Permissions[permission.key].Have {
			missing = append(missing, permission.name+" ("+permission.key+")")
		}
	}
	return missing, nil
}

// asked names the permissions for Cloud, which requires them; Data Center always returns all.
func (s *System) asked(permissions []permission) url.Values {
	if s.deployment != Cloud {
		return url.Values{}
	}
	keys := make([]string, len(permissions))
	for i, permission := range permissions {
		keys[i] = permission.key
	}
	return url.Values{"permissions": {strings.Join(keys, ",")}}
}
