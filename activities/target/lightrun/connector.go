package lightrun

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"curfew/activities/target"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

const (
	// slack is how much later than asked Lightrun ends an access: it is the second lock and must not close first.
	slack = time.Minute
	// rounds is how often a revoke looks again for accesses that came up while it removed others.
	rounds = 5

	maxReference = 100 // in characters
)

// connector gives temporary accesses.
type connector struct {
	api *api
	// shows is true once Lightrun has listed any temporary access.
	shows atomic.Bool
}

// Grant makes the access with the asked end, unless it is there, and then removes those with other ends.
func (c *connector) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	wanted, err := describe(access, time.Now())
	if err != nil {
		return "", err
	}
	ours, _, err := c.ours(ctx, access)
	if err != nil {
		return "", err
	}
	granted := target.AlreadyThere
	if !slices.ContainsFunc(ours, wanted.isNamed) {
		if granted, err = c.make(ctx, access, wanted, len(ours) > 0); err != nil {
			return "", err
		}
	}
	if _, err := c.remove(ctx, slices.DeleteFunc(ours, wanted.isNamed)); err != nil {
		return "", err
	}
	return granted, nil
}

// make creates an access, or finds that an earlier attempt whose answer was lost has done so. One that is to replace
// another is listed before it returns: the subject must not lose the other for an answer that is not true.
func (c *connector) make(
	ctx context.Context,
	access target.Access,
	wanted newAccess,
	replaces bool,
) (target.Granted, error) {
	granted := target.AccessGranted
	switch made, err := c.api.create(ctx, wanted); {
	case err != nil:
		return "", err
	case !made:
		granted = target.AlreadyThere
	case !replaces:
		return granted, nil // whoever asked looks whether it is there
	}
	ours, _, err := c.ours(ctx, access)
	if err != nil {
		return "", err
	}
	if !slices.ContainsFunc(ours, wanted.isNamed) {
		return "", contract.Unavailable("%s says that the temporary access %s exists, but does not list it", c.api, wanted.Name).
			Advise("look for it in Lightrun if this persists")
	}
	return granted, nil
}

// Ping implements target.Pinger.
func (c *connector) Ping(ctx context.Context) error { return c.api.ping(ctx, accesses) }

// Revoke removes every access of this grant, whatever its end, until Lightrun lists none; those that it has listed
// before also if it lists them no more.
func (c *connector) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	revoked := target.AlreadyAbsent
	if there, err := c.remove(ctx, c.known(access)); err != nil {
		return "", err
	} else if there {
		revoked = target.AccessRevoked
	}
	for range rounds {
		ours, _, err := c.ours(ctx, access)
		if err != nil {
			return "", err
		}
		if len(ours) == 0 {
			return revoked, nil
		}
		if _, err := c.remove(ctx, ours); err != nil {
			return "", err
		}
		revoked = target.AccessRevoked
	}
	return "", contract.Unavailable("%s lists temporary accesses of this grant again after %d removals", c.api, rounds).
		Advise("see in Lightrun who keeps making them")
}

// Inspect lists the accesses of this grant. The end is that of the one that lasts longest.
func (c *connector) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	ours, proof, err := c.ours(ctx, access)
	if err != nil {
		return target.State{}, err
	}
	state := target.State{Held: len(ours) > 0, Identity: contract.Identity{Target: c.api.Base, ID: idsOf(ours)}}
	if !state.Held && !proof {
		state.Doubt = c.api.String() + " lists no temporary access at all, and does not count them"
	}
	for _, one := range ours {
		end, err := c.api.endOf(one)
		if err != nil {
			return target.State{}, err
		}
		if end.After(state.Until) {
			state.Until = end
		}
	}
	return state, nil
}

// Check lists temporary accesses: the one scope that lets the key do so lets it make and remove them too.
func (c *connector) Check(ctx context.Context) error {
	_, err := read[struct{}](ctx, c.api, accesses, 0, 1)
	return err
}

// ours lists the accesses that were made for a grant, by their names and by the ids that they had before. proof is
// false when it says nothing that none is listed: the list is empty, not counted, and has never shown anything.
func (c *connector) ours(ctx context.Context, access target.Access) (ours []tempAccess, proof bool, err error) {
	if !keyPattern.MatchString(access.Key) {
		return nil, false, contract.Internal("%q is not the key of a grant", outbound.Clip(access.Key))
	}
	all, err := list[tempAccess](ctx, c.api, accesses)
	if err != nil {
		return nil, false, err
	}
	if len(all.entries) > 0 {
		c.shows.Store(true)
	}
	known := c.known(access)
	ours = slices.DeleteFunc(all.entries, func(one tempAccess) bool {
		return !strings.HasPrefix(one.Name, namePrefix(access.Key)) &&
			!slices.ContainsFunc(known, func(former tempAccess) bool { return former.ID == one.ID })
	})
	return ours, all.counted || access.Shown || c.shows.Load(), nil
}

// known are the accesses of a grant that this company has listed before, as far as their ids go.
func (c *connector) known(access target.Access) (known []tempAccess) {
	for _, id := range strings.Fields(access.Identity.On(c.api.Base)) {
		known = append(known, tempAccess{ID: id, Name: namePrefix(access.Key) + "…"})
	}
	return known
}

// idsOf are the ids of accesses, with spaces between them.
func idsOf(ours []tempAccess) string {
	var ids []string
	for _, one := range ours {
		ids = append(ids, one.ID)
	}
	slices.Sort(ids)
	return strings.Join(ids, " ")
}

// remove tries to remove all, even after one has failed, and returns the first error. It says whether any was there.
func (c *connector) remove(ctx context.Context, doomed []tempAccess) (there bool, first error) {
	for _, one := range doomed {
		removed, err := c.api.delete(ctx, one)
		there = there || removed
		if err != nil && first == nil {
			first = err
		}
	}
	return there, first
}

// describe is the temporary access that gives what is asked for.
func describe(access target.Access, now time.Time) (newAccess, error) {
	if err := checkAccount(access.Account); err != nil {
		return newAccess{}, err
	}
	entitlement, err := parse(access.Entitlement)
	if err != nil {
		return newAccess{}, err
	}
	latest := now.Add(maxDuration)
	switch {
	case !access.Until.After(now):
		return newAccess{}, contract.Overdue("%s is in the past", access.Until.UTC().Format(time.RFC3339)).
			At("until").
			Advise("see that the target, the ledger and the workers run and answer")
	case access.Until.After(latest):
		return newAccess{}, contract.Denied("%s is more than 31 days away, the longest that Lightrun allows", access.Until.UTC().Format(time.RFC3339)).
			At("until").
			Advise("ask for 31 days or less")
	}
	end := access.Until.Add(slack)
	if end.After(latest) {
		end = latest
	}
	return newAccess{
		Name:           fmt.Sprintf("%s%d", namePrefix(access.Key), access.Until.Unix()),
		UserEmails:     []string{access.Account},
		AgentPoolIDs:   entitlement.AgentPoolIDs,
		Roles:          entitlement.Roles,
		ExpirationDate: end.UTC().Format(time.RFC3339),
		IncidentID:     reference(access.Reference),
	}, nil
}

// namePrefix is Curfew's mark on an access.
func namePrefix(key string) string { return "curfew-" + key + "-" }

func reference(text string) string {
	if characters := []rune(text); len(characters) > maxReference {
		return string(characters[:maxReference])
	}
	return text
}
