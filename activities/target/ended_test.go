package target_test

import (
	"context"
	"errors"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/activities/target/lightrun"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

// patience is far longer than anything takes on a busy machine.
var patience = pace.Patience()

func (b *bench) tombstone(request, grant string) {
	b.t.Helper()
	require.NoError(
		b.t,
		b.ledger.AddTombstones(
			b.t.Context(),
			contract.Tombstone{Request: request, Grant: grant, Kind: contract.EndNow, By: "bob"},
		),
	)
}

// watch runs a watchdog whose grace never passes, until the test ends.
func (b *bench) watch(connectors map[string]target.Connector) {
	b.t.Helper()
	server := httptest.NewServer(b.faults.Wrap(b.lightrun.Handler()))
	connector, err := (&lightrun.Settings{URL: server.URL, Token: config.SecretOf("key")}).Open()
	require.NoError(b.t, err)
	targets := map[string]target.Target{b.access.Target: {Connector: connector}}
	for name, other := range connectors {
		targets[name] = target.Target{Connector: other}
	}
	ctx, stop := context.WithCancel(b.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		b.watchdog(targets, 24*time.Hour).Run(ctx)
	}()
	b.t.Cleanup(func() {
		stop()
		<-done
		server.Close()
	})
}

func (b *bench) awaitClosed() {
	b.t.Helper()
	require.Eventually(b.t, func() bool { return !b.holding().Open }, patience, 10*time.Millisecond)
}

func TestP7WhatHasEndedIsGrantedToNobody(t *testing.T) {
	t.Parallel()
	for name, grant := range map[string]func(*bench) string{
		"the request":                func(*bench) string { return "" },
		"its lease on this grant":    func(b *bench) string { return b.access.GrantID() },
		"its lease on another grant": func(*bench) string { return "grant/elsewhere" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			chain := newOffice(b).chain("r", time.Hour)
			b.tombstone("r", grant(b))
			_, err := b.grant(b.holdCommand(chain, time.Hour))
			if grant(b) == "grant/elsewhere" {
				require.NoError(t, err)
				require.True(t, b.can())
				return
			}
			requireKind(t, contract.KindClosed, err)
			require.False(t, b.can())
			alarms, err := b.ledger.List(t.Context(), ledger.AlarmFilter{})
			require.NoError(t, err)
			require.Empty(t, alarms, "whoever comes too late is no forger")
		})
	}
}

func TestP4AnEndedLeaseLeavesTheOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	o := newOffice(b)
	_, err := b.grant(b.holdCommand(o.chain("r", 2*time.Hour), 2*time.Hour))
	require.NoError(t, err)
	b.tombstone("r", "")
	hold := b.holdCommand(o.chain("s", time.Hour), time.Hour)
	hold.Leases = append(hold.Leases, contract.Lease{Request: "r", Until: time.Now().Add(2 * time.Hour)})
	receipt, err := b.grant(hold)
	require.NoError(t, err)
	require.True(t, b.can())
	require.Equal(t, []string{"s"}, receipt.Leases.Requests())
	require.Equal(t, "r", receipt.Refused[0].Request)
	require.WithinDuration(t, time.Now().Add(time.Hour), receipt.Until, time.Minute)
}

// unread is a ledger whose holdings can be locked while what has ended can't be read.
type unread struct{ ledger.Holdings }

type unreadLock struct{ ledger.Locked }

func (u unread) Lock(ctx context.Context, grant string) (ledger.Locked, error) {
	locked, err := u.Holdings.Lock(ctx, grant)
	return unreadLock{locked}, err
}

func (unreadLock) Stops(context.Context, ...string) (ledger.Stops, error) {
	return ledger.Stops{}, errors.New("disk I/O error")
}

func TestWhileNobodyKnowsWhatHasEndedNothingIsGrantedAndEndsGoAhead(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := run[contract.GrantCommand, contract.GrantReceipt](
		b,
		unread{b.ledger},
		contract.ActivityGrant,
		b.grantCommand(time.Hour, true),
	)
	requireKind(t, contract.KindUnavailable, err)
	require.False(t, b.can())
	_, err = b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	receipt, err := run[contract.EndCommand, contract.EndReceipt](b, unread{b.ledger}, contract.ActivityEnd, b.endNow())
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.IsZero())
	require.False(t, b.can())
}

