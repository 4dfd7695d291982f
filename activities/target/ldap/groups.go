package ldap

import (
	"context"
	"encoding/json"

	"github.com/go-ldap/ldap/v3"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// groups is the connector of the kind "ldap".
type groups struct {
	*directory
	attribute   string
	placeholder string // a DN; empty when there is none
}

// Grant implements target.Connector. A directory enforces no end of a membership, so to move the end there is nothing to do.
func (g *groups) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	group, err := groupOf(access)
	if err != nil {
		return "", err
	}
	granted := target.AccessGranted
	err = g.call(ctx, group, func(on *link) error {
		member, err := g.existing(on, access.Account)
		if err != nil {
			return err
		}
		change := ldap.NewModifyRequest(group, nil)
		change.Add(g.attribute, []string{member})
		switch err := on.Modify(change); {
		case hasCode(err, ldap.LDAPResultAttributeOrValueExists):
			granted = target.AlreadyThere
			return nil
		case isGone(err):
			return contract.Problemf(contract.KindNotFound, "group", "make it, or correct its name", "%s has no group %s", g, group)
		default:
			return err
		}
	})
	if err != nil {
		return "", err
	}
	return granted, nil
}

// Revoke implements target.Connector. A group that was removed has taken its members along.
func (g *groups) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	group, err := groupOf(access)
	if err != nil {
		return "", err
	}
	revoked := target.AlreadyAbsent
	err = g.call(ctx, group, func(on *link) error {
		member, err := g.member(on, access.Account)
		if err != nil || member == "" {
			return err
		}
		switch err := g.remove(on, group, member); {
		case hasCode(err, ldap.LDAPResultNoSuchAttribute) || isGone(err):
			return nil
		case err != nil:
			return err
		}
		revoked = target.AccessRevoked
		return nil
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
		return contract.Problemf(contract.KindDenied, "", "add somebody else to the group, or set the target's placeholder",
			"%s is the last member of %s, and the directory allows no empty group", member, group)
	}
	change.Add(g.attribute, []string{g.placeholder})
	err = on.Modify(change)
	if hasCode(err, ldap.LDAPResultAttributeOrValueExists) {
		return contract.Problemf(contract.KindUnavailable, "", "", "the members of %s changed meanwhile", group)
	}
	return err
}

// Inspect implements target.Connector.
func (g *groups) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	group, err := groupOf(access)
	if err != nil {
		return target.State{}, err
	}
	var state target.State
	err = g.call(ctx, group, func(on *link) error {
		state.Held, err = g.holds(on, group, access.Account)
		if isGone(err) {
			return nil // and its members with it
		}
		return err
	})
	if err != nil {
		return target.State{}, err
	}
	return state, nil
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
		return "", contract.Problemf(contract.KindInvalid, "group", "write group and the DN of a group", "is not an entitlement of the kind ldap")
	}
	_, err := parseDN("group", wanted.Group)
	return wanted.Group, err
}
