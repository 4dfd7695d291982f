package ldap

import (
	"cmp"
	"context"
	"slices"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

const (
	pageSize   = 500
	mostListed = 10_000
)

// List implements target.Lister.
func (e *entries) List(ctx context.Context) ([]target.Marked, error) {
	var all []target.Marked
	err := e.call(ctx, e.container.String(), func(on *link) error {
		found, err := e.marked(on, markPrefix+"*")
		if err != nil {
			return err
		}
		for _, entry := range found {
			one, err := e.markOn(entry)
			if err != nil {
				return err
			}
			if keyPattern.MatchString(one.Key) {
				all = append(all, one)
			}
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	slices.SortFunc(all, func(a, b target.Marked) int { return cmp.Compare(a.Key, b.Key) })
	return all, nil
}

// Remove implements target.Lister.
func (e *entries) Remove(ctx context.Context, found target.Marked) error {
	if !keyPattern.MatchString(found.Key) {
		return contract.Internal("%q is not the key of a grant", contract.Shorten(found.Key, shown))
	}
	return e.call(ctx, e.container.String(), func(on *link) error {
		entries, err := e.marked(on, markPrefix+found.Key)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if err := on.Del(ldap.NewDelRequest(entry.DN, nil)); err != nil && !isGone(err) {
				return err
			}
		}
		return nil
	})
}

// marked finds the entries under the container whose names fit a pattern: our own words, so there is nothing to escape.
func (e *entries) marked(on *link, pattern string) ([]*ldap.Entry, error) {
	found, err := on.SearchWithPaging(
		ldap.NewSearchRequest(
			e.container.String(),
			ldap.ScopeWholeSubtree,
			ldap.NeverDerefAliases,
			mostListed,
			0,
			false,
			"(&(objectClass="+classDynamic+")(cn="+pattern+"))",
			[]string{"cn", attributeMember, attributeTTL},
			nil,
		),
		pageSize,
	)
	switch {
	case hasCode(err, ldap.LDAPResultSizeLimitExceeded):
		return nil, contract.Denied("%s shows no more than %d of Curfew's entries", e, len(found.Entries)).
			Advise("let Curfew's entry read more at once, as docs/targets/ldap.md says")
	case err != nil:
		return nil, err
	}
	return found.Entries, nil
}

// markOn reads an entry's mark. The account is told as the group keeps it: by DN.
func (e *entries) markOn(entry *ldap.Entry) (target.Marked, error) {
	until, err := e.endOf(entry)
	if err != nil {
		return target.Marked{}, err
	}
	return target.Marked{
		Key:     strings.TrimPrefix(entry.GetAttributeValue("cn"), markPrefix),
		Account: entry.GetAttributeValue(attributeMember), Until: until,
	}, nil
}

// Check implements target.Checker: the container is there, and the directory lets entries under it expire.
func (e *entries) Check(ctx context.Context) error {
	return e.call(ctx, "itself", func(on *link) error {
		itself, err := e.check(on)
		if err != nil {
			return err
		}
		container, err := e.look(on, e.container.String(), "1.1")
		switch {
		case err != nil:
			return err
		case container == nil:
			return contract.Denied("%s has no entry %s", e, canonical(e.container)).
				At("container").
				Advise("make it, or correct it in the target's settings")
		case !slices.ContainsFunc(itself.GetAttributeValues(dynamicSubtrees), e.lies):
			return e.nothingExpires()
		}
		_, err = e.marked(on, markPrefix+"*")
		return err
	})
}

// lies is true when the container is at or under a DN.
func (e *entries) lies(subtree string) bool {
	above, err := ldap.ParseDN(subtree)
	return err == nil && within(above, e.container)
}
