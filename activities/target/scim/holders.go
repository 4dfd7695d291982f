package scim

import (
	"context"
	"encoding/json"
	"slices"
	"strings"

	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// Holders implements target.HolderTeller. Where accounts are userNames, either all of them are looked up or all
// members, whichever are fewer.
func (c *connector) Holders(ctx context.Context, written json.RawMessage, accounts []string) ([]string, error) {
	wanted, err := parse(written)
	if err != nil {
		return nil, err
	}
	members, err := c.membersOf(ctx, wanted)
	switch {
	case err != nil || len(members) == 0:
		return nil, err
	case c.accountsID:
		return slices.DeleteFunc(
			slices.Clone(accounts),
			func(id string) bool { return !slices.Contains(members, id) },
		), nil
	case len(accounts) < len(members):
		return c.namedAmong(ctx, members, accounts)
	}
	return c.namesOf(ctx, members, accounts)
}

// membersOf are the ids of a group's members. A service that shows none may hide them.
func (c *connector) membersOf(ctx context.Context, wanted entitlement) ([]string, error) {
	found, _, err := c.api.group(ctx, wanted.Group)
	switch {
	case err != nil:
		return nil, err
	case found == nil:
		return nil, contract.NotFound("%s has no group %q", c.api, wanted.Group).
			At("group").
			Advise("correct the id, or create the group")
	case found.DisplayName != wanted.DisplayName:
		return nil, contract.Denied("the group %s is called %q, not %q", wanted.Group, outbound.Clip(found.DisplayName), wanted.DisplayName).
			At("displayName").
			Advise("see which of the two is meant, and correct it")
	case len(found.members()) == 0:
		shows, err := c.api.showsMembers(ctx)
		if err == nil && !shows {
			err = contract.Denied("%s shows no members of any group", c.api).
				At("group").
				Advise("let the service show members, or keep one lasting member in some group")
		}
		return nil, err
	}
	var ids []string
	for _, one := range found.members() {
		ids = append(ids, one.Value)
	}
	slices.Sort(ids)
	return slices.Compact(ids), nil
}

// namedAmong looks accounts up, and keeps those that are members.
func (c *connector) namedAmong(ctx context.Context, members, accounts []string) (holders []string, err error) {
	for _, account := range accounts {
		found, err := c.api.userNamed(ctx, account)
		if err != nil {
			return nil, err
		}
		if found != nil && slices.Contains(members, found.ID) {
			holders = append(holders, account)
		}
	}
	return holders, nil
}

// namesOf looks members up, and keeps the accounts that are theirs. Members that are no users are groups: those in them
// don't count.
func (c *connector) namesOf(ctx context.Context, members, accounts []string) (holders []string, err error) {
	for _, id := range members {
		if !isID(id) {
			return nil, c.api.Strange("the id of a member is %q", outbound.Clip(id))
		}
		found, err := c.api.userWith(ctx, id)
		if err != nil {
			return nil, err
		}
		at := slices.IndexFunc(
			accounts,
			func(account string) bool { return found != nil && strings.EqualFold(found.UserName, account) },
		)
		if at >= 0 {
			holders = append(holders, accounts[at])
		}
	}
	return holders, nil
}
