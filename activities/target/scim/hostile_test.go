package scim_test

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/scim"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

const doubleToken = "the-token-of-the-double"

func tagged(version int) string { return fmt.Sprintf(`W/"%d"`, version) }

func (d *double) connect() target.Connector { return connect(d.t, d.start(), doubleToken) }

// Each service does something else than it was asked, and says that all is well.
func TestAServiceThatMovesOthersIsNamedWithThem(t *testing.T) {
	t.Parallel()
	dropAll := func([]string, string, string) []string { return nil }
	for name, tc := range map[string]struct {
		patched func([]string, string, string) []string
		in      bool
		etag    func(int) string
		kind    contract.Kind
		says    []string
	}{
		"drops all members when one is removed": {patched: dropAll, kind: contract.KindDenied, says: []string{"gone: bob (u-bob), eve (u-eve)", "ada left"}},
		"replaces all members by the one who comes": {
			patched: func(_ []string, _, id string) []string { return []string{id} },
			in:      true, kind: contract.KindDenied, says: []string{"gone: bob (u-bob), eve (u-eve)", "ada came into"},
		},
		"adds somebody else": {
			patched: func(members []string, _, _ string) []string { return append(members, "u-mal") },
			in:      true, kind: contract.KindUnavailable, says: []string{"come: mallory (u-mal)"},
		},
		"removes somebody else": {
			patched: func(members []string, _, _ string) []string { return honest(members, "remove", "u-bob") },
			kind:    contract.KindDenied, says: []string{"gone: bob (u-bob)"},
		},
		"removes one more": {
			patched: func(members []string, op, id string) []string {
				return honest(honest(members, op, id), "remove", "u-eve")
			},
			etag: tagged, kind: contract.KindDenied, says: []string{"gone: eve (u-eve)"},
		},
		"adds one more": {
			patched: func(members []string, op, id string) []string { return append(honest(members, op, id), "u-mal") },
			in:      true, etag: tagged, kind: contract.KindDenied, says: []string{"come: mallory (u-mal)"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDouble(t, "u-bob", "u-eve")
			d.patched, d.etag = tc.patched, tc.etag
			var err error
			if tc.in {
				_, err = d.connect().Grant(t.Context(), ofDouble("ada"))
			} else {
				d.members = append(d.members, "u-ada")
				_, err = d.connect().Revoke(t.Context(), ofDouble("ada"))
			}
			problem := requireProblem(t, err, tc.kind, append(tc.says, "Operators")...)
			require.NotContains(t, problem.Error(), "(u-ada)")
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestAnErrorNamesTenOfThoseWhoMovedAndCountsTheOthers(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-ada")
	for i := range 1000 {
		id := fmt.Sprintf("u-%04d", i)
		d.users[id], d.members = fmt.Sprintf("a long name of %d\n%0200d", i, 0), append(d.members, id)
	}
	d.patched = func([]string, string, string) []string { return nil }
	_, err := d.connect().Revoke(t.Context(), ofDouble("ada"))
	problem := requireProblem(t, err, contract.KindDenied, "a long name of 9", "and 990 more")
	require.NotContains(t, problem.Error(), "u-0010")
	require.Less(t, len(problem.Error()), 2000)
}

// Another administrator, or another worker, changes the group at the same moment.
func TestNobodyIsBlamedForWhatOthersDid(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		others func([]string) []string
		etag   func(int) string
	}{
		"one of several leaves": {others: func(members []string) []string { return honest(members, "remove", "u-bob") }},
		"somebody comes":        {others: func(members []string) []string { return append(members, "u-mal") }},
		"versions that never change say nothing": {
			others: func(members []string) []string { return honest(members, "remove", "u-bob") },
			etag:   func(int) string { return `"always"` },
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := newDouble(t, "u-bob", "u-eve")
			d.etag = tc.etag
			d.meanwhile = func(d *double) { d.members = tc.others(d.members) }
			connector := d.connect()
			granted, err := connector.Grant(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.Equal(t, target.AccessGranted, granted)
			d.members = []string{"u-bob", "u-ada", "u-eve"}
			revoked, err := connector.Revoke(t.Context(), ofDouble("ada"))
			require.NoError(t, err)
			require.Equal(t, target.AccessRevoked, revoked)
		})
	}
}

func TestAServiceThatIgnoresAChangeIsNotBelieved(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-ada", "u-bob")
	d.silent, d.patched = true, func(members []string, _, _ string) []string { return members }
	connector := d.connect()
	_, err := connector.Revoke(t.Context(), ofDouble("ada"))
	requireProblem(t, err, contract.KindUnavailable, "does not show it")
	_, err = connector.Grant(t.Context(), ofDouble("eve"))
	require.NoError(t, err)
	state, err := connector.Inspect(t.Context(), ofDouble("eve"))
	require.NoError(t, err)
	require.False(t, state.Held)
}

func TestAMemberWhoIsListedTwiceLeavesAltogether(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-ada", "u-bob", "u-ada")
	d.patched = func(members []string, _, id string) []string {
		at := slices.Index(members, id)
		return slices.Delete(slices.Clone(members), at, at+1)
	}
	connector := d.connect()
	_, err := connector.Revoke(t.Context(), ofDouble("ada"))
	requireProblem(t, err, contract.KindUnavailable, "does not show it")
	revoked, err := connector.Revoke(t.Context(), ofDouble("ada"))
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
	require.Equal(t, []string{"u-bob"}, d.members)
}

// Its versions are others each time that they are asked for.
func TestVersionsThatNeverFitKeepNoAccessUp(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-ada", "u-bob")
	asked := 0
	d.enforces, d.etag = true, func(int) string { asked++; return tagged(asked) }
	revoked, err := d.connect().Revoke(t.Context(), ofDouble("ada"))
	require.NoError(t, err)
	require.Equal(t, target.AccessRevoked, revoked)
	require.Equal(t, 1, d.changes)
}

// What a service calls a version goes into a header.
func TestOnlyAnEntityTagIsSentBack(t *testing.T) {
	t.Parallel()
	for offered, sent := range map[string]string{
		`W/"a-1"`: `W/"a-1"`, `"a-1"`: `"a-1"`, `a-1`: "", `"a 1"`: "", `*`: "", `"` + strings.Repeat("a", 300) + `"`: "",
	} {
		d := newDouble(t, "u-bob")
		d.etag = func(int) string { return offered }
		url := before(t, d.start(), func(r *http.Request) {
			if got := r.Header.Get("If-Match"); r.Method == http.MethodPatch && got != sent {
				t.Errorf("a change for the version %q, but %q was offered", got, offered)
			}
		})
		_, err := connect(t, url, doubleToken).Grant(t.Context(), ofDouble("ada"))
		require.NoError(t, err, offered)
	}
}

func TestWhatCouldNotBeSeenToEndIsNotBegun(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-bob")
	d.hides = true
	connector := d.connect()
	_, err := connector.Grant(t.Context(), ofDouble("ada"))
	requireProblem(t, err, contract.KindDenied, "shows no members")
	revoked, err := connector.Revoke(t.Context(), ofDouble("ada"))
	require.NoError(t, err)
	require.Equal(t, target.AlreadyAbsent, revoked)
	state, err := connector.Inspect(t.Context(), ofDouble("ada"))
	require.NoError(t, err)
	require.NotEmpty(t, state.Doubt)
	require.Error(t, connector.(target.ProofChecker).CheckProof(t.Context(), entitlementOf("Operators", doubleGroup)))

	accepted := ofDouble("ada")
	accepted.Unread = true
	_, err = connector.Grant(t.Context(), accepted)
	require.NoError(t, err)
	require.Equal(t, []string{"u-bob", "u-ada"}, d.members)
	_, err = connector.Revoke(t.Context(), accepted)
	require.NoError(t, err)
	require.Equal(t, []string{"u-bob"}, d.members, "the removal is sent whatever is shown")
}

// Filters write a name as a JSON string.
func TestANameWithQuotesFindsItsUserAndNobodyElse(t *testing.T) {
	t.Parallel()
	d := newDouble(t, "u-bob")
	connector := d.connect()
	_, err := connector.Grant(t.Context(), ofDouble(`o"brien \ Zoë`))
	require.NoError(t, err)
	require.Equal(t, []string{"u-bob", "u-odd"}, d.members)
	_, err = connector.Grant(t.Context(), ofDouble(`x" or userName eq "eve`))
	requireProblem(t, err, contract.KindNotFound)
	require.Equal(t, []string{"u-bob", "u-odd"}, d.members)
}

func TestAccountsThatNobodyCanHaveAreRefusedBeforeAnyCall(t *testing.T) {
	t.Parallel()
	url := serve(t, nil)
	for _, byID := range []bool{true, false} {
		settings := scim.Settings{URL: url, Token: config.SecretOf(doubleToken)}
		accounts := []string{"", " ", "a\x00b", "a\nb", "\xff", string(make([]byte, 1000))}
		if byID {
			settings.AccountIs = "id"
			accounts = append(
				accounts,
				`u"] or value pr`,
				"../Groups",
				"..",
				".",
				"a b",
				"a/b",
				"a?b",
				"a#b",
				"a%2fb",
				`a\b`,
			)
		}
		for _, account := range accounts {
			_, err := open(t, settings).Grant(t.Context(), ofDouble(account))
			require.Equal(t, "account", requireProblem(t, err, contract.KindInvalid).Field, "%q", account)
		}
	}
}
