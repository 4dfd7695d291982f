package targettest

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
)

// access is what granting and revoking one thing after the other promises.
var access = []behaviour{
	{name: "granted access works and is seen", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		tr.requireGone(t, account)
		require.Equal(t, target.AccessGranted, tr.grant(t, account, until(time.Hour)))
		tr.requireHeld(t, account)
	}},
	{name: "granting what is there succeeds and says so", try: func(t *testing.T, tr trial) {
		account, end := tr.Accounts(t), until(time.Hour)
		tr.grant(t, account, end)
		require.Equal(t, target.AlreadyThere, tr.grant(t, account, end))
		tr.requireHeld(t, account)
	}},
	{name: "a revoke takes away what several grants gave", try: func(t *testing.T, tr trial) {
		account, end := tr.Accounts(t), until(time.Hour)
		tr.grant(t, account, end)
		tr.grant(t, account, end)
		require.Equal(t, target.AccessRevoked, tr.revoke(t, account))
		tr.requireGone(t, account)
	}},
	{name: "revoking twice succeeds and says so", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		tr.grant(t, account, until(time.Hour))
		tr.revoke(t, account)
		require.Equal(t, target.AlreadyAbsent, tr.revoke(t, account))
		tr.requireGone(t, account)
	}},
	{name: "revoking what was never granted succeeds and says so", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		require.Equal(t, target.AlreadyAbsent, tr.revoke(t, account))
		tr.requireGone(t, account)
	}},
	{name: "access can be granted again after a revoke", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		for range 3 {
			require.Equal(t, target.AccessGranted, tr.grant(t, account, until(time.Hour)))
			tr.requireHeld(t, account)
			require.Equal(t, target.AccessRevoked, tr.revoke(t, account))
			tr.requireGone(t, account)
		}
	}},
	{name: "nobody else's access changes", try: func(t *testing.T, tr trial) {
		holder, bystander, account := tr.Accounts(t), tr.Accounts(t), tr.Accounts(t)
		tr.grant(t, holder, until(time.Hour))
		others := tr.Snapshot(t, account)
		for _, step := range []func(){
			func() { tr.grant(t, account, until(time.Hour)) },
			func() { tr.grant(t, account, until(2*time.Hour)) },
			func() { tr.revoke(t, account) },
			func() { tr.revoke(t, account) },
		} {
			step()
			require.Equal(t, others, tr.Snapshot(t, account))
		}
		tr.requireHeld(t, holder)
		tr.requireGone(t, bystander)
	}},
	{
		name: "names with quotes, spaces and letters outside ASCII are taken as they are",
		try: func(t *testing.T, tr trial) {
			accounts := tr.OddAccounts(t)
			require.NotEmpty(t, accounts)
			for _, account := range accounts {
				tr.requireGone(t, account)
				others := tr.Snapshot(t, account)
				tr.grant(t, account, until(time.Hour))
				tr.requireHeld(t, account)
				require.Equal(t, others, tr.Snapshot(t, account), "after the grant to %s", account)
				require.Equal(t, target.AccessRevoked, tr.revoke(t, account))
				tr.requireGone(t, account)
				require.Equal(t, others, tr.Snapshot(t, account), "after the revoke from %s", account)
			}
		},
	},
}
