package ldap

import (
	"context"
	"encoding/json"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// Holders implements target.HolderTeller. The directory itself compares, so it matters neither how a DN is spelled nor
// how many members the group has.
func (g *groups) Holders(
	ctx context.Context,
	entitlement json.RawMessage,
	accounts []string,
) (holders []string, err error) {
	group, err := groupOf(target.Access{Entitlement: entitlement})
	if err != nil {
		return nil, err
	}
	err = g.call(ctx, group, func(on *link) error {
		holders = nil
		for _, account := range accounts {
			held, err := g.holds(on, group, account)
			switch {
			case isGone(err):
				return contract.NotFound("%s has no group %s", g, group).
					At("group").
					Advise("make it, or correct its name")
			case err != nil:
				return err
			case held:
				holders = append(holders, account)
			}
		}
		return nil
	})
	return holders, err
}

// holds is true when an account is a member of a group.
func (g *groups) holds(on *link, group, account string) (bool, error) {
	member, err := g.member(on, account)
	if err != nil || member == (person{}) {
		return false, err
	}
	held, _, err := g.compare(on, group, member.value)
	return held, err
}
