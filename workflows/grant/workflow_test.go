package grant

import (
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"curfew/workflows/contract"
)

// target stands for a target and its holding. Its End waits for the instant on the environment's clock.
type target struct {
	env *testsuite.TestWorkflowEnvironment

	// mu is held by what is done to the target and by the schedule of the test: activities run beside the environment,
	// and one whose answer nobody waits for may outlast the workflow.
	mu    sync.Mutex
	until time.Time // the end that the holding has; zero when it is closed
	token contract.Token
	log   []string
	known []bool // of each look, whether it was told that the access is not there

	standing   bool
	grantErr   error
	endErr     error // of ends that are not patient
	settles    time.Time
	left       contract.Leases // that an earlier run had left
	onGranting func()
	broken     bool                                // no end succeeds
	unlocked   string                              // why ends have no lock; empty when they have
	takenOver  *contract.Sealed[contract.TakeOver] // before this run began
	alarms     []contract.Alarm

	queue    string          // of the target, as the workers know it
	unsealed map[string]bool // the requests that nobody vouches for
}

func (g *target) Route(_ context.Context, in contract.RouteInput) (contract.Route, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	route := contract.Route{TaskQueue: g.queue, Refused: make([]*contract.Problem, len(in.Holds))}
	for i, hold := range in.Holds {
		if g.unsealed[hold.Lease.Request] {
			route.Refused[i] = contract.Forbidden("nobody vouches for it")
		}
	}
	return route, nil
}

func (g *target) Grant(_ context.Context, command contract.GrantCommand) (contract.GrantReceipt, error) {
	if g.onGranting != nil {
		g.onGranting()
	}
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = append(g.log, "grant")
	if g.grantErr != nil {
		return contract.GrantReceipt{}, g.grantErr
	}
	leases := command.Leases
	for _, lease := range g.left {
		leases = leases.With(lease)
	}
	g.left, g.token, g.until = nil, command.Token, leases.End()
	return contract.GrantReceipt{Until: g.until, Leases: leases, Standing: g.standing}, nil
}

func (g *target) Look(_ context.Context, command contract.DetectDriftCommand) (contract.DetectDriftReceipt, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.known = append(g.known, command.Known)
	g.log = append(g.log, "look")
	return contract.DetectDriftReceipt{Held: !g.until.IsZero()}, nil
}

func (g *target) Abandon(context.Context, contract.TakeOverCommand) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.log = append(g.log, "abandon")
	g.until = time.Time{}
	return nil
}

func (g *target) Alarm(_ context.Context, alarm contract.Alarm) error {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.alarms = append(g.alarms, alarm)
	return nil
}

// kinds are those of the alarms that were raised.
func (g *target) kinds() []contract.AlarmKind {
	var kinds []contract.AlarmKind
	for _, alarm := range g.alarms {
		kinds = append(kinds, alarm.Kind)
	}
	return kinds
}

func (g *target) End(ctx context.Context, command contract.EndCommand) (contract.EndReceipt, error) {
	if wait := command.Until.Sub(g.env.Now()); wait > 0 {
		token := activity.GetInfo(ctx).TaskToken
		g.env.RegisterDelayedCallback(func() {
			receipt, err := g.end(command)
			_ = g.env.CompleteActivity(token, receipt, err) // it is not waited for when another end was quicker
		}, wait)
		return contract.EndReceipt{}, activity.ErrResultPending
	}
	return g.end(command)
}

