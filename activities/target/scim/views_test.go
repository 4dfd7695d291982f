package scim_test

import (
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// hiding is a service that lists no members of any group, and finds a group by a member in its own way.
type hiding struct {
	*double

	attribute string // that it filters by; none when empty
	blind     bool   // it finds nobody by it
	everybody bool   // it finds the group whatever it is asked
}

func newHiding(t *testing.T, attribute string, members ...string) *hiding {
	t.Helper()
	h := &hiding{double: newDouble(t, members...), attribute: attribute}
	h.silent = true
	return h
}

func (h *hiding) connect() target.Connector {
	inner := h.start()
	return connect(h.t, serve(h.t, func(w http.ResponseWriter, r *http.Request) {
		filter := r.URL.Query().Get("filter")
		switch {
		case r.Method == http.MethodGet && r.URL.Path == "/Groups" && filter != "":
			h.filter(w, filter)
		case r.Method == http.MethodGet && r.URL.Path == "/Groups":
			reply(w, map[string]any{"totalResults": 1, "Resources": []any{h.group()}})
		case r.Method == http.MethodGet && strings.HasPrefix(r.URL.Path, "/Groups/"):
			reply(w, h.group())
		case r.Method == http.MethodGet && r.URL.Path == "/Users" && filter == "":
			reply(
				w,
				map[string]any{
					"totalResults": 2,
					"Resources":    []any{map[string]string{"id": "u-ada"}, map[string]string{"id": "u-bob"}},
				},
			)
		default:
			forward(w, r, inner)
		}
	}), doubleToken)
}

func (h *hiding) group() map[string]any {
	return map[string]any{"id": doubleGroup, "displayName": "Operators", "members": []string{}}
}

func (h *hiding) filter(w http.ResponseWriter, filter string) {
	h.mu.Lock()
	defer h.mu.Unlock()
	asked, understood := strings.CutPrefix(filter, `id eq "`+doubleGroup+`" and `+h.attribute+` eq `)
	if h.attribute == "" || !understood {
		refuse(w, http.StatusBadRequest, "invalidFilter")
		return
	}
	found := []any{}
	if h.everybody || !h.blind && slices.Contains(h.members, strings.Trim(asked, `"`)) {
		found = append(found, h.group())
	}
	reply(w, map[string]any{"totalResults": len(found), "Resources": found})
}

func TestP3MembersAreFoundByFilterWhereNoneIsListed(t *testing.T) {
	t.Parallel()
	for _, attribute := range []string{"members", "members.value"} {
		t.Run(attribute, func(t *testing.T) {
			t.Parallel()
			h := newHiding(t, attribute, "u-bob")
			connector := h.connect()
			require.NoError(
				t,
				connector.(target.ProofChecker).CheckProof(t.Context(), entitlementOf("Operators", doubleGroup)),
			)
			granted, err := connector.Grant(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.Equal(t, target.AccessGranted, granted)
			state, err := connector.Inspect(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.True(t, state.Held)

			revoked, err := connector.Revoke(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.Equal(t, target.AccessRevoked, revoked)
			require.Equal(t, []string{"u-bob"}, h.members)
			state, err = connector.Inspect(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.False(t, state.Held)
			require.Empty(t, state.Doubt, "the same filter has found somebody")
		})
	}
}

func TestP3AViewThatHasNeverShownAnybodyIsNoProof(t *testing.T) {
	t.Parallel()
	for name, service := range map[string]*hiding{
		"lists nobody and has no filter":        newHiding(t, "", "u-bob"),
		"lists nobody and finds nobody":         {double: newDouble(t, "u-bob"), attribute: "members", blind: true},
		"lists nobody and finds all by filter":  {double: newDouble(t, "u-bob"), attribute: "members", everybody: true},
		"lists nobody, and there may be nobody": newHiding(t, "members"),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			connector := service.connect()
			check := connector.(target.ProofChecker).CheckProof(t.Context(), entitlementOf("Operators", doubleGroup))
			requireProblem(t, check, contract.KindDenied, "could not be seen to end", "readBack: none")
			_, err := connector.Grant(t.Context(), ofDouble("ada"))
			requireProblem(t, err, contract.KindDenied, "could not be seen to end", "readBack: none")
			require.Zero(t, service.changes)

			state, err := connector.Inspect(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.False(t, state.Held)
			require.Contains(t, state.Doubt, "shows no members of any group")
			_, err = connector.Revoke(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.Equal(t, 1, service.changes, "the removal is sent whatever is shown")
		})
	}
}

func TestP3AccessEndsThoughItsUserIsCalledOtherwiseNow(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-bob")
	connector := d.connect()
	access := ofDouble("ada")
	_, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	state, err := connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, "u-ada", state.Identity.ID)
	access.Identity = state.Identity

	d.users["u-ada"], d.users["u-mal"] = "ada.lovelace", "ada" // the name went to somebody else
	d.members = append(d.members, "u-mal")
	state, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held)
	require.Equal(t, access.Identity, state.Identity)

	_, err = connector.Revoke(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, []string{"u-bob", "u-mal"}, d.members, "what somebody else has is theirs")
	state, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.True(t, state.Held, "whoever has the name has the access: nobody says that it is gone")

	d.members = []string{"u-bob"}
	state, err = connector.Inspect(t.Context(), access)
	require.NoError(t, err)
	require.False(t, state.Held)
}
