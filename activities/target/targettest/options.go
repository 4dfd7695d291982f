package targettest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
)

// options is what those connectors promise that can do more than they must, on targets that allow it.
var options = []behaviour{
	// A revoke that closes this route is not made: Inspect has shown the access before the first grant.
	{name: "standing access is seen, or survives the revoke", applies: hasStanding, try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		tr.GiveStanding(t, account)
		before := tr.Snapshot(t, "")
		if tr.inspect(t, account).Held {
			require.Equal(t, target.AlreadyThere, tr.grant(t, account, until(time.Hour)))
		} else {
			tr.grant(t, account, until(time.Hour))
			tr.revoke(t, account)
		}
		require.Equal(t, before, tr.Snapshot(t, ""), "the standing access was changed")
		require.True(t, tr.Can(t, account))
	}},
	{
		name:    "standing access that comes between two grants is seen, or survives",
		applies: hasStanding,
		try: func(t *testing.T, tr trial) {
			account := tr.Accounts(t)
			tr.grant(t, account, until(time.Hour))
			tr.revoke(t, account)
			tr.GiveStanding(t, account)
			before := tr.Snapshot(t, "")
			if !tr.inspect(t, account).Held {
				tr.grant(t, account, until(time.Hour))
				tr.revoke(t, account)
			}
			require.Equal(t, before, tr.Snapshot(t, ""), "the standing access was changed")
			require.True(t, tr.Can(t, account))
		},
	},
	{name: "a check passes and changes nothing", applies: checks, try: func(t *testing.T, tr trial) {
		tr.grant(t, tr.Accounts(t), until(time.Hour))
		before := tr.Snapshot(t, "")
		require.NoError(t, tr.Connector.(target.Checker).Check(t.Context()))
		require.Equal(t, before, tr.Snapshot(t, ""))
	}},
	{
		name:    "sessions end with the access, and only the subject's",
		applies: endsSessions,
		try: func(t *testing.T, tr trial) {
			account, bystander := tr.Accounts(t), tr.Accounts(t)
			tr.grant(t, account, until(time.Hour))
			tr.grant(t, bystander, until(time.Hour))
			works, othersWork := tr.OpenSession(t, account), tr.OpenSession(t, bystander)
			require.True(t, works())

			tr.revoke(t, account)
			require.Positive(t, tr.endSessions(t, account))
			require.False(t, works())
			require.True(t, othersWork())
			tr.requireHeld(t, bystander)
		},
	},
	{name: "ending sessions where there are none succeeds", applies: endsSessions, try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		require.Zero(t, tr.endSessions(t, account))
		tr.grant(t, account, until(time.Hour))
		tr.OpenSession(t, account)
		tr.revoke(t, account)
		require.Positive(t, tr.endSessions(t, account))
		require.Zero(t, tr.endSessions(t, account))
		require.Zero(t, tr.endSessions(t, tr.UnknownAccount))
	}},
}

func hasStanding(f Fixture) bool { return f.GiveStanding != nil }

func checks(f Fixture) bool {
	_, offered := f.Connector.(target.Checker)
	return offered
}

func endsSessions(f Fixture) bool {
	_, offered := f.Connector.(target.SessionEnder)
	return offered
}

func (tr trial) endSessions(t *testing.T, account string) int {
	t.Helper()
	count, err := tr.Connector.(target.SessionEnder).EndSessions(t.Context(), tr.access(account, time.Time{}))
	require.NoError(t, err, "end the sessions of %s", account)
	return count
}