func (g *target) end(command contract.EndCommand) (contract.EndReceipt, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.broken {
		return contract.EndReceipt{}, contract.Unavailable("the target is down").Application()
	}
	if g.endErr != nil {
		err := g.endErr
		g.endErr = nil
		return contract.EndReceipt{}, err
	}
	if g.takenOver != nil {
		return contract.EndReceipt{TakenOver: g.takenOver}, nil
	}
	if g.unlocked != "" {
		return contract.EndReceipt{Unlocked: g.unlocked}, nil
	}
	if left := g.left; left != nil {
		g.left, g.until, g.token = nil, left.Without(command.Released[0]).End(), command.Token
		return contract.EndReceipt{Until: g.until, Leases: left.Without(command.Released[0])}, nil
	}
	if command.Token.Before(g.token) && g.until.After(g.env.Now()) {
		return contract.EndReceipt{Until: g.until}, nil
	}
	if g.settles.After(g.env.Now()) {
		g.log = append(g.log, "revoke, not for sure")
		return contract.EndReceipt{Again: g.settles}, nil
	}
	if !g.until.IsZero() || !slices.Contains(g.log, "revoke") {
		g.log = append(g.log, "revoke")
	}
	g.until, g.token = time.Time{}, command.Token
	return contract.EndReceipt{GoneAt: g.env.Now(), Standing: g.standing}, nil
}

func (g *target) VerifyTakeOver(_ context.Context, in contract.TakeOverInput) error {
	if g.unsealed[in.TakeOver.Fact.By] {
		return contract.Forbidden("nobody vouches for it").Application()
	}
	return nil
}

var reporting = contract.Access{
	Target:      "db",
	Entitlement: json.RawMessage(`{"role":"reporting"}`),
	Person:      "alice",
	Account:     "alice",
}

func newTarget(t *testing.T, g *target) *target {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	g.env = suite.NewTestWorkflowEnvironment()
	g.env.SetTestTimeout(time.Minute)
	g.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	g.env.RegisterActivityWithOptions(g.Grant, activity.RegisterOptions{Name: contract.ActivityGrant})
	g.env.RegisterActivityWithOptions(g.End, activity.RegisterOptions{Name: contract.ActivityEnd})
	g.env.RegisterActivityWithOptions(g.Look, activity.RegisterOptions{Name: contract.ActivityDetectDrift})
	g.env.RegisterActivityWithOptions(g.Abandon, activity.RegisterOptions{Name: contract.ActivityTakeOver})
	g.env.RegisterActivityWithOptions(g.Route, activity.RegisterOptions{Name: contract.ActivityRoute})
	g.env.RegisterActivityWithOptions(g.VerifyTakeOver, activity.RegisterOptions{Name: contract.ActivityVerifyTakeOver})
	g.env.RegisterActivityWithOptions(g.Alarm, activity.RegisterOptions{Name: contract.ActivityAlarm})
	return g
}

// answered is what an update was answered with.
type answered struct {
	at      time.Time
	result  any
	refused error
	failed  error
}

func (g *target) update(name string, in any) *answered {
	got := &answered{}
	g.env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: func(err error) { got.refused = err },
		OnComplete: func(result any, err error) { got.at, got.result, got.failed = g.env.Now(), result, err },
	}, in)
	return got
}

func (g *target) at(after time.Duration, do func()) {
	g.env.RegisterDelayedCallback(func() {
		g.mu.Lock()
		defer g.mu.Unlock()
		do()
	}, after)
}

// held is whether the access is there.
func (g *target) held() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return !g.until.IsZero()
}

func (g *target) hold(request string, lasts time.Duration) *answered {
	return g.update(
		contract.UpdateHold,
		contract.HoldInput{Access: reporting, Lease: contract.Lease{Request: request, Until: g.env.Now().Add(lasts)}},
	)
}

func (g *target) extend(request string, lasts time.Duration) *answered {
	return g.update(
		contract.UpdateExtendLease,
		contract.HoldInput{Access: reporting, Lease: contract.Lease{Request: request, Until: g.env.Now().Add(lasts)}},
	)
}

func (g *target) release(request string) *answered {
	return g.update(contract.UpdateRelease, contract.ReleaseInput{Access: reporting, Request: request})
}

func (g *target) run(t *testing.T) time.Duration {
	t.Helper()
	start := g.env.Now()
	g.env.ExecuteWorkflow(Grant, contract.GrantInput{Access: reporting})
	require.True(t, g.env.IsWorkflowCompleted())
	require.NoError(t, g.env.GetWorkflowError())
	require.False(t, g.held(), "nothing is left at the target")
	return g.env.Now().Sub(start)
}