func TestWhileCurfewIsFrozenNothingIsGrantedAndEndsGoOn(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	_, err = b.ledger.SetFreeze(t.Context(), ledger.Freeze{Frozen: true, By: "erin", Reason: "an intruder"})
	require.NoError(t, err)
	_, err = b.grant(b.grantCommand(2*time.Hour, false))
	requireKind(t, contract.KindFrozen, err)
	require.ErrorContains(t, err, "erin froze Curfew: an intruder")
	require.True(t, b.can(), "what is live goes on")
	_, err = b.end(b.endNow())
	require.NoError(t, err)
	require.False(t, b.can())
	_, err = b.grant(b.grantCommand(time.Hour, true))
	requireKind(t, contract.KindFrozen, err)
	_, err = b.ledger.SetFreeze(t.Context(), ledger.Freeze{By: "erin", Reason: "they are out"})
	require.NoError(t, err)
	_, err = b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
}

func TestP2TheWatchdogEndsWhatHasEndedWithoutAGraceAndWithoutAnAlarm(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.watch(nil)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	b.tombstone("r", "")
	said := time.Now()
	b.awaitClosed()
	require.False(t, b.can())
	pace.OnTime(t, "the end", b.holding().GoneAt.Sub(said), 10*time.Second)
	alarms, err := b.ledger.List(t.Context(), ledger.AlarmFilter{})
	require.NoError(t, err)
	require.Empty(t, alarms)
}

func TestP4TheWatchdogEndsOneLeaseOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.watch(nil)
	hold := b.grantCommand(2*time.Hour, true)
	hold.Leases = hold.Leases.With(contract.Lease{Request: "s", Until: time.Now().Add(time.Hour)})
	_, err := b.grant(hold)
	require.NoError(t, err)
	b.tombstone("r", "")
	require.Eventually(t, func() bool { return len(b.holding().Leases) == 1 }, patience, 10*time.Millisecond)
	require.True(t, b.can())
	require.WithinDuration(t, time.Now().Add(time.Hour), b.holding().Until, time.Minute, "the end is the other's")
	b.tombstone("s", b.access.GrantID())
	b.awaitClosed()
	require.False(t, b.can())
}

func TestP5TheWatchdogLeavesStandingAccessThatHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.watch(nil)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	holding := locked.Holding()
	holding.Standing = true
	require.NoError(t, locked.Save(t.Context(), holding))
	locked.Unlock()
	b.tombstone("r", "")
	b.awaitClosed()
	require.True(t, b.can())
}

// silent is a target that does not answer until it is let go.
type silent struct{ target.Connector }

func (silent) Revoke(ctx context.Context, _ target.Access) (target.Revoked, error) {
	<-ctx.Done()
	return "", ctx.Err()
}

func TestATargetThatHangsHoldsUpTheEndsOfNoOther(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.watch(map[string]target.Connector{"silent": silent{}})
	for _, grant := range []string{"grant/silent/1", "grant/silent/2"} {
		locked, err := b.ledger.Lock(t.Context(), grant)
		require.NoError(t, err)
		require.NoError(t, locked.Save(t.Context(), ledger.Holding{
			Grant:  grant,
			Access: contract.Access{Target: "silent"},
			Open:   true,
			Until:  time.Now().Add(time.Hour),
			Leases: contract.Leases{{Request: grant}},
		}))
		locked.Unlock()
		b.tombstone(grant, "")
	}
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	b.tombstone("r", "")
	said := time.Now()
	b.awaitClosed()
	pace.OnTime(t, "the end", b.holding().GoneAt.Sub(said), 15*time.Second)
}

func TestAnEndThatFailsIsTriedUntilItSucceeds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	b.faults.Add(sandbox.Fault{Method: "DELETE", Status: 500, Times: 2})
	b.tombstone("r", "") // before the watchdog begins
	b.watch(nil)
	b.awaitClosed()
	require.False(t, b.can())
}

func TestP7ATokenThatIsStillToComeOutranksNoHonestOne(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	for _, epoch := range []int64{1 << 62, time.Now().Add(time.Minute).UnixNano()} {
		forged := b.grantCommand(2*time.Hour, true)
		forged.Token = contract.Token{Epoch: epoch, Seq: 1}
		_, err = b.grant(forged)
		requireKind(t, contract.KindForbidden, err)
		end := b.endNow()
		end.Token, end.Mine = forged.Token, false
		_, err = b.end(end)
		requireKind(t, contract.KindForbidden, err)
	}
	require.True(t, b.can())
	alarms, err := b.ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmForged})
	require.NoError(t, err)
	require.Len(t, alarms, 1)

	_, err = b.end(b.endNow())
	require.NoError(t, err)
	require.False(t, b.can(), "the honest end is obeyed")
}

