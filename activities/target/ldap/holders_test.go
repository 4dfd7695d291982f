package ldap_test

import (
	"strings"
	"testing"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/workflows/contract"
)

func holders(t *testing.T, connector target.Connector, group []byte, accounts ...string) []string {
	t.Helper()
	found, err := connector.(target.HolderTeller).Holders(t.Context(), group, accounts)
	require.NoError(t, err)
	return found
}

func TestTheMembersOfAGroupAreFoundAmongAccountsThatAreDNs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Members", "People by DN"))
	settings := w.settings()
	connector := open(t, &settings)
	in, spelled, out := w.person(t, "in"), w.person(t, "spelled"), w.person(t, "out")
	gone := "uid=gone," + w.under("people")
	w.change(t, w.group("member"), func(r *goldap.ModifyRequest) { r.Add("member", []string{in, spelled}) })

	found := holders(t, connector, w.membership(t, "member"), in, strings.ToUpper(spelled), out, gone)

	require.Equal(t, []string{in, strings.ToUpper(spelled)}, found)
}

func TestTheMembersOfAGroupAreFoundAmongLogins(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Members", "People by login"))
	in := w.person(t, "in")
	w.person(t, "out")
	w.change(t, w.group("member"), func(r *goldap.ModifyRequest) { r.Add("member", []string{in}) })
	w.change(t, w.group("memberUid"), func(r *goldap.ModifyRequest) { r.Add("memberUid", []string{"in"}) })
	for _, attribute := range []string{"member", "memberUid"} {
		settings := w.settings()
		settings.People, settings.MemberAttribute = w.people(), attribute

		found := holders(t, open(t, &settings), w.membership(t, attribute), "in", "out", "gone")

		require.Equal(t, []string{"in"}, found, attribute)
	}
}

func TestWhoIsInAGroupThatCanNotBeSeenIsAnErrorAndNotNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Members", "People by DN"))
	settings := w.settings()
	connector := open(t, &settings)
	ada := w.person(t, "ada")
	ask := func(connector target.Connector, group []byte, accounts ...string) error {
		_, err := connector.(target.HolderTeller).Holders(t.Context(), group, accounts)
		return err
	}

	missing := normalized(t, ldap.Kind(), "group", "cn=missing,"+w.under("groups"))
	requireProblem(t, ask(connector, missing, ada), contract.KindNotFound, "missing")
	requireProblem(t, ask(connector, []byte(`{"group":"cn"}`), ada), contract.KindInvalid)

	settings.BindDN = "cn=powerless," + suffix
	requireProblem(t, ask(open(t, &settings), w.membership(t, "member"), ada), contract.KindDenied, "may see")

	settings = w.settings()
	settings.People = w.people()
	add(t, w.admin, "cn=two,"+w.under("people"), "inetOrgPerson", "sn=Namesake", "uid=ada")
	requireProblem(t, ask(open(t, &settings), w.membership(t, "member"), "ada"), contract.KindDenied)

	settings = w.settings()
	settings.URL = "ldap://" + closedAddress(t)
	requireProblem(t, ask(open(t, &settings), w.membership(t, "member"), ada), contract.KindUnavailable)
}
