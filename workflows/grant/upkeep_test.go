package grant

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func (g *target) holdAndLook(request string, lasts, every time.Duration, restore bool) *answered {
	return g.update(contract.UpdateHold, contract.HoldInput{Access: reporting, Lease: contract.Lease{
		Request:            request,
		Until:              g.env.Now().Add(lasts),
		DriftCheckInterval: contract.Duration{Duration: every},
		Restore:            restore,
	}})
}

func TestLiveAccessIsLookedAtUntilItsEndIsNear(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	g.at(0, func() { g.holdAndLook("a", time.Hour, 15*time.Minute, false) })
	require.Equal(t, time.Hour, g.run(t))
	require.Equal(t, []string{"grant", "look", "look", "look", "revoke"}, g.log)
	require.Empty(t, g.alarms)
}

// tells expects that the request is told.
func (g *target) tells(kind contract.EventKind) {
	g.env.OnSignalExternalWorkflow("default-test-namespace", "request/a", "", contract.SignalNoticed,
		contract.Notice{Kind: kind, Target: reporting.Target}).Return(nil).Once()
}

func TestAccessThatSomebodyElseTookAwayIsReportedOnce(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	g.tells(contract.EventDrifted)
	g.at(0, func() { g.holdAndLook("a", time.Hour, 10*time.Minute, false) })
	g.at(15*time.Minute, func() { g.until = time.Time{} })
	g.run(t)
	g.env.AssertExpectations(t)
	require.Equal(
		t,
		[]string{"grant", "look", "look", "look", "look", "look", "revoke"},
		g.log,
		"it is not given again",
	)
	require.Equal(
		t,
		[]bool{false, false, true, true, true},
		g.known,
		"the alarm is raised where the access is looked at, once",
	)
	require.Empty(t, g.alarms)
}

func TestAccessThatSomebodyElseTookAwayIsGivenAgainWhenALeaseSaysSo(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{})
	g.tells(contract.EventDrifted)
	g.tells(contract.EventRestored)
	g.at(0, func() { g.holdAndLook("a", 30*time.Minute, 10*time.Minute, true) })
	g.at(15*time.Minute, func() { g.until = time.Time{} })
	require.Equal(t, 30*time.Minute, g.run(t))
	g.env.AssertExpectations(t)
	require.Equal(t, []string{"grant", "look", "look", "grant", "revoke"}, g.log)
	require.Equal(t, []bool{false, false}, g.known)
}

func TestStandingAccessIsNotLookedAt(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{standing: true})
	g.at(0, func() { g.holdAndLook("a", time.Hour, 10*time.Minute, true) })
	g.run(t)
	require.NotContains(t, g.log, "look")
}

func TestAStuckRevokeIsToldAtOnceAndThenDaily(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{broken: true})
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(25*time.Hour+30*time.Minute, func() { g.broken = false })
	g.run(t)
	require.Equal(t, []contract.AlarmKind{contract.AlarmStuck, contract.AlarmStuck}, g.kinds())
	require.Contains(t, g.alarms[0].Text, "the target is down")
	require.Equal(t, "revoke", g.log[len(g.log)-1])
}

func (g *target) status(t *testing.T) (status contract.GrantStatus) {
	t.Helper()
	answer, err := g.env.QueryWorkflow(contract.QueryStatus)
	require.NoError(t, err)
	require.NoError(t, answer.Get(&status))
	return status
}

func TestARetryOfAStuckRevokeIsMadeAtOnce(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{broken: true})
	var early, retried *answered
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(time.Minute, func() { early = g.update(contract.UpdateRetry, nil) })
	const mended = 2*time.Hour + 7*time.Second
	g.at(mended, func() {
		require.True(t, g.status(t).Stuck)
		require.Equal(t, []string{"a"}, g.status(t).Requests)
		g.broken = false
		retried = g.update(contract.UpdateRetry, nil)
	})
	require.Less(t, g.run(t), mended+time.Second)
	require.ErrorContains(t, early.refused, "not stuck")
	status, ok := retried.result.(contract.GrantStatus)
	require.True(t, ok)
	require.False(t, status.Stuck)
	require.True(t, status.Over)
}

