package ldap

import (
	"context"
	"strings"

	"github.com/go-ldap/ldap/v3"

	"curfew/workflows/contract"
)

// anything is the filter that each entry passes.
const anything = "(objectClass=*)"

// directory is what both kinds need of one: calls in bounded time, and people's entries.
type directory struct {
	links  *pool
	people People
	// withUID tells that groups keep a person's uid instead of their DN.
	withUID bool
}

func (s Server) openDirectory() (*directory, error) {
	dialer, err := s.dialer()
	if err != nil {
		return nil, err
	}
	if err := s.People.validate(); err != nil {
		return nil, err
	}
	return &directory{links: newPool(dialer, s.MaxConnections), people: s.People}, nil
}

// String names the directory in errors.
func (d *directory) String() string { return "the directory at " + d.links.dialer.address }

func (d *directory) byLogin() bool { return d.people != People{} }

// call does some work on a link within the time for one call, and turns what goes wrong into a problem. It names what
// the work is about.
func (d *directory) call(ctx context.Context, about string, work func(*link) error) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	err := d.links.use(ctx, func(lent *link) (bool, error) {
		err := d.problem(ctx, work(lent), about)
		known, _ := contract.ProblemOf(err)
		return err == nil || known.Kind != contract.KindUnavailable, err
	})
	return d.problem(ctx, err, about)
}

// Ping implements target.Pinger.
func (d *directory) Ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	return d.problem(ctx, d.links.ping(ctx), d.links.dialer.bindDN)
}

// look reads some attributes of one entry. It tells an entry that is not there from one that we may not see.
func (d *directory) look(on *link, dn string, attributes ...string) (entry *ldap.Entry, err error) {
	found, err := on.Search(
		ldap.NewSearchRequest(dn, ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, anything, attributes, nil),
	)
	switch {
	case isGone(err):
		return nil, nil
	case hasCode(err, ldap.LDAPResultNoSuchObject) || err == nil && len(found.Entries) == 0:
		return nil, d.hidden(dn)
	case err != nil:
		return nil, err
	}
	return found.Entries[0], nil
}

// person is somebody's entry, and what groups keep of it: its DN, or its uid.
type person struct{ dn, value string }

// existing is the person with an account, who must be there.
func (d *directory) existing(on *link, account string) (person, error) {
	if d.byLogin() {
		found, err := d.member(on, account)
		if err == nil && found == (person{}) {
			return person{}, d.nobody(account)
		}
		return found, err
	}
	if _, err := parseDN("account", account); err != nil {
		return person{}, err
	}
	entry, err := d.look(on, account, "1.1")
	switch {
	case err != nil:
		return person{}, err
	case entry == nil:
		return person{}, d.nobody(account)
	}
	return person{entry.DN, entry.DN}, nil
}

// member is the person with an account, who may be nobody any more: then a DN is still what it was, and a login leads
// nowhere.
func (d *directory) member(on *link, account string) (person, error) {
	if !d.byLogin() {
		_, err := parseDN("account", account)
		return person{account, account}, err
	}
	if account == "" || len(account) > longestLogin || !isText(account) {
		return person{}, contract.Invalid("%q is not a login", contract.Shorten(account, shown)).
			At("account").
			Advise("give the person their login in the directory")
	}
	return d.lookUp(on, account)
}

// lookUp finds the one person with a login; nobody when there is none.
func (d *directory) lookUp(on *link, login string) (person, error) {
	filter := "(" + d.people.Attribute + "=" + ldap.EscapeFilter(login) + ")"
	const enoughToTell = 2
	found, err := on.Search(
		ldap.NewSearchRequest(d.people.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, enoughToTell, 0, false,
			filter, []string{d.keptAttribute()}, nil),
	)
	switch {
	case hasCode(err, ldap.LDAPResultNoSuchObject):
		return person{}, d.hidden(d.people.Base)
	case err != nil && !hasCode(err, ldap.LDAPResultSizeLimitExceeded):
		return person{}, err
	case err != nil || len(found.Entries) > 1:
		return person{}, contract.Denied("%s has more than one entry with %s %q", d, d.people.Attribute, login).
			At("account").
			Advise("give each person a login of their own, or write the DN as the account")
	case len(found.Entries) == 0:
		return person{}, d.seesPeople(on)
	}
	return d.personOf(found.Entries[0])
}

// keptAttribute is what must be read of a person beside the DN.
func (d *directory) keptAttribute() string {
	if d.withUID {
		return attributeUID
	}
	return "1.1"
}

func (d *directory) personOf(entry *ldap.Entry) (person, error) {
	if !d.withUID {
		return person{entry.DN, entry.DN}, nil
	}
	uids := entry.GetAttributeValues(attributeUID)
	if len(uids) != 1 {
		return person{}, contract.Denied("%s shows %d uids of %s", d, len(uids), contract.Shorten(entry.DN, shown)).
			At("account").
			Advise("give the entry one uid, which Curfew's account may read")
	}
	return person{entry.DN, uids[0]}, nil
}

// seesPeople tells a login that nobody has from people whose logins we may not search by.
func (d *directory) seesPeople(on *link) error {
	found, err := on.Search(
		ldap.NewSearchRequest(d.people.Base, ldap.ScopeWholeSubtree, ldap.NeverDerefAliases, 1, 0, false,
			"("+d.people.Attribute+"=*)", []string{"1.1"}, nil),
	)
	switch {
	case hasCode(err, ldap.LDAPResultNoSuchObject):
		return d.hidden(d.people.Base)
	case err != nil && !hasCode(err, ldap.LDAPResultSizeLimitExceeded):
		return err
	case len(found.Entries) == 0:
		return contract.Denied("%s shows nobody with %s under %s", d, d.people.Attribute, d.people.Base).
			At("people").
			Advise("correct base and attribute, or give Curfew's entry the rights that docs/targets/ldap.md lists")
	default:
		return nil
	}
}

func (d *directory) nobody(account string) error {
	return contract.NotFound("%s has nobody called %s", d, contract.Shorten(account, shown)).
		At("account").
		Advise("correct it, or add the person to the directory")
}

// check sees that the directory answers us, and that people can be looked for. It returns what the directory says of
// itself.
func (d *directory) check(on *link) (*ldap.Entry, error) {
	if d.byLogin() {
		if err := d.seesPeople(on); err != nil {
			return nil, err
		}
	}
	found, err := on.Search(
		ldap.NewSearchRequest("", ldap.ScopeBaseObject, ldap.NeverDerefAliases, 1, 0, false, anything,
			[]string{dynamicSubtrees}, nil),
	)
	if err != nil || len(found.Entries) == 0 {
		return &ldap.Entry{}, err
	}
	return found.Entries[0], nil
}

// oneLine makes text of others fit into an error.
func oneLine(text string) string {
	return contract.Shorten(strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " "), shown)
}