func TestAGrantEndsWithItsLastLease(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		play  func(*target)
		lasts time.Duration
		log   []string
	}{
		"one lease":           {func(g *target) { g.at(0, func() { g.hold("a", time.Hour) }) }, time.Hour, []string{"grant", "revoke"}},
		"shorter than a lead": {func(g *target) { g.at(0, func() { g.hold("a", time.Second) }) }, time.Second, []string{"grant", "revoke"}},
		"the later of two": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Hour) })
			g.at(time.Minute, func() { g.hold("b", 2*time.Hour) })
		}, 2*time.Hour + time.Minute, []string{"grant", "grant", "revoke"}},
		"the earlier of two was longer": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Hour) })
			g.at(time.Minute, func() { g.hold("b", time.Minute) })
		}, time.Hour, []string{"grant", "grant", "revoke"}},
		"extended": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Hour) })
			g.at(time.Minute, func() { g.extend("a", time.Hour) })
		}, time.Hour + time.Minute, []string{"grant", "grant", "revoke"}},
		"extended while its end is waited for": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Minute) })
			g.at(time.Minute-time.Second, func() { g.extend("a", time.Minute) })
		}, 2*time.Minute - time.Second, []string{"grant", "grant", "revoke"}},
		"extended by little while its end is waited for": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Minute) })
			g.at(time.Minute-time.Second, func() { g.extend("a", 3*time.Second) })
		}, time.Minute + 2*time.Second, []string{"grant", "grant", "revoke"}},
		"released": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Hour) })
			g.at(time.Minute, func() { g.release("a") })
		}, time.Minute, []string{"grant", "revoke"}},
		"released while its end is waited for": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Minute) })
			g.at(time.Minute-time.Second, func() { g.release("a") })
		}, time.Minute - time.Second, []string{"grant", "revoke"}},
		"the longer of two is released": {func(g *target) {
			g.at(0, func() { g.hold("a", time.Hour) })
			g.at(time.Minute, func() { g.hold("b", 2*time.Hour) })
			g.at(2*time.Minute, func() { g.release("b") })
		}, time.Hour, []string{"grant", "grant", "grant", "revoke"}},
		"canceled": {func(g *target) {
			g.tells(contract.EventRevoking) // the request ends with it
			g.at(0, func() { g.hold("a", time.Hour) })
			g.at(time.Minute, g.env.CancelWorkflow)
		}, time.Minute, []string{"grant", "revoke"}},
		"started by a release": {func(g *target) { g.at(0, func() { g.release("a") }) }, 0, []string{"revoke"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newTarget(t, &target{})
			tc.play(g)
			require.Equal(t, tc.lasts, g.run(t))
			require.Equal(t, tc.log, g.log)
			g.env.AssertExpectations(t)
		})
	}
}

func TestAGrantThatFailedIsRevokedAllTheSame(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{grantErr: contract.Denied("no such role").Application()})
	var got *answered
	g.at(0, func() { got = g.hold("a", time.Hour) })
	g.run(t)
	require.ErrorContains(t, got.failed, "no such role")
	require.Equal(t, []string{"grant", "revoke"}, g.log)
}

func TestWhatTheFirstAttemptToGrantFailsWithIsShownWhileOthersAreMade(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{grantErr: contract.Unavailable("the target is down").Application()})
	var got *answered
	g.at(0, func() { got = g.hold("a", time.Hour) })
	g.at(putAgain/2, func() {
		require.Equal(t, "the target is down", g.status(t).Trying)
		require.Equal(t, []string{"grant"}, g.log)
		g.grantErr = nil
	})
	g.at(2*putAgain, func() { require.Empty(t, g.status(t).Trying) })
	g.run(t)
	require.NoError(t, got.failed)
	require.Equal(t, []string{"grant", "grant", "revoke"}, g.log)
}