func TestP7NobodyTakesAccessOverInAnothersNameWhileTheTargetsWorkersAreAway(t *testing.T) {
	t.Parallel()
	const mended = 10 * time.Hour
	g := newTarget(t, &target{broken: true, unsealed: map[string]bool{"mallory": true}})
	var forged *answered
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(4*time.Hour, func() {
		forged = g.update(contract.UpdateTakeOver, contract.TakeOverInput{TakeOver: contract.Sealed[contract.TakeOver]{
			Fact: contract.TakeOver{Grant: reporting.GrantID(), By: "mallory", Reason: "I say so"},
		}})
	})
	g.at(mended, func() { g.broken = false })
	g.run(t)
	require.ErrorContains(t, forged.failed, "nobody vouches for it")
	require.NotContains(t, g.log, "abandon", "nobody asked the target's workers")
	require.NotContains(t, g.kinds(), contract.AlarmTakenOver)
	require.Equal(t, "revoke", g.log[len(g.log)-1])
}

func TestWhoeverTakesStuckAccessOverIsNamedToThoseWhoWait(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{broken: true})
	var waiting, nameless *answered
	by := contract.TakeOver{Grant: reporting.GrantID(), By: "dave", Reason: "the server was scrapped"}
	takeOver := func(by contract.TakeOver) *answered {
		return g.update(
			contract.UpdateTakeOver,
			contract.TakeOverInput{TakeOver: contract.Sealed[contract.TakeOver]{Fact: by}},
		)
	}
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(2*time.Hour, func() {
		waiting = g.update(
			contract.UpdateRelease,
			contract.ReleaseInput{Access: reporting, Request: "a", Patient: true},
		)
	})
	g.at(3*time.Hour, func() { nameless = takeOver(contract.TakeOver{Grant: reporting.GrantID(), By: "dave"}) })
	g.at(4*time.Hour, func() { takeOver(by) })
	g.run(t)
	require.Error(t, nameless.refused)
	result, ok := waiting.result.(contract.ReleaseResult)
	require.True(t, ok)
	require.Equal(t, by, result.TakenOver.Fact)
	require.True(t, result.GoneAt.IsZero(), "nobody has seen it gone")
	require.True(t, result.Over())
	require.Equal(t, []contract.AlarmKind{contract.AlarmStuck, contract.AlarmTakenOver}, g.kinds())
	require.Equal(t, "dave", g.alarms[1].Actor)
	require.Equal(t, "abandon", g.log[len(g.log)-1])
}

func TestAnEndThatNobodyCanLockAfterIsStuckAfterAMinuteAndSaysSo(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{unlocked: "the ledger is down"})
	var answer *answered
	var raised []contract.AlarmKind
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(10*time.Minute, func() { answer = g.release("a") })
	g.at(13*time.Minute, func() { raised, g.unlocked = g.kinds(), "" })
	g.run(t)
	require.Equal(t, []contract.AlarmKind{contract.AlarmStuck}, raised, "it is raised, and listed with it")
	require.Equal(t, []string{"a"}, g.alarms[0].Requests)
	require.Contains(t, g.alarms[0].Text, "the ledger is down")
	result, is := answer.result.(contract.ReleaseResult)
	require.True(t, is, "who is not patient is answered")
	require.Contains(t, result.Problem, "the ledger is down")
}

// Anybody may tell a grant to write its holding again, and must not keep it from hearing a sweep.
func TestAGrantHearsASweepWhateverItWasToldBefore(t *testing.T) {
	g := newTarget(t, &target{})
	tell := func() { g.env.SignalWorkflow(contract.SignalRestate, nil) }
	g.at(0, func() { g.hold("a", time.Hour) })
	g.at(time.Minute, func() {
		for range 300 {
			tell()
		}
	})
	count := func() (grants int) {
		for _, done := range g.log {
			if done == "grant" {
				grants++
			}
		}
		return grants
	}
	before := 0
	g.at(10*time.Minute, func() { before = count(); tell() })
	g.at(11*time.Minute, func() { require.Equal(t, before+1, count(), "it hears the sweep") })
	g.run(t)
	require.LessOrEqual(t, before, 4, "once for all who have said so")
}

func TestP3ARunThatKnowsOfNoTakeOverHearsOfItFromTheHolding(t *testing.T) {
	t.Parallel()
	by := &contract.Sealed[contract.TakeOver]{Fact: contract.TakeOver{By: "frank", Reason: "by hand"}}
	g := newTarget(t, &target{takenOver: by})
	var answer *answered
	g.at(0, func() { answer = g.release("a") })
	g.run(t)
	result, is := answer.result.(contract.ReleaseResult)
	require.True(t, is)
	require.True(t, result.GoneAt.IsZero())
	require.Equal(t, by, result.TakenOver)
}
