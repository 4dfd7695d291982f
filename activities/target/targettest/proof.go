package targettest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
)

// proof is what connectors promise about telling presence from absence.
var proof = []behaviour{
	{
		name:    "the target says which one it is, and what can't be renamed of the access",
		applies: hasIdentity,
		try: func(t *testing.T, tr trial) {
			account, other := tr.Accounts(t), tr.Accounts(t)
			before := tr.inspect(t, account).Identity
			require.NotEmpty(t, before.Target)
			tr.grant(t, account, until(time.Hour))
			tr.grant(t, other, until(time.Hour))
			given := tr.inspect(t, account).Identity
			require.Equal(t, before.Target, given.Target)
			require.NotEmpty(t, given.ID)
			require.NotEqual(t, given.ID, tr.inspect(t, other).Identity.ID)
			tr.revoke(t, account)
			require.Equal(t, before.Target, tr.inspect(t, account).Identity.Target)
		},
	},
	{
		name:    "what was another's id at another system means nothing",
		applies: hasIdentity,
		try: func(t *testing.T, tr trial) {
			account, bystander := tr.Accounts(t), tr.Accounts(t)
			tr.grant(t, account, until(time.Hour))
			tr.grant(t, bystander, until(time.Hour))
			theirs := tr.inspect(t, bystander).Identity
			theirs.Target = "another system"
			tr.known.Store(account, target.Access{Identity: theirs, Shown: true})
			tr.revoke(t, account)
			tr.requireGone(t, account)
			tr.requireHeld(t, bystander)
		},
	},
	{
		name:    "access whose subject is called otherwise now is seen, and ends",
		applies: renames,
		try: func(t *testing.T, tr trial) {
			account := tr.Accounts(t)
			tr.grant(t, account, until(time.Hour))
			tr.requireHeld(t, account)
			others := tr.Snapshot(t, "")
			now := tr.Rename(t, account)
			require.True(t, tr.Can(t, now), "the fixture promised that the access moves along")
			require.True(t, tr.inspect(t, account).Held, "the access of %s is not seen any more", account)
			require.Equal(t, target.AccessRevoked, tr.revoke(t, account))
			require.False(t, tr.Can(t, now), "the access of %s still works", now)
			require.False(t, tr.inspect(t, account).Held)
			require.NotEqual(t, others, tr.Snapshot(t, ""))
		},
	},
	{name: "a removal is sent to a target that shows nothing", applies: blinds, try: func(t *testing.T, tr trial) {
		account, bystander := tr.Accounts(t), tr.Accounts(t)
		tr.grant(t, account, until(time.Hour))
		tr.grant(t, bystander, until(time.Hour))
		tr.requireHeld(t, account)
		tr.Blind(t)
		require.False(t, tr.inspect(t, account).Held, "the fixture promised that nothing is shown")
		tr.tryToRevoke(t, account)
		require.False(t, tr.Can(t, account), "the access of %s still works", account)
		require.True(t, tr.Can(t, bystander))
	}},
}

func hasIdentity(f Fixture) bool { return !f.Nameless }
func renames(f Fixture) bool     { return f.Rename != nil }
func blinds(f Fixture) bool      { return f.Blind != nil }

// tryToRevoke is a revoke that the connector may well call unfinished, since it can't see what came of it.
func (tr trial) tryToRevoke(t *testing.T, account string) {
	t.Helper()
	_, err := tr.Connector.Revoke(t.Context(), tr.access(account, time.Time{}))
	tr.requireUncertain(t, err)
}
