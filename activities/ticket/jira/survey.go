package jira

import (
	"context"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"curfew/activities/ticket"
	"curfew/workflows/contract"
)

var _ ticket.Surveyor = (*System)(nil)

// CheckAccount implements ticket.Surveyor. Whoever may not look people up finds nobody, not even themselves: then there
// is nothing to be told.
func (s *System) CheckAccount(ctx context.Context, account string) error {
	me, err := s.identity(ctx)
	if err != nil {
		return err
	}
	if there, err := s.hasUser(ctx, me); err != nil || !there {
		return nil //nolint:nilerr // it can't be told
	}
	there, err := s.hasUser(ctx, account)
	if err != nil || there {
		return err
	}
	fix := "write the account id, which the address of the person's profile ends with; their e-mail address is none"
	if s.deployment == DataCenter {
		fix = "write the person's key, as /rest/api/2/user?username=… shows it"
	}
	return contract.NotFound("%s has no user with the account %.80q", s.site, account).Advise(fix)
}

// hasUser is false for a user whom Jira does not know.
func (s *System) hasUser(ctx context.Context, account string) (bool, error) {
	by := "accountId"
	if s.deployment == DataCenter {
		by = "key"
	}
	var found user
	err := s.call(
		ctx,
		exchange{
			method:  http.MethodGet,
			path:    "user",
			about:   "user",
			query:   url.Values{by: {account}},
			receive: &found,
		},
	)
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindNotFound {
		return false, nil
	}
	return err == nil && s.identityOf(found) == account, err
}

// CheckProject implements ticket.Surveyor.
func (s *System) CheckProject(ctx context.Context, want ticket.Project) error {
	if !projectPattern.MatchString(want.Key) {
		return contract.Invalid("%.60q is no project", want.Key).
			Advise("write what its tickets' keys begin with, like OPS")
	}
	if err := s.mayIn(ctx, want); err != nil {
		return err
	}
	if len(want.Types)+len(want.Statuses) == 0 {
		return nil
	}
	var types []struct {
		Name     string   `json:"name"`
		Statuses []status `json:"statuses"`
	}
	path := "project/" + want.Key + "/statuses"
	if s.call(ctx, exchange{method: http.MethodGet, path: path, about: "project", receive: &types}) != nil ||
		len(types) == 0 {
		return nil // it can't be told
	}
	var names, statuses []string
	for _, kind := range types {
		names = append(names, kind.Name)
		for _, one := range kind.Statuses {
			statuses = append(statuses, one.Name)
			if one.Untranslated != "" {
				statuses = append(statuses, one.Untranslated)
			}
		}
	}
	if missing := notAmong(want.Types, names); len(missing) > 0 {
		return contract.NotFound("the project %s has no type of ticket called %s", want.Key, listed(missing)).
			Advise("choose from " + listed(names))
	}
	if missing := notAmong(want.Statuses, statuses); len(missing) > 0 {
		return contract.NotFound("no ticket of the project %s can have the status %s", want.Key, listed(missing)).
			Advise("choose from " + listed(statuses))
	}
	return nil
}

// mayIn holds that Curfew's account has in one project the permissions that it needs.
func (s *System) mayIn(ctx context.Context, want ticket.Project) error {
	permissions := slices.Clone(needed)
	if want.Opens {
		permissions = append(permissions, permission{"CREATE_ISSUES", "Create Issues"})
	}
	query := s.asked(permissions)
	query.Set("projectKey", want.Key)
	missing, err := s.missing(ctx, permissions, query)
	problem, known := contract.ProblemOf(err)
	switch {
	case known && problem.Kind == contract.KindNotFound:
		return contract.NotFound("%s has no project %s", s.site, want.Key).
			Advise("check the key, and that Curfew's Jira account may see the project")
	case err != nil:
		return err
	case len(missing) > 0:
		return contract.Denied("Curfew's account lacks a permission in the project %s: %s", want.Key, strings.Join(missing, ", ")).
			Advise("grant it in the project's permission scheme")
	}
	return nil
}

// notAmong are those of some names that others don't have, in whatever letters.
func notAmong(names, others []string) []string {
	return slices.DeleteFunc(slices.Clone(names), func(name string) bool {
		return slices.ContainsFunc(others, func(other string) bool { return strings.EqualFold(name, other) })
	})
}

// listed is a list of names, each once and not too many.
func listed(names []string) string {
	const most = 20
	names = slices.Compact(slices.Sorted(slices.Values(names)))
	if len(names) > most {
		names = append(names[:most:most], "…")
	}
	return strings.Join(names, ", ")
}
