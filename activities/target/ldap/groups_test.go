package ldap_test

import (
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// members is a world whose accounts are DNs, with a connector to its groups.
func members(t *testing.T, change func(*ldap.Settings)) (*world, target.Connector) {
	t.Helper()
	w := newWorld(t, shared(t, "Groups", "People by DN"))
	settings := w.settings()
	if change != nil {
		change(&settings)
	}
	return w, open(t, &settings)
}

func grant(t *testing.T, connector target.Connector, access target.Access) {
	t.Helper()
	access.Until = time.Now().Add(time.Hour)
	granted, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
}

func revoke(t *testing.T, connector target.Connector, access target.Access) {
	t.Helper()
	revoked, err := connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
}

func requireNothing(t *testing.T, connector target.Connector, access target.Access) {
	t.Helper()
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.False(t, state.Held)
	require.Zero(t, state.Until)
	revoked, err := connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
}

func (w *world) values(t *testing.T, dn, attribute string) []string {
	t.Helper()
	found, err := w.admin.Search(
		goldap.NewSearchRequest(dn, goldap.ScopeBaseObject, goldap.NeverDerefAliases, 0, 0, false,
			"(objectClass=*)", []string{attribute}, nil),
	)
	require.NoError(t, err)
	return found.Entries[0].GetAttributeValues(attribute)
}

func (w *world) leaveOnly(t *testing.T, member string) {
	t.Helper()
	w.change(t, w.group("member"), func(request *goldap.ModifyRequest) { request.Replace("member", []string{member}) })
}

func TestTheLastMemberIsKeptAndToldWhereThereIsNoPlaceholder(t *testing.T) {
	t.Parallel()
	w, connector := members(t, nil)
	last := w.person(t, "last")
	access := accessOf(w.membership(t, "member"), last)
	grant(t, connector, access)
	w.leaveOnly(t, last)
	_, err := connector.Revoke(t.Context(), access)
	require.Contains(t, requireProblem(t, err, contract.KindDenied, last, "last member").Fix, "placeholder")
	require.True(t, w.can(t, last))

	w.change(t, w.group("member"), func(request *goldap.ModifyRequest) { request.Add("member", []string{adminDN}) })
	revoke(t, connector, access)
	require.False(t, w.can(t, last))
}

func TestAPlaceholderTakesTheLastMembersPlace(t *testing.T) {
	t.Parallel()
	placeholder := "cn=nobody," + suffix
	w, connector := members(t, func(s *ldap.Settings) { s.Placeholder = placeholder })
	last := w.person(t, "last")
	access := accessOf(w.membership(t, "member"), last)
	for range 2 {
		grant(t, connector, access)
		w.leaveOnly(t, last)
		revoke(t, connector, access)
		require.Equal(t, []string{placeholder}, w.values(t, w.group("member"), "member"))
		require.False(t, w.can(t, last))
		requireNothing(t, connector, access)
	}
}

func TestAGroupThatWasRemovedHoldsNothing(t *testing.T) {
	t.Parallel()
	w, connector := members(t, nil)
	access := accessOf(w.membership(t, "member"), w.person(t, "ada"))
	grant(t, connector, access)
	require.NoError(t, w.admin.Del(goldap.NewDelRequest(w.group("member"), nil)))
	requireNothing(t, connector, access)
	_, err := connector.Grant(t.Context(), access)
	require.Equal(t, "group", requireProblem(t, err, contract.KindNotFound).Field)
}

// The directory gives the same answer about what it hides as about what is not there.
func TestAccessThatCanNotBeSeenIsNotTakenForGone(t *testing.T) {
	t.Parallel()
	hide := func(s *ldap.Settings) { s.BindDN = "cn=powerless," + suffix }
	w, connector := members(t, nil)
	ada := w.person(t, "ada")
	access := accessOf(w.membership(t, "member"), ada)
	grant(t, connector, access)
	settings := w.settings()
	hide(&settings)
	blind := open(t, &settings)
	_, err := blind.Inspect(t.Context(), access)
	requireProblem(t, err, contract.KindDenied, "may see", "docs/targets/ldap.md")
	_, err = blind.Revoke(t.Context(), access)
	requireProblem(t, err, contract.KindDenied)
	_, err = blind.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindDenied)

	settings.People = w.people()
	blind, access.Account = open(t, &settings), "ada"
	_, err = blind.Inspect(t.Context(), access)
	requireProblem(t, err, contract.KindDenied, "ou=people")
	requireProblem(t, blind.(target.Checker).Check(t.Context()), contract.KindDenied, "ou=people")
}

// With this account a search for people just finds none.
func TestPeopleThatCanNotBeSearchedByLoginAreNotTakenForUnknown(t *testing.T) {
	t.Parallel()
	w, _ := members(t, nil)
	w.person(t, "ada")
	settings := w.settings()
	settings.People = w.people() // the server lets Curfew see entries, but not search by uid
	connector := open(t, &settings)
	_, err := connector.Inspect(t.Context(), accessOf(w.membership(t, "member"), "ada"))
	requireProblem(t, err, contract.KindDenied, "shows nobody with uid")
	requireProblem(t, connector.(target.Checker).Check(t.Context()), contract.KindDenied, "shows nobody with uid")
}

