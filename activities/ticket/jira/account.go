package jira

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strings"

	"curfew/internal/config"
	"curfew/workflows/contract"
)

// user is who Jira says somebody is: accountId on Cloud; key and name on Data Center, where only the key is for ever.
type user struct {
	AccountID string `json:"accountId,omitempty"`
	Key       string `json:"key,omitempty"`
	Name      string `json:"name,omitempty"`
}

func (s *System) identityOf(u user) string {
	if s.deployment == config.JiraCloud {
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

// needed are the permissions for comments and links, in Jira's spelling and in that of its pages.
var needed = []struct{ key, name string }{
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
	var told struct {
		Permissions map[string]struct {
			Have bool `json:"havePermission"`
		} `json:"permissions"`
	}
	if err := s.call(ctx, exchange{method: http.MethodGet, path: "mypermissions", query: s.asked(), receive: &told}); err != nil {
		return err
	}
	var missing []string
	for _, permission := range needed {
		if !told.Permissions[permission.key].Have {
			missing = append(missing, permission.name+" ("+permission.key+")")
		}
	}
	if len(missing) > 0 {
		return contract.Problemf(contract.KindDenied, "",
			"grant it in the permission scheme of the projects whose tickets Curfew is to tell its story on",
			"Curfew's account lacks a permission in every project of %s: %s", s.site, strings.Join(missing, ", "))
	}
	return nil
}

// asked names the permissions for Cloud, which requires them; Data Center always returns all.
func (s *System) asked() url.Values {
	if s.deployment != config.JiraCloud {
		return nil
	}
	keys := make([]string, len(needed))
	for i, permission := range needed {
		keys[i] = permission.key
	}
	return url.Values{"permissions": {strings.Join(keys, ",")}}
}
