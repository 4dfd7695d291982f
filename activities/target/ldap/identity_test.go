package ldap_test

import (
	"strings"
	"testing"
	"time"

	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/workflows/contract"
)

// identified grants access and returns it with what can't be renamed of it.
func identified(t *testing.T, connector target.Connector, access target.Access) target.Access {
	t.Helper()
	grant(t, connector, access)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	require.NotEmpty(t, state.Identity.ID)
	access.Identity, access.Shown = state.Identity, true
	return access
}

func requireHeld(t *testing.T, connector target.Connector, access target.Access, held bool) {
	t.Helper()
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, held, state.Held)
	require.Equal(t, access.Identity, state.Identity, "it stays the same access")
}

func (w *world) move(t *testing.T, dn, rdn, under string) string {
	t.Helper()
	require.NoError(t, w.admin.ModifyDN(goldap.NewModifyDNRequest(dn, rdn, true, under)))
	if under == "" {
		parsed, err := goldap.ParseDN(dn)
		require.NoError(t, err)
		under = (&goldap.DN{RDNs: parsed.RDNs[1:]}).String()
	}
	return rdn + "," + under
}

// Whether a group follows a person who is moved is each directory's own matter; a membership that stays behind under
// the former name is taken away as well as one that has moved along.
func TestP3AccessEndsThoughItsPersonWasMoved(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		people  string
		follows bool
	}{
		"by DN, and the group follows":    {"People by DN", true},
		"by DN, and nothing follows":      {"People by DN", false},
		"by login, and the group follows": {"People by login", true},
		"by login, and nothing follows":   {"People by login", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, shared(t, "Identity", "Groups", tc.people))
			settings, account := w.settings(), w.person(t, "ada")
			if tc.people == "People by login" {
				settings.People, account = w.people(), "ada"
			}
			connector := open(t, &settings)
			access := identified(t, connector, accessOf(w.membership(t, "member"), account))
			former := w.values(t, w.group("member"), "member")[1]
			now := w.move(t, former, "uid=lovelace of "+strings.TrimPrefix(w.name, "ou="), "ou=people,"+suffix)
			if tc.follows {
				w.change(t, w.group("member"), func(request *goldap.ModifyRequest) {
					request.Delete("member", []string{former})
					request.Add("member", []string{now})
				})
				require.True(t, w.can(t, now))
			}
			requireHeld(t, connector, access, true)
			revoke(t, connector, access)
			requireHeld(t, connector, access, false)
			require.Len(t, w.values(t, w.group("member"), "member"), 1, "the one who was there before")
			require.False(t, w.can(t, now))
		})
	}
}

func TestP3AccessEndsThoughItsGroupWasRenamed(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Identity", "Groups", "People by DN"))
	settings := w.settings()
	connector, ada := open(t, &settings), w.person(t, "ada")
	access := identified(t, connector, accessOf(w.membership(t, "member"), ada))
	now := w.move(t, w.group("member"), "cn=operators", "")
	require.True(t, w.can(t, ada))
	requireHeld(t, connector, access, true)
	granted, err := connector.Grant(t.Context(), access)
	require.NoError(t, err, "its end can be moved")
	require.Equal(t, target.AlreadyThere, granted)

	// Another group has the name now, and the person is in it by other hands.
	add(t, w.admin, w.group("member"), "groupOfNames", "member="+ada)
	revoke(t, connector, access)
	require.Len(t, w.values(t, now, "member"), 1)
	require.Equal(t, []string{ada}, w.values(t, w.group("member"), "member"), "it is not Curfew's")
	requireHeld(t, connector, access, true)
	require.NoError(t, w.admin.Del(goldap.NewDelRequest(w.group("member"), nil)))
	requireHeld(t, connector, access, false)
}

