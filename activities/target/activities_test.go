package target_test

import (
	"context"
	"encoding/json"
	"errors"
	"net/http/httptest"
	"path/filepath"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/target"
	"curfew/activities/target/lightrun"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	sandboxlightrun "curfew/internal/sandbox/lightrun"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

const (
	pool  = "c0ffee00-0000-4000-8000-000000000001"
	email = "alice@example.org"
)

// bench is a Lightrun stand-in, a ledger on disk and the activities between them.
type bench struct {
	t        *testing.T
	lightrun *sandboxlightrun.Server
	url      string
	faults   sandbox.Faults
	ledger   *sqlite.Store
	access   contract.Access
	seq      int64
	attempt  time.Duration // what an attempt has
	verifier *seal.Verifier
	observer target.Observer // nil for nobody

	connector target.Connector // of the worker, where there is one
	grants    atomic.Int32     // that the worker has asked the target for
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t, attempt: 10 * time.Second, lightrun: sandboxlightrun.New(sandboxlightrun.Options{
		Keys:  []sandboxlightrun.Key{{Value: "key", Scopes: []sandboxlightrun.Scope{sandboxlightrun.ScopeDev}}},
		Users: []sandboxlightrun.User{{Email: email}}, Pools: []sandboxlightrun.AgentPool{{ID: pool}},
	})}
	server := httptest.NewServer(b.faults.Wrap(b.lightrun.Handler()))
	t.Cleanup(server.Close)
	b.url = server.URL
	entitlement, err := lightrun.Kind().Normalize(json.RawMessage(`{"agentPoolIds":["` + pool + `"]}`))
	require.NoError(t, err)
	b.access = contract.Access{Target: "lightrun-prod", Entitlement: entitlement, Person: "alice", Account: email}
	b.ledger, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.ledger.Close()) })
	return b
}

// run carries out an activity with holdings, as a worker would.
func run[Command, Receipt any](
	b *bench,
	holdings ledger.Holdings,
	name string,
	command Command,
) (receipt Receipt, err error) {
	b.t.Helper()
	connector, err := (&lightrun.Settings{URL: b.url, Token: config.SecretOf("key")}).Open()
	require.NoError(b.t, err)
	return carryOut[Command, Receipt](b, b.activities(connector, holdings), name, command)
}

func (b *bench) activities(connector target.Connector, holdings ledger.Holdings) *target.Activities {
	return target.New(target.Options{
		Targets: map[string]target.Target{
			b.access.Target: {Connector: connector, Limits: target.Limits{EnforcesExpiry: true, Settles: time.Second}},
		},
		Holdings:   holdings,
		Tombstones: b.ledger,
		Decisions:  b.ledger,
		Alarms:     b.ledger,
		Verifier:   b.verifier,
		Observer:   b.observer,
		Log:        zap.NewNop(),
	})
}

func carryOut[Command, Receipt any](
	b *bench,
	activities *target.Activities,
	name string,
	command Command,
) (receipt Receipt, err error) {
	b.t.Helper()
	var suite testsuite.WorkflowTestSuite
	env := suite.NewTestActivityEnvironment()
	ctx, cancel := context.WithTimeout(b.t.Context(), b.attempt)
	defer cancel()
	env.SetWorkerOptions(worker.Options{BackgroundActivityContext: ctx})
	env.RegisterActivityWithOptions(activities.Grant, activity.RegisterOptions{Name: contract.ActivityGrant})
	env.RegisterActivityWithOptions(activities.End, activity.RegisterOptions{Name: contract.ActivityEnd})
	env.RegisterActivityWithOptions(
		activities.DetectDrift,
		activity.RegisterOptions{Name: contract.ActivityDetectDrift},
	)
	env.RegisterActivityWithOptions(activities.TakeOver, activity.RegisterOptions{Name: contract.ActivityTakeOver})
	value, err := env.ExecuteActivity(name, command)
	if err != nil || !value.HasValue() {
		return receipt, err
	}
	err = value.Get(&receipt)
	return receipt, err
}

func (b *bench) token() contract.Token {
	b.seq++
	return contract.Token{Epoch: 1, Seq: b.seq}
}

