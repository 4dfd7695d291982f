package targettest

import (
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
)

// listing is what connectors promise that mark what they give.
var listing = []behaviour{
	{
		name:    "what was granted is listed by its key until it is revoked",
		applies: lists,
		try: func(t *testing.T, tr trial) {
			account, other := tr.Accounts(t), tr.Accounts(t)
			require.NotContains(t, tr.keys(t), tr.access(account, time.Time{}).Key)
			tr.grant(t, account, until(time.Hour))
			tr.grant(t, other, until(time.Hour))
			tr.grant(t, account, until(2*time.Hour))
			keys := tr.keys(t)
			require.Contains(t, keys, tr.access(account, time.Time{}).Key)
			require.Contains(t, keys, tr.access(other, time.Time{}).Key)
			require.True(t, slices.IsSorted(keys))
			tr.revoke(t, account)
			require.NotContains(t, tr.keys(t), tr.access(account, time.Time{}).Key)
		},
	},
	{name: "standing access is not listed", applies: listsStanding, try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		before := tr.keys(t)
		tr.GiveStanding(t, account)
		require.Equal(t, before, tr.keys(t))
	}},
	{
		name:    "what is listed can be removed, and nothing else changes",
		applies: lists,
		try: func(t *testing.T, tr trial) {
			account, bystander := tr.Accounts(t), tr.Accounts(t)
			tr.grant(t, bystander, until(time.Hour))
			others := tr.Snapshot(t, account)
			tr.grant(t, account, until(time.Hour))
			found := tr.found(t, account)
			for range 2 {
				require.NoError(t, tr.Connector.(target.Lister).Remove(t.Context(), found))
				tr.requireGone(t, account)
				require.Equal(t, others, tr.Snapshot(t, account))
			}
		},
	},
}

func lists(f Fixture) bool {
	_, offered := f.Connector.(target.Lister)
	return offered
}

func listsStanding(f Fixture) bool { return lists(f) && hasStanding(f) }

func (tr trial) list(t *testing.T) []target.Marked {
	t.Helper()
	marked, err := tr.Connector.(target.Lister).List(t.Context())
	require.NoError(t, err)
	return marked
}

// keys are those that are listed, each as often as it is.
func (tr trial) keys(t *testing.T) []string {
	t.Helper()
	keys := []string{}
	for _, one := range tr.list(t) {
		keys = append(keys, one.Key)
	}
	return keys
}

// found is what is listed of the access of an account.
func (tr trial) found(t *testing.T, account string) target.Marked {
	t.Helper()
	for _, one := range tr.list(t) {
		if one.Key == tr.access(account, time.Time{}).Key {
			return one
		}
	}
	require.Failf(t, "not listed", "the access of %s", account)
	return target.Marked{}
}