func TestP3WhoHasTheNameOfTheSubjectIsNotTakenForThem(t *testing.T) {
	t.Parallel()
	for _, people := range []string{"People by DN", "People by login"} {
		t.Run(people, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, shared(t, "Identity", "Groups", people))
			settings, ada := w.settings(), w.person(t, "ada")
			account, another := ada, ada
			if people == "People by login" {
				settings.People, account, another = w.people(), "ada", "cn=Somebody,"+w.under("people")
			}
			connector := open(t, &settings)
			access := identified(t, connector, accessOf(w.membership(t, "member"), account))
			now := w.move(t, ada, "uid=lovelace", "")
			add(
				t,
				w.admin,
				another,
				"inetOrgPerson",
				"cn=Somebody",
				"sn=Another",
				"uid=ada",
				"userPassword="+personPassword,
			)
			w.change(t, w.group("member"), func(request *goldap.ModifyRequest) { request.Add("member", []string{now}) })
			if another != ada {
				w.change(
					t,
					w.group("member"),
					func(request *goldap.ModifyRequest) { request.Add("member", []string{another}) },
				)
			}
			revoke(t, connector, access)
			require.False(t, w.can(t, now))
			require.True(t, w.can(t, another), "what has the name stays, and is not said to be gone")
			requireHeld(t, connector, access, true)
		})
	}
}

func TestWithoutTheRightToFindEntriesAgainAccessIsKnownByName(t *testing.T) {
	t.Parallel()
	w, connector := members(t, nil)
	access := accessOf(w.membership(t, "member"), w.person(t, "ada"))
	grant(t, connector, access)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	require.Equal(t, suffix, state.Identity.Target)
	require.Empty(t, state.Identity.ID)
	revoke(t, connector, access)
}

func TestP3AnEntryThatWasMovedIsFoundAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Entries", "Identity", "People by DN", "Entries expire"))
	settings := w.entrySettings()
	settings.Container = w.under("curfew")
	connector, ada := open(t, &settings), w.person(t, "ada")
	access := accessOf(w.place(t), ada)
	access = identified(t, connector, access)
	w.move(t, "cn=curfew-"+access.Key+","+w.under("curfew"), "cn=kept", "")
	require.True(t, w.can(t, ada))
	requireHeld(t, connector, access, true)
	revoke(t, connector, access)
	require.False(t, w.can(t, ada))
	requireHeld(t, connector, access, false)
}

func TestP3AGroupThatShowsNobodyIsNoProofUntilItHasShownSomebody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "People by login"))
	settings := w.settings()
	settings.People, settings.MemberAttribute = w.people(), "memberUid"
	w.person(t, "ada")
	w.change(t, w.group("memberUid"), func(request *goldap.ModifyRequest) { request.Delete("memberUid", nil) })
	connector, access := open(t, &settings), accessOf(w.membership(t, "memberUid"), "ada")
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Contains(t, state.Doubt, "shows nobody as a member")
	shown := access
	shown.Shown = true
	state, err = connector.Inspect(t.Context(), shown)
	require.NoError(t, err)
	require.Empty(t, state.Doubt, "it has shown this access")

	grant(t, connector, access)
	requireHeld(
		t,
		connector,
		target.Access{Key: access.Key, Entitlement: access.Entitlement, Account: "ada", Identity: state.Identity},
		true,
	)
	revoke(t, connector, access)
	state, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Empty(t, state.Doubt, "it has shown somebody")
}

// A domain controller has other codes for what is as it was wished, and they mean other things as well. The connector
// passes them on as refusals; a look by the core tells.
func TestTheCodesOfADomainControllerAreRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "People by DN"))
	line := newUnreliableLine(t, w.server.address())
	line.codes = map[int64]int64{goldap.LDAPResultAttributeOrValueExists: 68, goldap.LDAPResultNoSuchAttribute: 53}
	connector := open(t, &ldap.Settings{Server: ldap.Server{
		URL: line.url(), BindDN: broker, Password: w.settings().Password,
	}})
	access := accessOf(w.membership(t, "member"), w.person(t, "ada"))
	access.Until = time.Now().Add(time.Hour)
	_, err := connector.Revoke(t.Context(), access)
	require.True(t, refusal(t, err, "code 53"))
	grant(t, connector, access)
	_, err = connector.Grant(t.Context(), access)
	require.True(t, refusal(t, err, "code 68"))
	revoke(t, connector, access)
}

func refusal(t *testing.T, err error, part string) bool {
	t.Helper()
	require.ErrorContains(t, err, part)
	problem, known := contract.ProblemOf(err)
	return known && problem.Refused
}
