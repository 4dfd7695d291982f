package lease_test

import (
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"curfew/activities/lease"
	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/internal/testserver/temporal"
	"curfew/workflows/contract"
)

// bench is a real Temporal and a ledger on disk, with a workflow that answers as a grant does.
type bench struct {
	t          *testing.T
	client     client.Client
	ledger     *sqlite.Store
	activities *lease.Activities
	access     contract.Access
}

func newBench(t *testing.T) *bench {
	t.Helper()
	store, err := sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, store.Close()) })
	c := temporal.Start(t).Client(t)
	w := worker.New(c, contract.TaskQueue, worker.Options{})
	w.RegisterWorkflowWithOptions(grant, workflow.RegisterOptions{Name: contract.WorkflowGrant})
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	return &bench{
		t: t, client: c, ledger: store,
		activities: lease.New(lease.Options{Temporal: c, Holdings: store, Tombstones: store}),
		access: contract.Access{
			Target: "orders-db", Entitlement: []byte(`{"role":"reporting"}`), Person: "p-1", Account: "alice",
		},
	}
}

// grant says how many leases it has been asked to hold: a successor has forgotten those of before.
func grant(ctx workflow.Context, _ contract.GrantInput) error {
	var held contract.Leases
	hold := func(_ workflow.Context, in contract.HoldInput) (contract.HoldResult, error) {
		held = held.With(in.Lease)
		return contract.HoldResult{Request: in.Lease.Request, Until: in.Lease.Until}, nil
	}
	release := func(_ workflow.Context, in contract.ReleaseInput) (contract.ReleaseResult, error) {
		held = held.Without(in.Request)
		return contract.ReleaseResult{Request: in.Request, HeldUntil: held.End()}, nil
	}
	if err := workflow.SetUpdateHandler(ctx, contract.UpdateHold, hold); err != nil {
		return err
	}
	if err := workflow.SetUpdateHandler(ctx, contract.UpdateRelease, release); err != nil {
		return err
	}
	return workflow.Await(ctx, func() bool { return false })
}

func (b *bench) hold(request string) (result contract.HoldResult, err error) {
	b.t.Helper()
	in := contract.HoldInput{
		Access: b.access,
		Lease:  contract.Lease{Request: request, Until: time.Now().Add(time.Hour)},
	}
	err = b.do(b.activities.Hold, in, &result)
	return result, err
}

func (b *bench) release(in contract.ReleaseInput) (result contract.ReleaseResult, err error) {
	b.t.Helper()
	err = b.do(b.activities.Release, in, &result)
	return result, err
}

// do makes one attempt of an activity.
func (b *bench) do(do, command, into any) error {
	env := (&testsuite.WorkflowTestSuite{}).NewTestActivityEnvironment()
	env.RegisterActivity(do)
	value, err := env.ExecuteActivity(do, command)
	if err != nil {
		return err
	}
	return value.Get(into)
}

func TestP4AHoldStartsTheGrantAlsoAfterItWasTerminated(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for _, request := range []string{"r-1", "r-2"} {
		result, err := b.hold(request)
		require.NoError(t, err)
		require.Equal(t, request, result.Request)
		require.NoError(t, b.client.TerminateWorkflow(t.Context(), b.access.GrantID(), "", "by mistake"))
	}
}

func TestAnEndIsOnRecordBeforeTheGrantHearsOfIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	end := contract.Sealed[contract.End]{Fact: contract.End{Request: "r-1", By: "alice", Reason: "done"}}
	_, err := b.release(contract.ReleaseInput{Access: b.access, Request: "r-1", End: end})
	require.NoError(t, err)
	tombstone, err := b.ledger.TombstoneOf(t.Context(), "r-1")
	require.NoError(t, err)
	require.Equal(t, contract.EndReleased, tombstone.Kind)
	require.Equal(t, "alice", tombstone.By)
}

func TestAccessThatHasEndedByItselfIsReadFromTheHoldingAndStartsNoGrant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	gone := time.Now().UTC().Truncate(time.Millisecond)
	locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	require.NoError(t, locked.Save(t.Context(), ledger.Holding{
		Grant: b.access.GrantID(), Access: b.access, Token: contract.Token{Epoch: 1, Seq: 1}, GoneAt: gone,
	}))
	locked.Unlock()
	result, err := b.release(contract.ReleaseInput{Access: b.access, Request: "r-1", HeldSince: gone.Add(-time.Hour)})
	require.NoError(t, err)
	require.True(t, gone.Equal(result.GoneAt))
	_, err = b.client.DescribeWorkflowExecution(t.Context(), b.access.GrantID(), "")
	require.Error(t, err, "no workflow was started to say so")
}

func TestP3AGrantsWordThatAccessIsKeptUpIsHeldAgainstTheHolding(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.hold("r-2")
	require.NoError(t, err)
	_, err = b.release(contract.ReleaseInput{Access: b.access, Request: "r-1"})
	require.ErrorContains(t, err, "the ledger knows of no access that is kept up")
}
