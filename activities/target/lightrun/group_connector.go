package lightrun

import (
	"context"
	"encoding/json"
	"fmt"
	"sync/atomic"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// groupConnector puts users into groups.
type groupConnector struct {
	api     *api
	watches watches
	// shows is true once Lightrun has shown anybody as a member of a group.
	shows atomic.Bool
}

// Ping implements target.Pinger.
func (c *groupConnector) Ping(ctx context.Context) error { return c.api.ping(ctx, groups) }

// Grant adds the subject to the group. Lightrun enforces no end of a membership, so to move the end there is nothing to
// do.
func (c *groupConnector) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	group, err := groupOf(access.Entitlement)
	if err != nil {
		return "", err
	}
	if err := checkAccount(access.Account); err != nil {
		return "", err
	}
	watch := c.watches.start(group, access.Account)
	defer watch.end()
	before, known, err := c.api.members(ctx, group)
	switch {
	case err != nil:
		return "", err
	case !known:
		return "", c.noGroup(group)
	}
	if found, there := before.find(access.Account); there {
		return target.AlreadyThere, c.vetMember(group, found)
	}
	if err := c.api.vetUser(ctx, access.Account); err != nil {
		return "", err
	}
	return c.add(ctx, watch, before)
}

// add puts somebody into the group who was not in it before.
func (c *groupConnector) add(ctx context.Context, watch *watch, before roster) (target.Granted, error) {
	watch.change()
	failed, err := c.api.addMember(ctx, watch.group, watch.account)
	if err != nil {
		return "", err
	}
	after, known, err := c.readBack(ctx, watch, before)
	switch {
	case err != nil:
		return "", err
	case !known:
		return "", c.noGroup(watch.group)
	}
	found, there := after.find(watch.account)
	switch {
	case !there && failed == (failure{}):
		return target.AccessGranted, nil // whoever asked looks whether it is there
	case !there:
		return "", c.api.unchanged(failed, fmt.Sprintf("add %s to the group %s", watch.account, watch.group))
	case failed != (failure{}): // another attempt was first
		return target.AlreadyThere, c.vetMember(watch.group, found)
	default:
		return target.AccessGranted, c.vetMember(watch.group, found)
	}
}

// Revoke removes the subject from the group, whatever the group has shown before. A group that was deleted has taken
// its memberships along.
func (c *groupConnector) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	group, err := groupOf(access.Entitlement)
	if err != nil {
		return "", err
	}
	watch := c.watches.start(group, access.Account)
	defer watch.end()
	before, known, err := c.api.members(ctx, group)
	if err != nil {
		return "", err
	}
	if !known {
		return target.AlreadyAbsent, nil
	}
	found, there := before.find(access.Account)
	switch {
	case !there && before.hasLookalike(access.Account):
		return target.AlreadyAbsent, nil // Lightrun might take the one for the other
	case !there:
		found.Email = access.Account
	}
	watch.change()
	failed, err := c.api.removeMember(ctx, group, found.Email)
	if err != nil {
		return "", err
	}
	after, _, err := c.readBack(ctx, watch, before)
	if err != nil {
		return "", err
	}
	if _, still := after.find(access.Account); still {
		return "", c.api.unchanged(failed, fmt.Sprintf("remove %s from the group %s", access.Account, group))
	}
	if !there {
		return target.AlreadyAbsent, nil
	}
	return target.AccessRevoked, nil
}

// readBack reads the group after a change, and fails when somebody else's membership has changed with it.
func (c *groupConnector) readBack(ctx context.Context, watch *watch, before roster) (roster, bool, error) {
	after, known, err := c.api.members(ctx, watch.group)
	if err != nil || !known {
		return nil, false, err
	}
	return after, true, watch.compare(c.api, before, after)
}

// Inspect reads the group.
func (c *groupConnector) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	group, err := groupOf(access.Entitlement)
	if err != nil {
		return target.State{}, err
	}
	now, known, err := c.api.roster(ctx, group)
	if err != nil {
		return target.State{}, err
	}
	if len(now.members) > 0 {
		c.shows.Store(true)
	}
	state := target.State{Identity: contract.Identity{Target: c.api.Base}}
	_, state.Held = now.members.find(access.Account)
	if known && !access.Shown && !c.proves(now) {
		state.Doubt = c.doubt()
	}
	return state, nil
}

// proves is true when it says something that somebody is not in a roster: it has members, they are counted, or Lightrun
// has shown somebody in another.
func (c *groupConnector) proves(now counted) bool {
	return len(now.members) > 0 || now.counted || c.shows.Load()
}

func (c *groupConnector) doubt() string {
	return c.api.String() + " shows no member of the group, and does not count them"
}

// CheckProof implements target.ProofChecker: the group is there, and shows who is in it.
func (c *groupConnector) CheckProof(ctx context.Context, entitlement json.RawMessage) error {
	group, err := groupOf(entitlement)
	if err != nil {
		return err
	}
	now, known, err := c.api.roster(ctx, group)
	switch {
	case err != nil:
		return err
	case !known:
		return c.noGroup(group)
	case !c.proves(now):
		return contract.Denied("%s, so access could not be seen to end", c.doubt()).
			At("groupId").
			Advise("keep one lasting member in the group, or accept it with readBack: none")
	}
	return nil
}

// Check lists groups: the one scope that lets the key do so lets it change them too.
func (c *groupConnector) Check(ctx context.Context) error {
	_, err := read[struct{}](ctx, c.api, groups, 0, 1)
	return err
}

func (c *groupConnector) noGroup(group string) error {
	return contract.Denied("%s has no group %s", c.api, group).
		At("groupId").
		Advise("list Lightrun's groups with their ids, and name one of them")
}

// vetMember refuses a membership that its subject could keep.
func (c *groupConnector) vetMember(group string, found member) error {
	if !found.GroupAdmin {
		return nil
	}
	return contract.Denied("%s administers the group %s, and could make the access last", found.Email, group).
		At("account").
		Advise("take that away from them in Lightrun")
}
