package target_test

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

// The clock of this machine is a minute ahead of Temporal's, or a minute behind, and the grace allows for more.
func TestTheWatchdogEndsWhatIsOverdueByTemporalsClock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		temporal time.Duration // ahead of this machine
		until    time.Duration // from now on, by this machine's clock
		ends     bool
	}{
		"overdue by both":                       {0, -10 * time.Second, true},
		"overdue by Temporal's alone":           {time.Minute, 40 * time.Second, true},
		"overdue by this machine's alone":       {-time.Minute, -40 * time.Second, false},
		"its own worker may still be at work":   {0, -time.Second, false},
		"not over, and Temporal's clock behind": {-time.Minute, time.Minute, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(t, err)
			holding := b.holding()
			holding.Until = time.Now().Add(tc.until).UTC()
			b.save(holding)
			watchdog := b.watchWithin(time.Hour)
			watchdog.Follow(time.Now().Add(tc.temporal))
			if tc.ends {
				goes(t, func() bool { return !b.holding().Open })
				return
			}
			for range 2 { // the second is ended after a round that has seen both
				b.endsAnother()
			}
			require.True(t, b.holding().Open)
		})
	}
}

// endsAnother waits until the watchdog has ended access that is overdue by any clock.
func (b *bench) endsAnother() {
	b.t.Helper()
	another := b.access
	another.Person, another.Account = "carol", "carol@example.org"
	b.save(ledger.Holding{
		Grant:  another.GrantID(),
		Access: another,
		Token:  b.token(),
		Open:   true,
		Until:  time.Now().Add(-30 * time.Minute).UTC(),
		Proof:  ledger.Proof{Shown: true},
	})
	goes(b.t, func() bool {
		holding, err := b.ledger.Read(b.t.Context(), another.GrantID())
		require.NoError(b.t, err)
		return !holding.Open
	})
}

func TestTheWatchdogGoesAheadWhenSomebodyHangsWithTheLock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	command := b.grantCommand(time.Hour, true)
	_, err := b.grant(command)
	require.NoError(t, err)
	holding := b.holding()
	holding.Until = time.Now().UTC()
	b.save(holding)
	hung, err := b.ledger.Lock(t.Context(), holding.Grant)
	require.NoError(t, err)
	b.watchWithin(200 * time.Millisecond)
	goes(t, func() bool { return !b.can() })
	pace.OnTime(t, "the end", time.Since(holding.Until), target.HonestHold+10*time.Second)
	require.True(t, b.holding().Open, "nobody has had the lock and looked")
	require.Empty(t, b.alarms(contract.AlarmLate), "its end may have moved")
	hung.Unlock()
	goes(t, func() bool { return !b.holding().Open })
	goes(t, func() bool { return len(b.alarms(contract.AlarmLate)) == 1 })
}

// Whoever hung with the lock moves the end, or ends the access, and lets go of it.
func TestTheWatchdogTellsOfWhatItTookAwayAsItIsUnderTheLock(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		save func(*ledger.Holding)
		kind contract.AlarmKind
	}{
		"its end had moved":       {func(h *ledger.Holding) { h.Until = h.Until.Add(time.Hour) }, contract.AlarmInterrupted},
		"somebody else closed it": {func(h *ledger.Holding) { h.Open, h.GoneAt = false, time.Now().UTC() }, contract.AlarmLate},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(t, err)
			holding := b.holding()
			holding.Until = time.Now().UTC().Add(-target.HonestHold)
			b.save(holding)
			hung, err := b.ledger.Lock(t.Context(), holding.Grant)
			require.NoError(t, err)
			b.watchWithin(200 * time.Millisecond)
			goes(t, func() bool { return !b.can() })
			tc.save(&holding)
			require.NoError(t, hung.Save(t.Context(), holding))
			hung.Unlock()
			goes(t, func() bool { return len(b.alarms(tc.kind)) == 1 })
			all, err := b.ledger.List(t.Context(), ledger.AlarmFilter{})
			require.NoError(t, err)
			require.Len(t, all, 1)
		})
	}
}

func TestTheWatchdogRaisesNoAlarmAboutAccessThatIsGoneAlready(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	command := b.grantCommand(time.Hour, true)
	_, err := b.grant(command)
	require.NoError(t, err)
	holding := b.holding()
	holding.Until = time.Now().UTC()
	b.worker(b.ledger)
	_, err = b.connector.Revoke(t.Context(), b.atTarget(command.Access)) // the end that did it could not write so
	require.NoError(t, err)
	b.save(holding)
	b.watchWithin(200 * time.Millisecond)
	goes(t, func() bool { return !b.holding().Open })
	require.Empty(t, b.alarms(contract.AlarmLate))
}

