package scim

import (
	"context"
	"net/http"

	"curfew/activities/target"
	"curfew/internal/keepalive"
	"curfew/internal/outbound"
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
	views      views
}

// membership is what the connector is asked about, checked.
type membership struct {
	group entitlement
	user  user
	// namesake has the userName of the access now, and is another user; nil when there is none.
	namesake *user
	// shown is true when the service has shown this membership since it was given; unread when nobody expects it to.
	shown, unread bool
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
	m, known, err := c.membershipOf(ctx, access, toGive)
	switch {
	case err != nil:
		return "", err
	case !known:
		return "", c.noUser(access.Account)
	}
	changed, err := c.add(ctx, m)
	return made(changed, err, target.AccessGranted, target.AlreadyThere)
}

// Revoke implements target.Connector.
func (c *connector) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	m, known, err := c.membershipOf(ctx, access, toTake)
	if err != nil {
		return "", err
	}
	if !known {
		return target.AlreadyAbsent, nil
	}
	found, err := c.remove(ctx, m)
	return made(found, err, target.AccessRevoked, target.AlreadyAbsent)
}

// made says what became of a change: it was made, or there was nothing to change.
func made[Outcome ~string](changed bool, err error, now, already Outcome) (Outcome, error) {
	switch {
	case err != nil:
		return "", err
	case changed:
		return now, nil
	default:
		return already, nil
	}
}

// Inspect implements target.Connector.
func (c *connector) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	state := target.State{Identity: contract.Identity{Target: c.api.Base}}
	m, known, err := c.membershipOf(ctx, access, toLook)
	if err != nil || !known {
		return state, err
	}
	state.Identity.ID = m.user.ID
	found, err := c.look(ctx, m)
	if err != nil {
		return target.State{}, err
	}
	state.Held = found.standing == held
	if found.standing == untold {
		state.Doubt = c.doubt()
	}
	return state, nil
}

// add makes the user a member, and says whether they were none.
func (c *connector) add(ctx context.Context, m membership) (changed bool, err error) {
	done, err := c.turns.take(ctx, m.group.Group)
	if err != nil {
		return false, err
	}
	defer done()
	for stale := 0; ; stale++ {
		before, err := c.look(ctx, m)
		if err == nil {
			err = c.vet(m, before)
		}
		if err != nil || before.standing == held {
			return false, err
		}
		if again, err := c.bring(ctx, m, true, before, stale); !again {
			return true, err
		}
	}
}

// remove takes the user out of the group, and says whether they were seen there. It is asked for whatever was seen: a
// service that shows nothing may have the member all the same.
func (c *connector) remove(ctx context.Context, m membership) (found bool, err error) {
	done, err := c.turns.take(ctx, m.group.Group)
	if err != nil {
		return false, err
	}
	defer done()
	for stale := 0; ; stale++ {
		before, err := c.look(ctx, m)
		if err != nil || before.group == nil { // which has taken its members along
			return false, err
		}
		if again, err := c.bring(ctx, m, false, before, stale); !again {
			return before.standing == held, err
		}
	}
}

// bring asks for the change, and reads back what came of it. It returns true when the group has changed meanwhile.
func (c *connector) bring(ctx context.Context, m membership, in bool, before view, stale int) (again bool, err error) {
	wanted := c.removal(m.user.ID)
	if in {
		wanted = addition(m.user.ID)
	}
	meant := before.version
	if stale == staleChanges {
		meant = ""
	}
	made, err := c.api.change(ctx, m.group.Group, wanted, meant)
	if err != nil || made.stale {
		return made.stale, err
	}
	return false, c.verify(ctx, m, in, before, made)
}

// vet refuses what nobody approved, and what could not be seen to end.
func (c *connector) vet(m membership, before view) error {
	switch {
	case before.group == nil:
		return contract.NotFound("%s has no group %q", c.api, m.group.Group).
			At("group").
			Advise("correct the id in the template, or create the group")
	case before.group.DisplayName != m.group.DisplayName:
		return contract.Denied("the group %s is called %q, not %q", m.group.Group, outbound.Clip(before.group.DisplayName), m.group.DisplayName).
			At("displayName").
			Advise("see which of the two is meant, and correct the template")
	case before.standing == untold && !m.unread:
		return c.unseen()
	default:
		return nil
	}
}