func (b *bench) grantCommand(lasts time.Duration, opens bool) contract.GrantCommand {
	until := time.Now().Add(lasts)
	return contract.GrantCommand{
		Access: b.access,
		Token:  b.token(),
		Until:  until,
		Leases: contract.Leases{{Request: "r", Until: until}},
		Opens:  opens,
	}
}

func (b *bench) grant(command contract.GrantCommand) (contract.GrantReceipt, error) {
	b.t.Helper()
	return run[contract.GrantCommand, contract.GrantReceipt](b, b.ledger, contract.ActivityGrant, command)
}

func (b *bench) endNow() contract.EndCommand {
	return contract.EndCommand{Access: b.access, Token: b.token(), Until: time.Now(), Mine: true}
}

func (b *bench) end(command contract.EndCommand) (contract.EndReceipt, error) {
	b.t.Helper()
	return run[contract.EndCommand, contract.EndReceipt](b, b.ledger, contract.ActivityEnd, command)
}

func (b *bench) can() bool { return b.lightrun.Can(email, pool) }

// holding is what the ledger has.
func (b *bench) holding() ledger.Holding {
	b.t.Helper()
	holding, err := b.ledger.Read(b.t.Context(), b.access.GrantID())
	require.NoError(b.t, err)
	return holding
}

// save writes a holding, as a newer command has left it.
func (b *bench) save(holding ledger.Holding) {
	b.t.Helper()
	locked, err := b.ledger.Lock(b.t.Context(), holding.Grant)
	require.NoError(b.t, err)
	defer locked.Unlock()
	require.NoError(b.t, locked.Save(b.t.Context(), holding))
}

func (b *bench) alarms(kind contract.AlarmKind) []contract.Alarm {
	b.t.Helper()
	alarms, err := b.ledger.List(b.t.Context(), ledger.AlarmFilter{Kind: kind})
	require.NoError(b.t, err)
	return alarms
}

// atTarget is what the worker's connector is asked for.
func (b *bench) atTarget(access contract.Access) target.Access {
	return target.Access{Key: access.Digest(), Entitlement: access.Entitlement, Account: access.Account}
}

// landLate has a command's call to the target take effect.
func (b *bench) landLate(command contract.GrantCommand) {
	b.t.Helper()
	wanted := b.atTarget(command.Access)
	wanted.Until = command.Until
	_, err := b.connector.Grant(b.t.Context(), wanted)
	require.NoError(b.t, err)
}

func requireKind(t *testing.T, kind contract.Kind, err error) {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "%v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
}

func TestALateGrantAttemptDoesNotBringAccessBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	late := b.grantCommand(time.Hour, true)
	_, err := b.grant(late)
	require.NoError(t, err)
	receipt, err := b.end(b.endNow())
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.IsZero())
	_, err = b.grant(late)
	requireKind(t, contract.KindClosed, err)
	require.False(t, b.can())
}

func TestAnExtensionDoesNotOpenWhatHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	_, err = b.end(b.endNow())
	require.NoError(t, err)
	_, err = b.grant(b.grantCommand(2*time.Hour, false))
	requireKind(t, contract.KindClosed, err)
	require.False(t, b.can())
	_, err = b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err, "a new hold may")
	require.True(t, b.can())
}

// Its end could not be carried out yet, because the ledger was away, say.
func TestAnExtensionDoesNotMoveAnEndThatIsOver(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	holding := b.holding()
	holding.Until = time.Now().UTC()
	b.save(holding)
	_, err = b.grant(b.grantCommand(2*time.Hour, false))
	requireKind(t, contract.KindClosed, err)
	require.Equal(t, holding, b.holding())
}

func TestAnEndStepsBackWhenTheEndHasMoved(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	waiting := b.endNow()
	extended, err := b.grant(b.grantCommand(2*time.Hour, false))
	require.NoError(t, err)
	receipt, err := b.end(waiting)
	require.NoError(t, err)
	require.Equal(t, b.holding().Token, receipt.Overtaken)
	require.True(t, b.holding().Until.Equal(extended.Until))
	require.True(t, b.can())
}

