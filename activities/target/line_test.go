package target_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/testsuite"
	"go.uber.org/zap"

	"curfew/activities/target"
	"curfew/workflows/contract"
)

// far is a target that counts who asks whether it can be reached.
type far struct {
	pings, revokes atomic.Int64
	unreachable    atomic.Bool
	silent         atomic.Bool  // revokes are not answered
	patience       atomic.Int64 // how long the last revoke could wait for its answer, in nanoseconds
}

func (f *far) Ping(context.Context) error {
	f.pings.Add(1)
	if f.unreachable.Load() {
		return errors.New("no route to host")
	}
	return nil
}

func (*far) Grant(context.Context, target.Access) (target.Granted, error) {
	return target.AccessGranted, nil
}

func (f *far) Revoke(ctx context.Context, _ target.Access) (target.Revoked, error) {
	if deadline, bounded := ctx.Deadline(); bounded {
		f.patience.Store(int64(time.Until(deadline)))
	}
	f.revokes.Add(1)
	if f.silent.Load() {
		<-ctx.Done()
		return "", ctx.Err()
	}
	return target.AccessRevoked, nil
}

func (*far) Inspect(context.Context, target.Access) (target.State, error) {
	return target.State{}, nil
}

// ends runs the ends of many accesses on one worker, all at once.
func (f *far) ends(t *testing.T, count int) []error {
	t.Helper()
	b := newBench(t)
	activities := target.New(target.Options{
		Targets:  map[string]target.Target{"far": {Connector: f}},
		Holdings: b.ledger, Tombstones: b.ledger, Decisions: b.ledger, Alarms: b.ledger, Log: zap.NewNop(),
	})
	outcomes := make([]error, count)
	var all sync.WaitGroup
	for n := range outcomes {
		all.Go(func() {
			var suite testsuite.WorkflowTestSuite
			env := suite.NewTestActivityEnvironment()
			env.RegisterActivityWithOptions(activities.End, activity.RegisterOptions{Name: contract.ActivityEnd})
			access := contract.Access{
				Target:      "far",
				Entitlement: json.RawMessage(`{}`),
				Person:      fmt.Sprint("p-", n),
				Account:     fmt.Sprint(n),
			}
			_, outcomes[n] = env.ExecuteActivity(contract.ActivityEnd, contract.EndCommand{
				Access: access, Token: contract.Token{Epoch: 1, Seq: 1}, Until: time.Now(), Mine: true,
			})
		})
	}
	all.Wait()
	return outcomes
}

func TestManyEndsAtOnceAskOnceASecondWhetherTheTargetIsReached(t *testing.T) {
	t.Parallel()
	f := &far{}
	began := time.Now()
	for _, err := range f.ends(t, 200) {
		require.NoError(t, err)
	}
	require.EqualValues(t, 200, f.revokes.Load())
	require.LessOrEqual(t, f.pings.Load(), 1+int64(time.Since(began)/time.Second))
}

func TestAWorkerThatDoesNotReachTheTargetGivesItsEndsBackAtOnce(t *testing.T) {
	t.Parallel()
	f := &far{}
	f.unreachable.Store(true)
	for _, err := range f.ends(t, 20) {
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok, "%v", err)
		require.Equal(t, contract.KindUnavailable, problem.Kind)
		require.Contains(t, problem.Fault, "no route to host")
		require.Less(t, problem.RetryAfter.Duration, time.Second, "another worker is to have it soon")
	}
	require.Zero(t, f.revokes.Load())
}

// The network is cut while an End waits for the lock: it does not keep the lock from a worker that reaches the target.
func TestAnEndThatHasTheLockLooksOnceMoreWhetherTheTargetIsReached(t *testing.T) {
	t.Parallel()
	b, f := newBench(t), &far{}
	b.access.Target = "far"
	activities := b.activities(f, b.ledger)
	busy, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	outcome := make(chan error, 1)
	go func() {
		_, err := carryOut[contract.EndCommand, contract.EndReceipt](b, activities, contract.ActivityEnd, b.endNow())
		outcome <- err
	}()
	goes(t, func() bool { return f.pings.Load() > 0 })
	f.unreachable.Store(true)
	reached := time.Now()
	goes(t, func() bool { return time.Since(reached) > 1500*time.Millisecond }) // what a ping said holds for a second
	busy.Unlock()
	require.ErrorContains(t, <-outcome, "no route to host")
	require.Zero(t, f.revokes.Load())
}
