package scim_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/scim"
	"curfew/internal/config"
	testserver "curfew/internal/testserver/scim"
	"curfew/workflows/contract"
)

func holders(t *testing.T, connector target.Connector, group []byte, accounts ...string) ([]string, error) {
	t.Helper()
	return connector.(target.HolderTeller).Holders(t.Context(), group, accounts)
}

func TestTheMembersOfAGroupAreFoundAmongUserNamesAndIDs(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	in, also, out := w.user(t), w.user(t), w.user(t)
	w.SetMembers(t, w.group, w.UserID(t, "lasting@example.com"), w.UserID(t, in), w.UserID(t, also))
	names := connect(t, w.url, testserver.Token)
	ids := open(t, scim.Settings{URL: w.url, Token: config.SecretOf(testserver.Token), AccountIs: "id"})

	few, err := holders(t, names, w.entitlement(), in, out)
	require.NoError(t, err)
	require.Equal(t, []string{in}, few, "accounts are looked up, being fewer")
	many, err := holders(
		t,
		names,
		w.entitlement(),
		strings.ToUpper(in),
		out,
		also,
		"gone@example.com",
		"nobody@example.com",
	)
	require.NoError(t, err)
	require.ElementsMatch(t, []string{strings.ToUpper(in), also}, many, "members are looked up, being fewer")
	byID, err := holders(t, ids, w.entitlement(), w.UserID(t, also), w.UserID(t, out), "gone")
	require.NoError(t, err)
	require.Equal(t, []string{w.UserID(t, also)}, byID)
}

func TestWhoIsInAGroupThatCanNotBeReadIsAnErrorAndNotNobody(t *testing.T) {
	t.Parallel()
	w := newWorld(t, true)
	account := w.user(t)
	connector := connect(t, w.url, testserver.Token)
	for name, refused := range map[string]struct {
		connector target.Connector
		group     []byte
		kind      contract.Kind
	}{
		"no such group":     {connector, entitlementOf("Operators", "gone"), contract.KindNotFound},
		"of another name":   {connector, entitlementOf("Admins", w.group), contract.KindDenied},
		"no group":          {connector, []byte(`{}`), contract.KindInvalid},
		"a wrong token":     {connect(t, w.url, wrongToken), w.entitlement(), contract.KindUnavailable},
		"an answer of junk": {connect(t, answering(t, http.StatusOK, `[]`), testserver.Token), w.entitlement(), contract.KindUnavailable},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			found, err := holders(t, refused.connector, refused.group, account)
			require.Empty(t, found)
			problem, ok := contract.ProblemOf(err)
			require.True(t, ok, "%v", err)
			require.Equal(t, refused.kind, problem.Kind, "%v", problem)
			require.NotContains(t, err.Error(), wrongToken)
		})
	}
}

func TestAServiceThatHidesMembersIsNotTakenForOneWithoutAny(t *testing.T) {
	t.Parallel()
	hiding := serve(t, func(w http.ResponseWriter, r *http.Request) {
		group := map[string]any{"id": "g", "displayName": "Operators"}
		if strings.HasSuffix(r.URL.Path, "/Groups/g") {
			reply(w, group)
			return
		}
		reply(w, map[string]any{"totalResults": 1, "Resources": []any{group}})
	})

	_, err := holders(t, connect(t, hiding, testserver.Token), entitlementOf("Operators", "g"), "ada@example.com")

	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, contract.KindDenied, problem.Kind)
	require.Contains(t, problem.Fault, "shows no members")
}
