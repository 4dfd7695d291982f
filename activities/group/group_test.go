package group_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/group"
	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/internal/config"
	"curfew/internal/people"
	"curfew/workflows/contract"
)

// book is a directory that a test writes.
type book struct {
	members []string
	err     error
	asked   atomic.Int32
	got     []string // the accounts that it was asked about
}

func (b *book) Holders(_ context.Context, spec json.RawMessage, accounts []string) ([]string, error) {
	b.asked.Add(1)
	b.got = accounts
	if string(spec) != `{"group":"dba"}` {
		return nil, errors.New("it was asked about something else")
	}
	return b.members, b.err
}

func directory() *config.Config {
	return &config.Config{
		Directory: people.Directory{
			OIDC: &people.OIDC{
				Groups: people.OIDCGroups{Claim: "groups", Lasts: contract.Duration{Duration: time.Hour}},
			},
			People: map[string]people.Person{
				"ada": {
					Accounts: map[string]string{"corp": "uid=ada"},
				},
				"bob": {Accounts: map[string]string{"corp": "uid=bob", "other": "x"}},
				"cy":  {},
			},
			Directories: map[string]people.GroupSystem{"corp": {Accounts: "corp"}, "elsewhere": {Accounts: "corp"}},
			Groups: map[string]people.Group{
				"listed":  {People: []string{"cy", "ada"}},
				"dba":     {Directory: "corp", Spec: json.RawMessage(`{"group":"dba"}`)},
				"far":     {Directory: "elsewhere", Spec: json.RawMessage(`{"group":"dba"}`)},
				"claimed": {Claim: "platform-team"},
			},
		},
	}
}

func newLedger(t *testing.T) *sqlite.Store {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	return store
}

func TestMembersAreThoseOfTheConfigurationAndNobodyElse(t *testing.T) {
	t.Parallel()
	groups := group.New(nil, nil)

	listed, err := groups.Members(t.Context(), directory(), "listed")
	require.NoError(t, err)
	require.Equal(t, group.Members{People: []string{"ada", "cy"}}, listed)

	none, err := groups.Members(t.Context(), directory(), "no such group")
	require.NoError(t, err)
	require.Empty(t, none)
}

func TestADirectorysMembersAreThoseWhoseAccountsTheConfigurationHas(t *testing.T) {
	t.Parallel()
	corp := &book{members: []string{"uid=bob", "uid=mallory"}}
	groups := group.New(map[string]group.Directory{"corp": corp}, nil)

	members, err := groups.Members(t.Context(), directory(), "dba")

	require.NoError(t, err)
	require.Equal(t, group.Members{People: []string{"bob"}}, members)
	require.Equal(t, []string{"uid=ada", "uid=bob"}, corp.got, "it is asked about no other accounts")
}

func TestADirectoryIsNotAskedAgainWithinSeconds(t *testing.T) {
	t.Parallel()
	corp := &book{members: []string{"uid=bob"}}
	groups, c := group.New(map[string]group.Directory{"corp": corp}, nil), directory()
	for range 3 {
		members, err := groups.Members(t.Context(), c, "dba")
		require.NoError(t, err)
		require.Equal(t, []string{"bob"}, members.People)
	}
	require.Equal(t, int32(1), corp.asked.Load())

	_, err := groups.Members(t.Context(), directory(), "dba")
	require.NoError(t, err)
	require.Equal(t, int32(2), corp.asked.Load(), "another configuration has other people")
}

func TestWhatADirectoryDoesNotAnswerIsNeverNobody(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]error{
		"unavailable": contract.Unavailable("it is down"),
		"refused":     contract.Denied("it is down"),
		"no group":    contract.NotFound("it is down"),
		"no problem":  errors.New("it is down"),
	} {
		corp := &book{err: fault}
		groups, c := group.New(map[string]group.Directory{"corp": corp}, nil), directory()
		for range 2 {
			members, err := groups.Members(t.Context(), c, "dba")
			require.Empty(t, members.People, name)
			problem, ok := contract.ProblemOf(err)
			require.True(t, ok, name)
			require.Equal(t, contract.KindUnavailable, problem.Kind, "%s: it is tried again, and decides nothing", name)
			require.Contains(t, problem.Fault, "who is in the group dba can't be told: it is down", name)
		}
		require.Equal(t, int32(2), corp.asked.Load(), "%s: no error is kept", name)
		_, err := groups.Of(t.Context(), c, "ada")
		require.Error(t, err, name)
	}

	_, err := group.New(nil, nil).Members(t.Context(), directory(), "far")
	require.ErrorContains(t, err, "does not ask the directory elsewhere")
	_, err = group.New(nil, nil).Members(t.Context(), directory(), "claimed")
	require.ErrorContains(t, err, "nothing tells who is in")
}

func TestASignInThatNamedAGroupCountsForAWhile(t *testing.T) {
	t.Parallel()
	store, c := newLedger(t), directory()
	groups := group.New(nil, store)
	members := func() []string {
		found, err := groups.Members(t.Context(), c, "claimed")
		require.NoError(t, err)
		require.True(t, found.Open, "others may sign in")
		return found.People
	}
	see := func(person string, ago time.Duration, names ...string) {
		require.NoError(
			t,
			store.See(t.Context(), ledger.Sighting{Person: person, Groups: names, At: time.Now().Add(-ago)}),
		)
	}
	require.Empty(t, members())

	see("ada", 59*time.Minute, "platform-team", "other")
	see("bob", 61*time.Minute, "platform-team")
	see("cy", 0, "platform", "claimed")
	see("gone", 0, "platform-team")
	require.Equal(t, []string{"ada"}, members())

	see("ada", 0, "other")
	require.Empty(t, members(), "the last sign-in counts")
}

func TestTheGroupsOfAPersonAreThoseOfEverySource(t *testing.T) {
	t.Parallel()
	store, c := newLedger(t), directory()
	delete(c.Groups, "far")
	groups := group.New(map[string]group.Directory{"corp": &book{members: []string{"uid=ada"}}}, store)
	require.NoError(
		t,
		store.See(t.Context(), ledger.Sighting{Person: "ada", Groups: []string{"platform-team"}, At: time.Now()}),
	)

	of, err := groups.Of(t.Context(), c, "ada")
	require.NoError(t, err)
	require.Equal(t, []string{"claimed", "dba", "listed"}, of)
	of, err = groups.Of(t.Context(), c, "bob")
	require.NoError(t, err)
	require.Empty(t, of)
}