func TestARefusedExtensionLeavesTheEarlierEnd(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	first := b.grantCommand(time.Hour, true)
	_, err := b.grant(first)
	require.NoError(t, err)
	b.faults.Add(sandbox.Fault{Method: "POST", Status: 400, Times: 1})
	_, err = b.grant(b.grantCommand(2*time.Hour, false))
	requireKind(t, contract.KindDenied, err)
	due, err := b.ledger.Due(t.Context(), ledger.DueFilter{Before: first.Until.Add(time.Second)})
	require.NoError(t, err)
	require.Len(t, due, 1, "the holding ends when the target was told")
}

func TestAnEndAfterAGrantThatMayStillLandAsksToLookAgain(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.attempt = time.Second
	b.faults.Add(sandbox.Fault{Method: "POST", Times: 1, LoseReply: true})
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.Error(t, err)
	b.attempt = 10 * time.Second
	receipt, err := b.end(b.endNow())
	require.NoError(t, err)
	require.False(t, b.can())
	require.False(t, receipt.Again.IsZero(), "the access is gone, but an attempt was cut off")
	again := b.endNow()
	again.Until = receipt.Again
	receipt, err = b.end(again)
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.Before(again.Until))
}

func TestARestoredLedgerKeepsNoAccessUp(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	// The holding is what it was in a backup: closed, by an earlier run of the grant.
	locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	require.NoError(t, locked.Save(t.Context(), ledger.Holding{
		Grant:  b.access.GrantID(),
		Access: b.access,
		Token:  contract.Token{Epoch: 0, Seq: 9},
		GoneAt: time.Now().Add(-time.Hour),
	}))
	locked.Unlock()
	_, err = b.end(b.endNow())
	require.NoError(t, err)
	require.False(t, b.can())
}

func TestAnEndOfWhatWasNeverGrantedTouchesNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.faults.Add(sandbox.Fault{Down: true})
	command := b.endNow()
	command.Mine = false
	receipt, err := b.end(command)
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.IsZero())
}

// lost is a table that can't be reached.
type lost struct{ ledger.Holdings }

var errLost = errors.New("disk I/O error")

func (lost) Lock(context.Context, string) (ledger.Locked, error) { return nil, errLost }

func (lost) Read(context.Context, string) (ledger.Holding, error) { return ledger.Holding{}, errLost }

func (lost) Tokens(context.Context, []string) (map[string]contract.Token, error) { return nil, errLost }

func TestWithoutTheTableNothingIsGrantedAndEndsGoAhead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	_, err = run[contract.GrantCommand, contract.GrantReceipt](
		b,
		lost{},
		contract.ActivityGrant,
		b.grantCommand(2*time.Hour, false),
	)
	requireKind(t, contract.KindUnavailable, err)

	unsure := b.endNow()
	unsure.Mine = false
	_, err = run[contract.EndCommand, contract.EndReceipt](b, lost{}, contract.ActivityEnd, unsure)
	require.Error(t, err, "what may be standing access is left until the table answers")
	require.True(t, b.can())
	receipt, err := run[contract.EndCommand, contract.EndReceipt](b, lost{}, contract.ActivityEnd, b.endNow())
	require.NoError(t, err)
	require.False(t, b.can())
	require.Contains(t, receipt.Unlocked, "disk I/O error")
	require.True(t, receipt.GoneAt.IsZero(), "nobody has had the lock and looked")
	require.True(t, b.holding().Open)

	receipt, err = b.end(b.endNow())
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.IsZero())
	require.False(t, b.holding().Open)
}

func TestASuccessorTakesOverWhatTheHoldingHas(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	one := b.grantCommand(time.Hour, true)
	one.Leases = one.Leases.With(contract.Lease{Request: "s", Until: time.Now().Add(2 * time.Hour)})
	_, err := b.grant(one)
	require.NoError(t, err)
	receipt, err := b.end(contract.EndCommand{
		Access: b.access,
		Token:  contract.Token{Epoch: 2, Seq: 1},
		Until:  time.Now(),
		Gone:   contract.Gone{Released: []string{"r"}},
	})
	require.NoError(t, err)
	require.Len(t, receipt.Leases, 1)
	require.Equal(t, "s", receipt.Leases[0].Request)
	require.True(t, b.can())
}
