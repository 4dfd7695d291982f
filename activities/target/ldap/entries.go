package ldap

import (
	"context"
	"encoding/json"
	"regexp"
	"strconv"
	"time"

	"github.com/go-ldap/ldap/v3"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// What RFC 2589 calls its parts.
const (
	classDynamic    = "dynamicObject"
	attributeTTL    = "entryTtl" // in seconds
	dynamicSubtrees = "dynamicSubtrees"
)

const (
	// markPrefix begins the names of the groups that Curfew makes; the grant's key follows.
	markPrefix       = "curfew-"
	longestReference = 100 // in bytes
)

var keyPattern = regexp.MustCompile(`^[0-9a-f]{32}$`)

// entries is the connector of the kind "ldap-entry".
type entries struct {
	*directory
	container *ldap.DN
}

// Grant implements target.Connector. A new entry gets the directory's default life, and then the one that is asked for.
func (e *entries) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	dn, err := e.placeOf(access)
	if err != nil {
		return "", err
	}
	life := time.Until(access.Until) + slack
	switch {
	case life <= slack:
		return "", contract.Overdue("%s is in the past", access.Until.UTC().Format(time.RFC3339)).
			At("until").
			Advise("see that the target, the ledger and the workers run and answer")
	case life > longestTTL:
		return "", contract.Denied("%s is more than a year away, the longest that an entry can last", access.Until.UTC().Format(time.RFC3339)).
			At("until").
			Advise("ask for a year or less")
	}
	granted := target.AccessGranted
	err = e.call(ctx, dn, func(on *link) error {
		member, err := e.existing(on, access.Account)
		if err != nil {
			return err
		}
		made, err := e.make(on, dn, member.value, access)
		if err != nil {
			return err
		}
		if !made {
			granted = target.AlreadyThere
		}
		err = e.outlive(on, dn, life)
		if err != nil && made {
			_ = on.Del(ldap.NewDelRequest(dn, nil)) // the refusal is what is told; the default life ends it anyway
		}
		return err
	})
	if err != nil {
		return "", err
	}
	return granted, nil
}

// make adds the entry. It returns false when an earlier attempt has done so.
func (e *entries) make(on *link, dn, member string, access target.Access) (bool, error) {
	wanted := ldap.NewAddRequest(dn, nil)
	wanted.Attribute("objectClass", []string{"groupOfNames", classDynamic})
	wanted.Attribute("cn", []string{markPrefix + access.Key})
	wanted.Attribute(attributeMember, []string{member})
	if reference := oneLine(contract.Shorten(access.Reference, longestReference)); reference != "" {
		wanted.Attribute("description", []string{reference})
	}
	err := on.Add(wanted)
	switch {
	case isFull(err):
		return false, contract.Capacity("%s holds as many dynamic entries as it is allowed to", e).
			Advise("wait for others to end, or raise dds-max-dynamicObjects")
	case isGone(err):
		return false, contract.NotFound("%s has no entry above %s", e, dn).
			At("groupsUnder").
			Advise("make it, correct it, or let Curfew's entry see it")
	case hasCode(err, ldap.LDAPResultObjectClassViolation):
		return false, e.nothingExpires()
	case !hasCode(err, ldap.LDAPResultEntryAlreadyExists):
		return err == nil, err
	}
	same, err := on.Compare(dn, attributeMember, member)
	if err == nil && !same {
		err = contract.Denied("%s has the name of this grant and another member than %s", dn, member).
			Advise("look who changed it, and remove it")
	}
	return false, err
}

// Revoke implements target.Connector. The entry has a name that nobody else's has; one that was moved has its UUID
// still.
func (e *entries) Revoke(ctx context.Context, access target.Access) (target.Revoked, error) {
	dn, err := e.placeOf(access)
	if err != nil {
		return "", err
	}
	revoked := target.AccessRevoked
	err = e.call(ctx, dn, func(on *link) error {
		_, names, err := e.find(on, dn, access)
		if err != nil {
			return err
		}
		revoked = target.AlreadyAbsent
		for _, name := range names {
			switch err := on.Del(ldap.NewDelRequest(name, nil)); {
			case err == nil:
				revoked = target.AccessRevoked
			case !isGone(err):
				return err
			}
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	return revoked, nil
}

// Inspect implements target.Connector.
func (e *entries) Inspect(ctx context.Context, access target.Access) (target.State, error) {
	dn, err := e.placeOf(access)
	if err != nil {
		return target.State{}, err
	}
	var state target.State
	err = e.call(ctx, dn, func(on *link) error {
		identity, names, err := e.find(on, dn, access)
		state.Identity = identity
		for _, name := range names {
			if err == nil && !state.Held {
				err = e.inspect(on, name, &state)
			}
		}
		return err
	})
	if err != nil {
		return target.State{}, err
	}
	return state, nil
}

// inspect reads one entry, if it is there.
func (e *entries) inspect(on *link, dn string, state *target.State) error {
	entry, err := e.look(on, dn, attributeTTL)
	if err != nil || entry == nil {
		return err
	}
	if state.Identity.ID == "" && state.Identity.Target != "" {
		if state.Identity.ID, err = on.uuidOf(dn); err != nil {
			return err
		}
	}
	state.Held = true
	state.Until, err = e.endOf(entry)
	return err
}

// find tells what can't be renamed of an access, and the DNs that its entry may have.
func (e *entries) find(
	on *link,
	dn string,
	access target.Access,
) (identity contract.Identity, names []string, err error) {
	names = []string{dn}
	if identity.Target, err = on.context(e.container); err != nil || identity.Target == "" {
		return identity, names, err
	}
	if identity.ID = access.Identity.On(identity.Target); identity.ID == "" {
		return identity, names, nil
	}
	found, err := on.withUUIDs(identity.Target, "1.1", identity.ID)
	var refused *ldap.Error
	if err != nil && !isAnswer(err, &refused) {
		return identity, nil, err
	}
	if entry := found[identity.ID]; entry != nil && entry.DN != dn {
		names = append(names, entry.DN)
	}
	return identity, names, nil
}

// endOf is when the directory will remove an entry.
func (e *entries) endOf(entry *ldap.Entry) (time.Time, error) {
	left, err := strconv.ParseInt(entry.GetAttributeValue(attributeTTL), 10, 32)
	if err != nil {
		return time.Time{}, contract.Denied("%s does not show how long %s lasts", e, entry.DN).
			Advise("let Curfew's entry manage entryTtl there, as docs/targets/ldap.md says")
	}
	return time.Now().Add(time.Duration(left) * time.Second).UTC(), nil
}

// placeOf is the DN of a grant's entry. Only what lies under the target's container is ever named.
func (e *entries) placeOf(access target.Access) (string, error) {
	var wanted place
	if err := json.Unmarshal(access.Entitlement, &wanted); err != nil {
		return "", contract.Invalid("is not an entitlement of the kind ldap-entry").
			At("groupsUnder").
			Advise("write groupsUnder and a DN")
	}
	under, err := parseDN("groupsUnder", wanted.GroupsUnder)
	if err != nil {
		return "", err
	}
	if !within(e.container, under) {
		return "", contract.Invalid("%s is not under it", wanted.GroupsUnder).
			At("groupsUnder").
			Advise("name a place under the target's container " + canonical(e.container))
	}
	if !keyPattern.MatchString(access.Key) {
		return "", contract.Internal("%q is not the key of a grant", contract.Shorten(access.Key, shown))
	}
	return "cn=" + markPrefix + access.Key + "," + wanted.GroupsUnder, nil
}
