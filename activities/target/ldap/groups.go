package ldap

import (
	"context"
	"encoding/json"
	"sync/atomic"

	"github.com/go-ldap/ldap/v3"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// groups is the connector of the kind "ldap".
type groups struct {
	*directory
	attribute   string
	placeholder string // a DN; empty when there is none
	// shows is true once the directory has shown us somebody as a member of a group.
	shows atomic.Bool
}

// Grant implements target.Connector. A directory enforces no end of a membership, so to move the end there is nothing
// to do.
func (g *groups) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	group, err := groupOf(access)
	if err != nil {
		return "", err
	}
	granted := target.AccessGranted
	err = g.call(ctx, group, func(on *link) error {
		found, err := g.find(on, access, group, toGive)
		if err != nil {
			return err
		}
		into, who, err := found.same()
		if err != nil {
			return err
		}
		change := ldap.NewModifyRequest(into, nil)
		change.Add(g.attribute, []string{who})
		switch err := on.Modify(change); {
		case hasCode(err, ldap.LDAPResultAttributeOrValueExists):
			granted = target.AlreadyThere
			return nil
		case isGone(err):
			return g.noGroup(into)
		default:
			return err
		}
	})
	if err != nil {
		return "", err
	}
	return granted, nil
}

func (g *groups) noGroup(group string) error {
	return contract.NotFound("%s has no group %s", g, group).At("group").Advise("make it, or correct its name")
}

// Revoke implements target.Connector. A group that was removed has taken its members along.
func (g *groups) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	group, err := groupOf(access)
	if err != nil {
		return "", err
	}
	revoked := target.AlreadyAbsent
	err = g.call(ctx, group, func(on *link) error {
		found, err := g.find(on, access, group, toTake)
		if err != nil {
			return err
		}
		var first error
		for _, one := range found.ours() {
			switch err := g.remove(on, one.group, one.value); {
			case err == nil:
				revoked = target.AccessRevoked
			case !hasCode(err, ldap.LDAPResultNoSuchAttribute) && !isGone(err) && first == nil:
				first = err // the others go all the same
			}
		}
		return first
	})
	if err != nil {
		return "", err
	}
	return revoked, nil
}

// remove takes a member out of a group. Where a group may not be empty, the placeholder takes the last one's place.
func (g *groups) remove(on *link, group, member string) error {
	change := ldap.NewModifyRequest(group, nil)
	change.Delete(g.attribute, []string{member})
	err := on.Modify(change)
	if !hasCode(err, ldap.LDAPResultObjectClassViolation) {
		return err
	}
	if g.placeholder == "" {
		return contract.Denied("%s is the last member of %s, and the directory allows no empty group", member, group).
			Advise("add somebody else to the group, or set the target's placeholder")
	}
	change.Add(g.attribute, []string{g.placeholder})
	err = on.Modify(change)
	if hasCode(err, ldap.LDAPResultAttributeOrValueExists) {
		return contract.Unavailable("the members of %s changed meanwhile", group)
	}
	return err
}

// Inspect implements target.Connector. That the directory compares, and finds the member not to be there, is proof;
// that it has no members to compare with is one only where it has shown some before.
func (g *groups) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	group, err := groupOf(access)
	if err != nil {
		return target.State{}, err
	}
	var state target.State
	err = g.call(ctx, group, func(on *link) error {
		found, err := g.find(on, access, group, toLook)
		if err != nil {
			return err
		}
		state = target.State{Identity: found.identity}
		for _, one := range found.candidates {
			held, compared, err := g.compare(on, one.group, one.value)
			switch {
			case isGone(err): // and its members with it
			case err != nil:
				return err
			case held:
				state.Held, state.Doubt = true, ""
				return nil
			case !compared && !access.Shown && !g.shows.Load():
				state.Doubt = g.String() + " shows nobody as a member of " + contract.Shorten(one.group, shown)
			}
		}
		return nil
	})
	if err != nil {
		return target.State{}, err
	}
	return state, nil
}

// compare asks the directory whether a group has a member. compared is false when it has no members that we may see.
func (g *groups) compare(on *link, group, value string) (held, compared bool, err error) {
	held, err = on.Compare(group, g.attribute, value)
	if hasCode(err, ldap.LDAPResultNoSuchAttribute) {
		return false, false, nil
	}
	if held {
		g.shows.Store(true)
	}
	return held, err == nil, err
}

// CheckProof implements target.ProofChecker: the group is there, and its members may be compared with.
func (g *groups) CheckProof(ctx context.Context, entitlement json.RawMessage) error {
	group, err := groupOf(target.Access{Entitlement: entitlement})
	if err != nil {
		return err
	}
	return g.call(ctx, group, func(on *link) error {
		_, _, err := g.compare(on, group, on.bindDN)
		if isGone(err) {
			return g.noGroup(group)
		}
		return err
	})
}

// Check implements target.Checker. Whether members of each template's group may be changed is seen when they are.
func (g *groups) Check(ctx context.Context) error {
	return g.call(ctx, "itself", func(on *link) error {
		_, err := g.check(on)
		return err
	})
}

func groupOf(access target.Access) (string, error) {
	var wanted membership
	if err := json.Unmarshal(access.Entitlement, &wanted); err != nil {
		return "", contract.Invalid("is not an entitlement of the kind ldap").
			At("group").
			Advise("write group and the DN of a group")
	}
	_, err := parseDN("group", wanted.Group)
	return wanted.Group, err
}