// People end access, and somebody hangs with its lock: it goes when every request that held it up has ended.
func TestAnEndByPeopleGoesAheadWhenSomebodyHangsWithTheLock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	command := b.grantCommand(time.Hour, true)
	command.Leases = command.Leases.With(contract.Lease{Request: "s", Until: command.Until})
	_, err := b.grant(command)
	require.NoError(t, err)
	hung, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	require.NoError(t, b.ledger.AddTombstones(t.Context(), contract.Tombstone{Request: "r", Kind: contract.EndNow}))
	began := time.Now()
	b.watchWithin(time.Hour)
	goes(t, func() bool { return time.Since(began) > target.HonestHold+3*time.Second })
	require.True(t, b.can(), "another request holds it up")
	require.NoError(t, b.ledger.AddTombstones(t.Context(), contract.Tombstone{Request: "s", Kind: contract.EndNow}))
	goes(t, func() bool { return !b.can() })
	require.True(t, b.holding().Open, "nobody has had the lock and looked")
	hung.Unlock()
	goes(t, func() bool { return !b.holding().Open })
	require.Empty(t, b.alarms(contract.AlarmLate), "nothing of it is late")
}

// overdueAt saves access that is past its end, on a target that this process may not reach.
func (b *bench) overdueAt(f *far) *target.Watchdog {
	b.t.Helper()
	b.access.Target = "far"
	b.save(ledger.Holding{
		Grant:  b.access.GrantID(),
		Access: b.access,
		Token:  b.token(),
		Open:   true,
		Until:  time.Now().Add(-time.Minute).UTC(),
		Proof:  ledger.Proof{Shown: true},
	})
	return b.watchdog(map[string]target.Target{"far": {Connector: f}}, time.Second)
}

func TestAWatchdogThatDoesNotReachTheTargetLeavesItsAccessToOthers(t *testing.T) {
	t.Parallel()
	b, f := newBench(t), &far{}
	f.unreachable.Store(true)
	b.run(b.overdueAt(f))
	goes(t, func() bool { return f.pings.Load() > 3 })
	locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	locked.Unlock()
	require.Zero(t, f.revokes.Load())
	f.unreachable.Store(false)
	goes(t, func() bool { return !b.holding().Open })
}

func TestNoWrongPingKeepsAccessUp(t *testing.T) {
	t.Parallel()
	b, f := newBench(t), &far{}
	f.unreachable.Store(true)
	b.run(b.overdueAt(f))
	goes(t, func() bool { return !b.holding().Open })
}

// An attempt that is made although no ping reaches the target does not keep the lock from a worker that reaches it.
func TestAnAttemptWithoutAPingHasTheLockForAFewSeconds(t *testing.T) {
	t.Parallel()
	b, f := newBench(t), &far{}
	f.unreachable.Store(true)
	f.silent.Store(true)
	b.run(b.overdueAt(f))
	goes(t, func() bool { return f.revokes.Load() > 0 })
	began := time.Now()
	require.LessOrEqual(t, time.Duration(f.patience.Load()), 3*time.Second, "the whole attempt has no longer")
	locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	defer locked.Unlock()
	pace.OnTime(t, "the lock", time.Since(began), 5*time.Second)
}

// watchWithin runs a watchdog with a grace until the test ends.
func (b *bench) watchWithin(grace time.Duration) *target.Watchdog {
	b.t.Helper()
	b.worker(b.ledger)
	return b.watchOver(b.ledger, grace)
}

func (b *bench) watchOver(holdings ledger.Holdings, grace time.Duration) *target.Watchdog {
	b.t.Helper()
	watchdog := b.watchdogOver(holdings, map[string]target.Target{b.access.Target: {Connector: b.connector}}, grace)
	b.run(watchdog)
	return watchdog
}

// run lets a watchdog run until the test ends.
func (b *bench) run(watchdog *target.Watchdog) {
	ctx, stop := context.WithCancel(b.t.Context())
	var over sync.WaitGroup
	over.Go(func() { watchdog.Run(ctx) })
	b.t.Cleanup(func() { stop(); over.Wait() })
}

func (b *bench) watchdog(targets map[string]target.Target, grace time.Duration) *target.Watchdog {
	return b.watchdogOver(b.ledger, targets, grace)
}

func (b *bench) watchdogOver(
	holdings ledger.Holdings,
	targets map[string]target.Target,
	grace time.Duration,
) *target.Watchdog {
	return target.New(target.Options{
		Targets:    targets,
		Holdings:   holdings,
		Tombstones: b.ledger,
		Decisions:  b.ledger,
		Alarms:     b.ledger,
		Observer:   b.observer,
		Log:        zap.NewNop(),
	}).Watchdog(grace)
}
