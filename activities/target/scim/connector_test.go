package scim_test

import (
	"io"
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/scim"
	"curfew/activities/target/targettest"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	testserver "curfew/internal/testserver/scim"
	"curfew/workflows/contract"
)

func TestConnectorKeepsThePromisesOfThePort(t *testing.T) {
	t.Parallel()
	for name, versions := range map[string]bool{"with versions": true, "without versions": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			targettest.Run(t, func(t *testing.T) targettest.Fixture { return newWorld(t, versions).fixture(t) })
		})
	}
}

// The peer lists a member twice who is added twice.
func TestNobodyIsListedTwice(t *testing.T) {
	t.Parallel()
	w := newWorld(t, false)
	account := w.user(t)
	for _, want := range []target.Granted{target.AccessGranted, target.AlreadyThere, target.AlreadyThere} {
		granted, err := connect(t, w.url, testserver.Token).Grant(t.Context(), accessOf(w.entitlement(), account))
		require.NoError(t, err)
		require.Equal(t, want, granted)
		require.Len(t, w.Members(t, w.group), 2)
	}
}

func TestARemovalByValueRemovesOneMember(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	account := w.user(t)
	connector := open(t, scim.Settings{URL: w.url, Token: config.SecretOf(testserver.Token), RemoveBy: "value"})
	_, err := connector.Grant(t.Context(), accessOf(w.entitlement(), account))
	require.NoError(t, err)
	revoked, err := connector.Revoke(t.Context(), accessOf(w.entitlement(), account))
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
	require.Equal(t, []string{w.UserID(t, "lasting@example.com")}, w.Members(t, w.group))
}

// The peer shows no members of a group that has lost its last one.
func TestTheLastMemberComesAndGoes(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	connector, account := connect(t, w.url, testserver.Token), w.user(t)
	w.SetMembers(t, w.group)
	for range 2 {
		granted, err := connector.Grant(t.Context(), accessOf(w.entitlement(), account))
		require.NoError(t, err)
		require.Equal(t, target.AccessGranted, granted)
		revoked, err := connector.Revoke(t.Context(), accessOf(w.entitlement(), account))
		require.NoError(t, err)
		require.Equal(t, target.AccessRevoked, revoked)
		require.Empty(t, w.Members(t, w.group))
	}
}

func TestAnAccountCanBeAnID(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	connector := open(t, scim.Settings{URL: w.url, Token: config.SecretOf(testserver.Token), AccountIs: "id"})
	account := w.user(t)
	byID := accessOf(w.entitlement(), w.UserID(t, account))
	granted, err := connector.Grant(t.Context(), byID)
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	require.True(t, w.can(t, account))
	state, err := connector.Inspect(t.Context(), byID)
	require.NoError(t, err)
	require.True(t, state.Held)
	_, err = connector.Revoke(t.Context(), byID)
	require.NoError(t, err)
	require.False(t, w.can(t, account))

	nobody := accessOf(w.entitlement(), "nobody")
	_, err = connector.Grant(t.Context(), nobody)
	require.Equal(t, "account", requireProblem(t, err, contract.KindNotFound, "nobody").Field)
	revoked, err := connector.Revoke(t.Context(), nobody)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
}

func TestAGroupIsWhatPeopleApproved(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	connector, account := connect(t, w.url, testserver.Token), w.user(t)
	_, err := connector.Grant(t.Context(), accessOf(entitlementOf("Interns", w.group), account))
	require.Equal(t, "displayName", requireProblem(t, err, contract.KindDenied, `"Operators", not "Interns"`).Field)
	require.False(t, w.can(t, account))

	_, err = connector.Grant(t.Context(), accessOf(w.entitlement(), account))
	require.NoError(t, err)
	revoked, err := connector.Revoke(t.Context(), accessOf(entitlementOf("as it was called before", w.group), account))
	require.NoError(t, err, "another name keeps no access up")
	require.Equal(t, target.AccessRevoked, revoked)
}

func TestAGroupThatIsGoneHasTakenItsMembersAlong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	connector := connect(t, w.url, testserver.Token)
	gone := accessOf(entitlementOf("Operators", "11111111-0000-4000-8000-000000000000"), w.user(t))
	_, err := connector.Grant(t.Context(), gone)
	require.Equal(t, "group", requireProblem(t, err, contract.KindNotFound, "no group").Field)
	state, err := connector.Inspect(t.Context(), gone)
	require.NoError(t, err)
	require.False(t, state.Held)
	revoked, err := connector.Revoke(t.Context(), gone)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
}

// The service's own answer is that there is no such thing, but it says so of everything at this address.
func TestAnAddressThatLeadsElsewhereNeverMeansThatAccessIsGone(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	connector := open(t, scim.Settings{URL: w.url + "/v1", Token: config.SecretOf(testserver.Token), AccountIs: "id"})
	access := accessOf(w.entitlement(), w.UserID(t, w.user(t)))
	_, err := connector.Inspect(t.Context(), access)
	require.Error(t, err)
	_, err = connector.Revoke(t.Context(), access)
	require.Error(t, err)
}

// Somebody changes the group between our reading and our change.
func TestAChangeIsMadeToTheGroupThatWasRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	account, other := w.user(t), w.user(t)
	var interfered bool
	url := before(t, w.URL(), func(r *http.Request) {
		if r.Method == http.MethodPatch && !interfered {
			interfered = true
			w.SetMembers(t, w.group, w.UserID(t, other))
		}
	})
	granted, err := connect(t, url, testserver.Token).Grant(t.Context(), accessOf(w.entitlement(), account))
	require.NoError(t, err)
	require.Equal(t, target.AccessGranted, granted)
	require.True(t, interfered)
	require.Equal(t, []string{w.UserID(t, other), w.UserID(t, account)}, w.Members(t, w.group))
}

func TestACheckSeesWhetherTheServiceWillDo(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	checker := connect(t, w.url, testserver.Token).(target.Checker)
	require.NoError(t, checker.Check(t.Context()))
	w.faults.Add(sandbox.Fault{Path: w.Path() + "/Groups", Status: http.StatusForbidden, Times: 1})
	requireProblem(t, checker.Check(t.Context()), contract.KindDenied, "change groups")
	w.faults.Add(sandbox.Fault{Path: w.Path() + "/ServiceProviderConfig", Status: http.StatusNotFound, Times: 1})
	require.NoError(t, checker.Check(t.Context()), "not every service describes itself")
}

func TestACheckTellsWhatTheServiceSaysThatItCantDo(t *testing.T) {
	t.Parallel()
	for features, says := range map[string]string{
		`{"patch":{"supported":false},"filter":{"supported":true}}`: "can't PATCH",
		`{"patch":{"supported":true},"filter":{"supported":false}}`: "accountIs: id",
		`{"patch":{},"filter":{"supported":true}}`:                  "",
		`<html>`: "",
	} {
		url := serve(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path != "/ServiceProviderConfig" {
				_, _ = io.WriteString(w, `{"totalResults":0}`)
				return
			}
			_, _ = io.WriteString(w, features)
		})
		err := connect(t, url, doubleToken).(target.Checker).Check(t.Context())
		if says == "" {
			require.NoError(t, err, features)
			continue
		}
		requireProblem(t, err, contract.KindDenied, says)
	}
	byID := open(t, scim.Settings{
		URL: answering(
			t,
			http.StatusOK,
			`{"totalResults":0,"filter":{"supported":false}}`,
		),
		Token:     config.SecretOf(doubleToken),
		AccountIs: "id",
	})
	require.NoError(t, byID.(target.Checker).Check(t.Context()), "ids need no filter")
}
