package targettest

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// lies is what Curfew promises of a target that answers a change and does not make it. It is tried with the activities,
// which look at the target after each change: a connector alone need not notice.
var lies = []behaviour{
	{name: "P3: a grant that is answered and not made is not active", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		k := newKeeper(t, tr, account)
		honest := tr.Lie(t)
		requireRetried(t, k.grant())
		require.False(t, tr.Can(t, account), "the fixture promised that nothing is made")
		require.False(t, k.holding().Proof.Shown, "the target has shown nothing")

		honest()
		k.insist(k.grant)
		require.True(t, tr.Can(t, account))
		require.True(t, k.holding().Proof.Shown)
	}},
	{name: "P3: a revoke that is answered and not made is no end", try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		k := newKeeper(t, tr, account)
		k.insist(k.grant)
		honest := tr.Lie(t)
		requireRetried(t, k.end())
		require.True(t, tr.Can(t, account), "the fixture promised that nothing is made")
		require.True(t, k.holding().Open, "it is still to be ended")
		require.Zero(t, k.holding().GoneAt)

		honest()
		k.insist(k.end)
		require.False(t, tr.Can(t, account))
		require.False(t, k.holding().Open)
		require.NotZero(t, k.holding().GoneAt)
	}},
}

// gateways is what Curfew promises of an answer that is not the target's own: the change may have been made. Access that
// Curfew gave so must not be taken for standing access, which is never removed.
var gateways = []behaviour{{
	name: "P2: access that was given when a gateway answered a failure ends", applies: hasGateway,
	try: func(t *testing.T, tr trial) {
		account := tr.Accounts(t)
		k := newKeeper(t, tr, account)
		tr.Gateway(t)
		requireRetried(t, k.grant())
		require.True(t, tr.Can(t, account), "the fixture promised that it is made")

		k.insist(k.grant)
		require.False(t, k.holding().Standing)
		k.insist(k.end)
		require.False(t, tr.Can(t, account))
	},
}}

func hasGateway(f Fixture) bool { return f.Gateway != nil }

// requireRetried wants an error after which Curfew tries again.
func requireRetried(t *testing.T, err error) {
	t.Helper()
	var failed *temporal.ApplicationError
	require.ErrorAs(t, err, &failed)
	require.Equal(t, string(contract.KindUnavailable), failed.Type(), "%v", err)
	require.False(t, failed.NonRetryable(), "%v", err)
}

// keeper is a ledger on disk and the activities that keep one access, as a worker runs them.
type keeper struct {
	t          *testing.T
	ledger     *sqlite.Store
	activities *target.Activities
	access     contract.Access
	seq        int64
}

func newKeeper(t *testing.T, tr trial, account string) *keeper {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	k := &keeper{t: t, ledger: store, access: contract.Access{
		Target: "conformance", Entitlement: tr.Entitlement, Person: "p-1", Account: account,
	}}
	k.activities = target.New(target.Options{
		Targets:  map[string]target.Target{k.access.Target: {Connector: tr.Connector, Limits: tr.Limits}},
		Holdings: store, Tombstones: store, Decisions: store, Alarms: store, Log: zap.NewNop(),
	})
	return k
}

// try makes one attempt of an activity.
func (k *keeper) try(do, command any) error {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(do)
	_, err := env.ExecuteActivity(do, command)
	return err
}

// insist makes attempts until one succeeds, as Temporal does. While the target that answered wrongly is pinged, attempts
// are left to other workers.
func (k *keeper) insist(attempt func() error) {
	k.t.Helper()
	require.Eventually(
		k.t,
		func() bool { return attempt() == nil },
		time.Minute,
		20*time.Millisecond,
		"it never succeeded",
	)
}

func (k *keeper) token() contract.Token {
	k.seq++
	return contract.Token{Epoch: 1, Seq: k.seq}
}

func (k *keeper) grant() error {
	leases := contract.Leases{{Request: "r", Until: until(time.Hour)}}
	return k.try(k.activities.Grant, contract.GrantCommand{
		Access: k.access, Token: k.token(), Until: leases.End(), Leases: leases, Opens: true,
	})
}

func (k *keeper) end() error {
	return k.try(k.activities.End, contract.EndCommand{
		Access: k.access, Token: k.token(), Until: time.Now(), Mine: true,
	})
}

func (k *keeper) holding() ledger.Holding {
	k.t.Helper()
	locked, err := k.ledger.Lock(k.t.Context(), k.access.GrantID())
	require.NoError(k.t, err)
	defer locked.Unlock()
	return locked.Holding()
}
