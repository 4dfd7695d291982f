package ldap

import (
	"slices"

	"github.com/go-ldap/ldap/v3"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// candidate is a value in a group that an access may be.
type candidate struct {
	group, value string // DN of the group, and what it keeps of the member
	// another is true when the name of the group or of the member belongs by now to another entry.
	another bool
}

// finding is what an access may be in one directory: what it was given as, wherever its entries are by now, and what
// has its names.
type finding struct {
	identity   contract.Identity
	candidates []candidate
}

// purpose is what an access is looked for to do.
type purpose int

const (
	toLook purpose = iota
	toGive         // the group and the person must be there
	toTake
)

// find looks for an access by what can't be renamed, and by its names. What is known by the former is not acted on by
// its names, so those are left alone then.
func (g *groups) find(on *link, access target.Access, group string, why purpose) (finding, error) {
	parsed, err := ldap.ParseDN(group)
	if err != nil {
		return finding{}, err
	}
	context, err := on.context(parsed)
	if err != nil {
		return finding{}, err
	}
	known, isKnown := namesOf(access.Identity.On(context))
	if isKnown && context != "" && why != toLook {
		return g.findKnown(on, known, group, person{}, access.Identity)
	}
	who := g.member
	if why == toGive {
		who = g.existing
	}
	named, err := who(on, access.Account)
	switch {
	case err != nil:
		return finding{}, err
	case isKnown && context != "":
		return g.findKnown(on, known, group, named, access.Identity)
	}
	found := finding{identity: contract.Identity{Target: context}}
	if named != (person{}) {
		found.candidates = []candidate{{group: group, value: named.value}}
	}
	found.identity.ID, err = on.identify(context, group, named)
	return found, err
}

// findKnown looks for what the group and the member are called now, and for what has their former names.
func (g *groups) findKnown(
	on *link,
	known names,
	group string,
	named person,
	identity contract.Identity,
) (finding, error) {
	entries, err := on.withUUIDs(identity.Target, g.keptAttribute(), known.Group, known.Member)
	if err != nil {
		return finding{}, err
	}
	var groups, values []candidate // of each only its half
	if entry := entries[known.Group]; entry != nil {
		groups = append(groups, candidate{group: entry.DN})
	}
	if len(groups) == 0 || !g.same(groups[0].group, group) {
		groups = append(groups, candidate{group: group, another: true})
	}
	if values, err = g.valuesOf(on, known, entries[known.Member], named); err != nil {
		return finding{}, err
	}
	found := finding{identity: identity}
	for _, in := range groups {
		for _, who := range values {
			found.candidates = append(found.candidates, candidate{in.group, who.value, in.another || who.another})
		}
	}
	return found, nil
}

// valuesOf are what a group may keep of a member: what it is called now, what it was called when it was added, and what
// has its account now.
func (g *groups) valuesOf(on *link, known names, member *ldap.Entry, named person) ([]candidate, error) {
	var values []candidate
	add := func(value string, another bool) {
		there := slices.ContainsFunc(values, func(one candidate) bool { return g.same(one.value, value) })
		if value != "" && !there {
			values = append(values, candidate{value: value, another: another})
		}
	}
	if member != nil {
		now, err := g.personOf(member)
		if err != nil {
			return nil, err
		}
		add(now.value, false)
	}
	taken, err := g.taken(on, known)
	if err != nil {
		return nil, err
	}
	add(known.Value, taken)
	add(named.value, true)
	return values, nil
}

// taken is true when what the member was called when it was added is the name of another entry now.
func (g *groups) taken(on *link, known names) (bool, error) {
	dn := known.Value
	if g.withUID {
		bearer, err := g.lookUpUID(on, known.Value)
		if err != nil || bearer == "" {
			return false, err
		}
		dn = bearer
	}
	uuid, err := on.uuidOf(dn)
	return uuid != "" && uuid != known.Member, err
}

// lookUpUID is the DN of whoever has a uid; empty when nobody has, or several do.
func (g *groups) lookUpUID(on *link, uid string) (string, error) {
	found, err := on.Search(
		ldap.NewSearchRequest(g.people.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 1, 0, false,
			"("+attributeUID+"="+ldap.EscapeFilter(uid)+")", []string{"1.1"}, nil),
	)
	if err != nil && !hasCode(err, ldap.LDAPResultSizeLimitExceeded) {
		return "", err
	}
	if len(found.Entries) == 0 {
		return "", nil
	}
	return found.Entries[0].DN, nil
}

// same compares DNs without regard to how they are spelled, and uids as they are.
func (g *groups) same(one, other string) bool {
	if one == other {
		return true
	}
	a, err := ldap.ParseDN(one)
	b, otherErr := ldap.ParseDN(other)
	return err == nil && otherErr == nil && a.EqualFold(b)
}

// ours are those that may be taken away: what has the names of the access without being it is somebody else's.
func (f finding) ours() []candidate {
	var ours []candidate
	for _, one := range f.candidates {
		if !one.another {
			ours = append(ours, one)
		}
	}
	return ours
}

// same is what the access was given as, under its present names.
func (f finding) same() (group, value string, err error) {
	ours := f.ours()
	if len(ours) == 0 {
		return "", "", contract.NotFound("the group or the person was removed, and what has its name now is another entry").
			Advise("make a new request")
	}
	return ours[0].group, ours[0].value, nil
}