func TestP4NothingIsKeptUpByALeaseThatHasEnded(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	// Somebody has outranked the grant, so that its end finds the lease still there.
	locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	holding := locked.Holding()
	holding.Token = contract.Token{Epoch: time.Now().UnixNano(), Seq: 1}
	require.NoError(t, locked.Save(t.Context(), holding))
	locked.Unlock()
	b.tombstone("r", "")
	successor := b.endNow()
	successor.Token = contract.Token{Epoch: time.Now().UnixNano(), Seq: 1}
	receipt, err := b.end(successor)
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.IsZero())
	require.False(t, b.can())
}

func TestP5NobodyHasAccessTakenAwayThatCurfewNeverGave(t *testing.T) {
	t.Parallel()
	for name, prove := range map[string]func(*office, *contract.EndCommand){
		"without a proof": func(*office, *contract.EndCommand) {},
		"with a request's alone": func(o *office, c *contract.EndCommand) {
			c.Chain = &contract.Chain{Grounds: o.chain("r", time.Hour).Grounds}
		},
		"with that of another access": func(o *office, c *contract.EndCommand) {
			o.access.Account = "carol"
			chain := o.chain("r", time.Hour)
			c.Chain = &chain
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			o := newOffice(b)
			// It is there, and no holding knows of it.
			_, err := b.grant(b.holdCommand(o.chain("r", time.Hour), time.Hour))
			require.NoError(t, err)
			fresh := newBench(t)
			fresh.lightrun, fresh.url, fresh.verifier = b.lightrun, b.url, b.verifier
			foreign := fresh.endNow()
			prove(o, &foreign)
			_, err = fresh.end(foreign)
			require.NoError(t, err)
			require.True(t, b.can())
			unfenced := fresh.endNow()
			prove(o, &unfenced)
			_, err = run[contract.EndCommand, contract.EndReceipt](fresh, lost{}, contract.ActivityEnd, unfenced)
			require.Error(t, err)
			require.True(t, b.can())
			alarms, err := fresh.ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmForged})
			require.NoError(t, err)
			require.NotEmpty(t, alarms)
		})
	}
}

// The intruder keeps the lock of a holding busy, so that an end goes ahead without it.
func TestP5WhoeverKeepsALockBusyHasNothingTakenAwayThatIsNotHeld(t *testing.T) {
	t.Parallel()
	for name, leave := range map[string]func(*ledger.Holding){
		"it has ended":        func(h *ledger.Holding) { h.Open, h.Leases, h.GoneAt = false, nil, time.Now().Add(-time.Hour) },
		"it was there before": func(h *ledger.Holding) { h.Standing = true },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.attempt = patience
			chain := newOffice(b).chain("r", time.Hour)
			_, err := b.grant(b.holdCommand(chain, time.Hour))
			require.NoError(t, err)
			holding := b.holding()
			leave(&holding)
			b.save(holding)
			locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
			require.NoError(t, err)
			defer locked.Unlock()
			foreign := b.endNow()
			foreign.Until, foreign.Token, foreign.Chain = time.Now().
				Add(-time.Minute),
				contract.Token{
					Epoch: time.Now().UnixNano(),
					Seq:   1,
				}, &chain
			_, err = b.end(foreign)
			require.Error(t, err)
			require.True(t, b.can())
		})
	}
}

func TestP7AForeignEndEmptiesNothingThatAHoldingRemembers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chain := newOffice(b).chain("r", time.Hour)
	_, err := b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err)
	b.aged(time.Hour)
	again := b.endNow()
	again.Gone.Released, again.Chain = []string{"r"}, &chain
	_, err = b.end(again)
	require.NoError(t, err)
	before := b.holding()
	require.Len(t, before.Uses, 1)
	for _, mine := range []bool{true, false} {
		foreign := b.endNow()
		foreign.Token, foreign.Mine, foreign.Chain = contract.Token{Epoch: time.Now().UnixNano(), Seq: 1}, mine, &chain
		_, err = b.end(foreign)
		require.NoError(t, err)
		require.Equal(t, before.Uses, b.holding().Uses)
	}
	_, err = b.grant(b.holdCommand(chain, time.Minute))
	require.Error(t, err, "the hour is used up")
	require.False(t, b.can())
}

func TestWhatAnEndGivesUpForGoodIsOnRecord(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	over := b.endNow()
	over.Gone = contract.Gone{Released: []string{"r"}, Over: []string{"r"}}
	receipt, err := b.end(over)
	require.NoError(t, err)
	require.Empty(t, receipt.Owed)
	locked, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	defer locked.Unlock()
	stops, err := locked.Stops(t.Context(), "r")
	require.NoError(t, err)
	require.Contains(t, stops.Ended, "r")
}
