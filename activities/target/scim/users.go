package scim

import (
	"context"

	"curfew/activities/target"
)

// purpose is what a membership is looked for to do.
type purpose int

const (
	toLook purpose = iota
	toGive         // the user must be there
	toTake
)

// membershipOf finds the user: by the id that the access was given to, where that is known, else by the account. What
// is known by its id is not acted on by its name. What an id holds can be read without the user, so one that was
// deleted is looked for only where it matters.
func (c *connector) membershipOf(
	ctx context.Context,
	access target.Access,
	why purpose,
) (m membership, known bool, err error) {
	if m.group, err = parse(access.Entitlement); err != nil {
		return membership{}, false, err
	}
	m.shown, m.unread = access.Shown, access.Unread
	id := access.Identity.On(c.api.Base)
	if c.accountsID {
		if problem := checkID(
			"account",
			access.Account,
			"give the person their SCIM id at the service",
		); problem != nil {
			return membership{}, false, problem
		}
		id = access.Account
	} else {
		if problem := checkName(
			"account",
			access.Account,
			"give the person their userName at the service",
		); problem != nil {
			return membership{}, false, problem
		}
		if !isID(id) || why == toLook {
			if m.namesake, err = c.api.userNamed(ctx, access.Account); err != nil {
				return membership{}, false, err
			}
		}
	}
	switch {
	case !isID(id) && m.namesake == nil:
		return membership{}, false, nil
	case !isID(id) || m.namesake != nil && m.namesake.ID == id:
		m.user, m.namesake = *m.namesake, nil
		return m, true, nil
	}
	m.user = user{ID: id, UserName: access.Account}
	if why != toGive {
		return m, true, nil
	}
	found, err := c.api.userWith(ctx, id)
	return m, found != nil, err
}

// ids are those of the users who may have the access: the one that it was given to, and whoever has that one's name
// now.
func (m membership) ids() []string {
	if m.namesake == nil {
		return []string{m.user.ID}
	}
	return []string{m.user.ID, m.namesake.ID}
}