func TestAMissingRightIsToldWithTheAccountThatNeedsIt(t *testing.T) {
	t.Parallel()
	server := start(t, "access to * by dn.exact=\"cn=powerless,"+suffix+"\" =rscd by * none\n")
	t.Cleanup(server.stop)
	w := newWorld(t, server)
	settings := w.settings()
	settings.BindDN = "cn=powerless," + suffix
	ada := w.person(t, "ada")
	before := w.snapshot(t, "")
	_, err := open(t, &settings).Grant(t.Context(), accessOf(w.membership(t, "member"), ada))
	require.Contains(t, requireProblem(t, err, contract.KindDenied, "50").Fix, "bindDN")
	require.Equal(t, before, w.snapshot(t, ""))
}

func TestOneLoginOfTwoPeopleIsRefused(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "People by login"))
	settings := w.settings()
	settings.People = w.people()
	connector := open(t, &settings)
	w.person(t, "ada")
	access := accessOf(w.membership(t, "member"), "ada")
	grant(t, connector, access)
	for _, name := range []string{"cn=two", "cn=three"} {
		add(t, w.admin, name+","+w.under("people"), "inetOrgPerson", "sn=Namesake", "uid=ada")
		_, err := connector.Grant(t.Context(), access)
		requireProblem(t, err, contract.KindDenied, "more than one entry", "ada")
		_, err = connector.Revoke(t.Context(), access)
		requireProblem(t, err, contract.KindDenied)
	}
}

// A posixGroup tells A from a, a login does not.
func TestMemberUIDIsWrittenAsThePersonsEntryHasIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "People by login"))
	settings := w.settings()
	settings.People, settings.MemberAttribute = w.people(), "memberUid"
	w.person(t, "Ada")
	connector, access := open(t, &settings), accessOf(w.membership(t, "memberUid"), "aDA")
	grant(t, connector, access)
	require.Contains(t, w.values(t, w.group("memberUid"), "memberUid"), "Ada")
	revoke(t, connector, access)
	require.Equal(t, []string{"standing"}, w.values(t, w.group("memberUid"), "memberUid"))
}

func TestADNIsTheSameHoweverItIsSpelled(t *testing.T) {
	t.Parallel()
	w, connector := members(t, nil)
	ada := w.person(t, "ada, the first")
	spelled := strings.Replace(strings.ToUpper(ada), `\,`, `\2C`, 1)
	require.NotEqual(t, ada, spelled)
	entitlement := w.membership(t, "member")
	grant(t, connector, accessOf(entitlement, spelled))
	require.Contains(
		t,
		w.values(t, w.group("member"), "member"),
		strings.Replace(ada, `\,`, `\2C`, 1),
		"as the person's entry has it",
	)
	granted, err := connector.Grant(t.Context(), accessOf(entitlement, ada))
	require.NoError(t, err)
	require.Equal(t, target.AlreadyThere, granted)
	revoke(t, connector, accessOf(entitlement, spelled))
	require.False(t, w.can(t, ada))
}

func TestMembershipOfAPersonWhoWasRemovedCanStillBeTakenAway(t *testing.T) {
	t.Parallel()
	w, connector := members(t, nil)
	ada := w.person(t, "ada")
	access := accessOf(w.membership(t, "member"), ada)
	grant(t, connector, access)
	// Without the overlay memberof, which would have done it for us.
	require.NoError(t, w.admin.Del(goldap.NewDelRequest(ada, nil)))
	w.change(
		t,
		w.group("member"),
		func(request *goldap.ModifyRequest) { request.Replace("member", []string{adminDN, ada}) },
	)
	revoke(t, connector, access)
	require.Equal(t, []string{adminDN}, w.values(t, w.group("member"), "member"))
}

func TestAGroupOfAnotherSortIsRefused(t *testing.T) {
	t.Parallel()
	w, connector := members(t, nil)
	access := accessOf(w.membership(t, "memberUid"), w.person(t, "ada"))
	_, err := connector.Grant(t.Context(), access)
	require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "memberAttribute")
	requireNothing(t, connector, access)
}

func TestWrongInputIsRefusedBeforeTheDirectoryIsAsked(t *testing.T) {
	t.Parallel()
	settings := ldap.Settings{Server: ldap.Server{
		URL: "ldap://" + closedAddress(t), BindDN: broker, Password: config.SecretOf(brokerPassword),
	}}
	byDN := open(t, &settings)
	group := normalized(t, ldap.Kind(), "group", "cn=a,"+suffix)
	_, err := byDN.Grant(t.Context(), accessOf([]byte(`"cn=a"`), broker))
	require.Equal(t, "group", requireProblem(t, err, contract.KindInvalid).Field)
	_, err = byDN.Revoke(t.Context(), accessOf([]byte(`{"group":"cn"}`), broker))
	require.Equal(t, "group", requireProblem(t, err, contract.KindInvalid).Field)

	w, connector := members(t, nil)
	for _, account := range []string{"", "ada", "uid=a\nb," + suffix, "uid=" + strings.Repeat("a", 1030)} {
		_, err = connector.Grant(t.Context(), accessOf(group, account))
		require.Equal(t, "account", requireProblem(t, err, contract.KindInvalid).Field)
	}
	settings = w.settings()
	settings.People = w.people()
	byLogin := open(t, &settings)
	for _, account := range []string{"", "a\x00b", "\xff", strings.Repeat("a", 257)} {
		_, err = byLogin.Inspect(t.Context(), accessOf(group, account))
		require.Equal(t, "account", requireProblem(t, err, contract.KindInvalid).Field)
	}
}