// The end that access has had so far comes in time, whatever a target asks for that is to have a later one.
func TestP2ATargetThatAsksForTimeBeforeALaterEndDoesNotDelayTheFormerOne(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	var got *answered
	g.at(0, func() { g.hold("a", time.Minute) })
	g.at(50*time.Second, func() {
		busy := contract.Unavailable("ask later")
		busy.RetryAfter.Duration = 20 * time.Second
		g.grantErr = busy.Application()
		got = g.extend("a", time.Hour)
	})
	require.Less(t, g.run(t), time.Minute+time.Second)
	require.ErrorContains(t, got.failed, "ask later")
}

func TestAReleaseWhileAnotherLeaseHoldsSaysSo(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	var got *answered
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(time.Minute, func() { g.hold("b", time.Minute) })
	g.at(2*time.Minute, func() { got = g.release("b") })
	start := g.env.Now()
	g.run(t)
	result, ok := got.result.(contract.ReleaseResult)
	require.True(t, ok)
	require.Equal(t, start.Add(time.Hour), result.HeldUntil.In(start.Location()))
	require.Equal(t, start.Add(2*time.Minute), got.at, "it does not wait for the other")
}

func TestAReleaseDuringTheGrantIsNotHeldUpByIt(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	var held *answered
	g.onGranting = func() {
		g.onGranting = nil
		g.env.RegisterDelayedCallback(func() { g.release("a") }, 0)
	}
	g.at(0, func() { held = g.hold("a", time.Hour) })
	require.Less(t, g.run(t), time.Minute)
	require.Equal(t, "revoke", g.log[len(g.log)-1])
	_ = held
}

func TestARevokeThatFailsIsTriedAgainUntilItSucceeds(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{endErr: contract.Invalid("nonsense").Application()})
	var got *answered
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(time.Minute, func() { got = g.release("a") })
	g.run(t)
	result, ok := got.result.(contract.ReleaseResult)
	require.True(t, ok)
	require.True(t, !result.GoneAt.IsZero() || result.Problem != "")
	require.Equal(t, []string{"grant", "revoke"}, g.log)
}

func TestP3TheLastWordIsARevokeAfterAGrantThatMayStillLand(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	var got *answered
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(time.Minute, func() {
		g.settles = g.env.Now().Add(30 * time.Second)
		got = g.release("a")
	})
	require.Equal(t, time.Minute+30*time.Second, g.run(t))
	require.Equal(t, []string{"grant", "revoke, not for sure", "revoke"}, g.log)
	result, ok := got.result.(contract.ReleaseResult)
	require.True(t, ok)
	require.False(t, result.GoneAt.IsZero())
}

func TestASuccessorTakesOverTheLeasesThatWereLeft(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	g.at(0, func() {
		g.left = contract.Leases{
			{Request: "a", Until: g.env.Now().Add(time.Hour)},
			{Request: "b", Until: g.env.Now().Add(2 * time.Hour)},
		}
		g.release("a")
	})
	require.Equal(t, 2*time.Hour, g.run(t))
	require.Equal(t, []string{"revoke"}, g.log)
}

func TestAGrantRefusesWhatIsNotItsOwnOrOver(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	var foreign, over *answered
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(time.Minute, func() {
		other := reporting
		other.Account = "mallory"
		foreign = g.update(
			contract.UpdateHold,
			contract.HoldInput{Access: other, Lease: contract.Lease{Request: "x", Until: g.env.Now().Add(time.Hour)}},
		)
		over = g.hold("x", -time.Second)
	})
	require.Equal(t, time.Hour, g.run(t))
	require.ErrorContains(t, foreign.refused, "not what this grant holds")
	require.ErrorContains(t, over.refused, "is over")
	require.Equal(t, []string{"grant", "revoke"}, g.log)
}

func TestGrantsThatEndTogetherWakeApart(t *testing.T) {
	t.Parallel()
	end := time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)
	seconds := map[int]int{}
	for i := range 1000 {
		access := reporting
		access.Account = fmt.Sprint(i)
		early := end.Sub((&run{access: access, held: end}).wakeAt())
		require.GreaterOrEqual(t, early, lead)
		require.Less(t, early, lead+spread)
		seconds[int(early/time.Second)]++
	}
	for second, grants := range seconds {
		require.Less(t, grants, 100, "in second %d before the end", second)
	}
}
