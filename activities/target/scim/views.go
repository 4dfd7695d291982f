package scim

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"

	"curfew/workflows/contract"
)

// standing says whether a user is a member of a group.
type standing int

const (
	absent standing = iota
	held
	untold // nobody is shown, and that proves nothing
)

// view is a group as it was read once. There is none in it when the service has none.
type view struct {
	group    *group
	version  string
	standing standing
}

// memberFilters are the ways in which services let a group be asked for by a member: that of RFC 7644, and that of some
// who show no members at all.
var memberFilters = [...]string{"members.value", "members"}

// views are the ways to see members that have shown somebody since this process began. What has never shown anybody may
// show nobody ever.
type views struct {
	mu    sync.Mutex
	shown map[string]bool // a filter of memberFilters, or listed
}

// listed is the view of a group that lists its members.
const listed = "list"

func (v *views) hasShown(way string) bool {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.shown[way]
}

func (v *views) note(way string) {
	v.mu.Lock()
	defer v.mu.Unlock()
	if v.shown == nil {
		v.shown = map[string]bool{}
	}
	v.shown[way] = true
}

// look reads the group. Where it lists nobody, it is asked for by its member; that nobody is found counts when the same
// view has found somebody before.
func (c *connector) look(ctx context.Context, m membership) (view, error) {
	found, version, err := c.api.group(ctx, m.group.Group)
	if err != nil || found == nil {
		return view{}, err
	}
	seen := view{group: found, version: version}
	if members := found.members(); len(members) > 0 {
		c.views.note(listed)
		if slices.ContainsFunc(members, func(one member) bool { return slices.Contains(m.ids(), one.Value) }) {
			seen.standing = held
		}
		return seen, nil
	}
	seen.standing, err = c.ask(ctx, m)
	return seen, err
}

// ask looks for the members of a group that lists nobody.
func (c *connector) ask(ctx context.Context, m membership) (standing, error) {
	understood := ""
	for _, filter := range memberFilters {
		for _, id := range m.ids() {
			found, err := c.has(ctx, filter, m.group.Group, id)
			if err != nil || found == held {
				return found, err
			}
			if found == absent && understood == "" {
				understood = filter
			}
		}
	}
	switch proved, err := c.proves(ctx, m, understood); {
	case err != nil:
		return untold, err
	case proved:
		return absent, nil
	default:
		return untold, nil
	}
}

// proves tells whether it says something that a group lists nobody, and that the filter finds nobody, if there is one:
// the same view must have shown a member, of this group or of another.
func (c *connector) proves(ctx context.Context, m membership, filter string) (bool, error) {
	if c.views.hasShown(listed) || filter != "" && (m.shown || c.views.hasShown(filter)) {
		return true, nil
	}
	shows, err := c.api.showsMembers(ctx)
	if err != nil || shows {
		if shows {
			c.views.note(listed)
		}
		return shows, err
	}
	if filter == "" {
		return false, nil
	}
	return c.findsAnybody(ctx, filter, m.group.Group)
}

// fewUsers is how many users are looked for in a group to see whether its filter finds anybody.
const fewUsers = 20

// findsAnybody tries a filter with some users, whichever come first.
func (c *connector) findsAnybody(ctx context.Context, filter, group string) (bool, error) {
	users, err := some[user](ctx, c.api, "Users", fewUsers)
	if err != nil {
		return false, err
	}
	for _, one := range users[:min(len(users), fewUsers)] {
		if !isID(one.ID) {
			continue
		}
		if found, err := c.has(ctx, filter, group, one.ID); err != nil || found == held {
			return found == held, err
		}
	}
	return false, nil
}

// nobody is no user's id.
const nobody = "curfew-looks-for-nobody"

// has asks for a group by one of its members. Many services have no such filter, and some find everything by it.
func (c *connector) has(ctx context.Context, filter, group, id string) (standing, error) {
	found, err := c.filtered(ctx, filter, group, id)
	if err != nil || found != held || c.views.hasShown(filter) {
		return found, err
	}
	if none, err := c.filtered(ctx, filter, group, nobody); err != nil || none != absent {
		return untold, err
	}
	c.views.note(filter)
	return held, nil
}

func (c *connector) filtered(ctx context.Context, filter, wanted, id string) (standing, error) {
	found, err := only[group](ctx, c.api, "Groups", where("id", wanted, filter, id))
	var refused *contract.Problem
	switch {
	case errors.As(err, &refused) && refused.Kind == contract.KindDenied:
		return untold, nil
	case err != nil:
		return untold, err
	case found == nil:
		return absent, nil
	case found.ID != wanted:
		return untold, nil
	}
	return held, nil
}

// members are those that a group lists; many services leave them out when there are none, and some always do.
func (g *group) members() []member {
	if g.Members == nil {
		return nil
	}
	return *g.Members
}

// doubt says why it proves nothing that nobody is shown.
func (c *connector) doubt() string {
	return c.api.String() + " shows no members of any group and finds none by filter"
}

// unseen refuses access that could not be seen to end.
func (c *connector) unseen() *contract.Problem {
	return contract.Denied("%s, so access could not be seen to end", c.doubt()).
		At("group").
		Advise("let the service show members, keep one lasting member in the group, or accept it with readBack: none")
}

// CheckProof implements target.ProofChecker.
func (c *connector) CheckProof(ctx context.Context, entitlement json.RawMessage) error {
	wanted, err := parse(entitlement)
	if err != nil {
		return err
	}
	m := membership{group: wanted, user: user{ID: nobody}}
	found, err := c.look(ctx, m)
	if err != nil {
		return err
	}
	return c.vet(m, found)
}
