package scim

import (
	"context"
	"errors"
	"net/http"
	"slices"

	"curfew/activities/target"
	"curfew/internal/keepalive"
	"curfew/workflows/contract"
)

// staleChanges is how often a change is meant for the version that was read. The next one is for any: a service whose
// versions never fit must not keep access up.
const staleChanges = 3

type connector struct {
	api        *api
	accountsID bool // accounts are ids, not userNames
	removal    removal
	turns      *turns
}

// membership is what the connector is asked about, checked.
type membership struct {
	group entitlement
	user  user
}

// Ping implements target.Pinger. Every service answers this address somehow.
func (c *connector) Ping(ctx context.Context) error {
	return keepalive.Ping(ctx, func(ctx context.Context) error {
		_, err := c.api.do(ctx, call{method: http.MethodGet, path: []string{"ServiceProviderConfig"}})
		return err
	})
}

// Grant implements target.Connector. SCIM knows no end of a membership, so to move the end there is nothing to do.
func (c *connector) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	m, known, err := c.membershipOf(ctx, access, true)
	switch {
	case err != nil:
		return "", err
	case !known:
		return "", contract.Problemf(contract.KindNotFound, "account", "create the user there, or correct the person's account",
			"%s has no user %q", c.api, clip(access.Account))
	}
	changed, err := c.bring(ctx, m, true)
	switch {
	case err != nil:
		return "", err
	case changed:
		return target.AccessGranted, nil
	default:
		return target.AlreadyThere, nil
	}
}

// Revoke implements target.Connector.
func (c *connector) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	m, known, err := c.membershipOf(ctx, access, false)
	if err != nil {
		return "", err
	}
	if !known {
		return target.AlreadyAbsent, nil
	}
	changed, err := c.bring(ctx, m, false)
	switch {
	case err != nil:
		return "", err
	case changed:
		return target.AccessRevoked, nil
	default:
		return target.AlreadyAbsent, nil
	}
}

// Inspect implements target.Connector.
func (c *connector) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	m, known, err := c.membershipOf(ctx, access, false)
	if err != nil || !known {
		return target.State{}, err
	}
	found, err := c.look(ctx, m)
	return target.State{Held: found.standing == held}, err
}

// membershipOf finds the user. What an id holds can be read without the user, so one that was deleted is looked for
// only where it matters.
func (c *connector) membershipOf(ctx context.Context, access target.Access, mustExist bool) (m membership, known bool, err error) {
	if m.group, err = parse(access.Entitlement); err != nil {
		return membership{}, false, err
	}
	if !c.accountsID {
		if problem := checkName("account", access.Account, "give the person their userName at the service"); problem != nil {
			return membership{}, false, problem
		}
		found, err := c.api.userNamed(ctx, access.Account)
		if err != nil || found == nil {
			return membership{}, false, err
		}
		m.user = *found
		return m, true, nil
	}
	if problem := checkID("account", access.Account, "give the person their SCIM id at the service"); problem != nil {
		return membership{}, false, problem
	}
	m.user = user{ID: access.Account, UserName: access.Account}
	if !mustExist {
		return m, true, nil
	}
	found, err := c.api.userWith(ctx, access.Account)
	return m, found != nil, err
}

// bring makes the user a member, or none, and says whether there was anything to change.
func (c *connector) bring(ctx context.Context, m membership, in bool) (changed bool, err error) {
	done, err := c.turns.take(ctx, m.group.Group)
	if err != nil {
		return false, err
	}
	defer done()
	wanted := c.removal(m.user.ID)
	if in {
		wanted = addition(m.user.ID)
	}
	for stale := 0; ; stale++ {
		before, err := c.look(ctx, m)
		if err == nil && in {
			err = c.vet(ctx, m, before)
		}
		if err != nil || (before.standing == held) == in {
			return false, err
		}
		meant := before.version
		if stale == staleChanges {
			meant = ""
		}
		made, err := c.api.change(ctx, m.group.Group, wanted, meant)
		if err != nil {
			return false, err
		}
		if !made.stale {
			return true, c.verify(ctx, m, in, before, made)
		}
	}
}

// vet refuses what nobody approved, and what could not be seen to end.
func (c *connector) vet(ctx context.Context, m membership, before view) error {
	switch {
	case before.group == nil:
		return contract.Problemf(contract.KindNotFound, "group", "correct the id in the template, or create the group",
			"%s has no group %q", c.api, m.group.Group)
	case before.group.DisplayName != m.group.DisplayName:
		return contract.Problemf(contract.KindDenied, "displayName", "see which of the two is meant, and correct the template",
			"the group %s is called %q, not %q", m.group.Group, clip(before.group.DisplayName), m.group.DisplayName)
	case before.standing != untold:
		return nil
	}
	shows, err := c.api.showsMembers(ctx)
	if err == nil && !shows {
		return contract.Problemf(contract.KindDenied, "group", "let the service show members, or keep one lasting member in the group",
			"%s shows no members of any group and finds none by filter, so access could not be seen to end", c.api)
	}
	return err
}

// standing says whether a user is a member of a group.
type standing int

const (
	absent standing = iota
	held
	untold // the service does not say; many are silent about empty groups
)

// view is a group as it was read once. There is none in it when the service has none.
type view struct {
	group    *group
	version  string
	standing standing
}

// look reads the group. Members that are not shown are asked for by filter.
func (c *connector) look(ctx context.Context, m membership) (view, error) {
	found, version, err := c.api.group(ctx, m.group.Group)
	if err != nil || found == nil {
		return view{}, err
	}
	seen := view{group: found, version: version}
	if found.Members == nil {
		seen.standing, err = c.ask(ctx, m)
		return seen, err
	}
	if slices.ContainsFunc(*found.Members, func(one member) bool { return one.Value == m.user.ID }) {
		seen.standing = held
	}
	return seen, nil
}

// ask finds the group by its member. Many services have no such filter.
func (c *connector) ask(ctx context.Context, m membership) (standing, error) {
	found, err := only[group](ctx, c.api, "Groups", where("id", m.group.Group, "members.value", m.user.ID))
	var refused *contract.Problem
	switch {
	case errors.As(err, &refused) && refused.Kind == contract.KindDenied:
		return untold, nil
	case err != nil:
		return untold, err
	case found == nil:
		return absent, nil
	case found.ID != m.group.Group:
		return untold, nil
	}
	return held, nil
}
