package target_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"
	"sync/atomic"
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

// troubled is a ledger that can be taken away, or lose a lock while somebody has it.
type troubled struct {
	ledger.Holdings
	away   atomic.Bool
	hangs  atomic.Bool
	locks  atomic.Int32 // that were asked for
	freed  atomic.Int32 // of those that were had
	looks  atomic.Int32 // for tokens
	losing func(saves int) bool
	onLost func()
}

var errAway = errors.New("the ledger can't be reached")

func (l *troubled) Lock(ctx context.Context, grant string) (ledger.Locked, error) {
	l.locks.Add(1)
	switch {
	case l.hangs.Load():
		<-context.WithoutCancel(ctx).Done() // for good, whatever the caller wishes
	case l.away.Load():
		return nil, errAway
	}
	locked, err := l.Holdings.Lock(ctx, grant)
	if err != nil {
		return nil, err
	}
	return &losable{Locked: locked, of: l}, nil
}

func (l *troubled) Read(ctx context.Context, grant string) (ledger.Holding, error) {
	switch {
	case l.hangs.Load():
		<-ctx.Done()
		return ledger.Holding{}, ctx.Err()
	case l.away.Load():
		return ledger.Holding{}, errAway
	}
	return l.Holdings.Read(ctx, grant)
}

func (l *troubled) Tokens(ctx context.Context, grants []string) (map[string]contract.Token, error) {
	l.looks.Add(1)
	if l.away.Load() {
		return nil, errAway
	}
	return l.Holdings.Tokens(ctx, grants)
}

// losable loses its lock before a save, as a connection does that breaks.
type losable struct {
	ledger.Locked
	of    *troubled
	saves int
	lost  bool
}

func (l *losable) Unlock() {
	l.Locked.Unlock()
	l.of.freed.Add(1)
}

func (l *losable) Save(ctx context.Context, holding ledger.Holding) error {
	l.saves++
	if !l.lost && l.of.losing != nil && l.of.losing(l.saves) {
		l.lost = true
		l.of.losing = nil
		l.Locked.Unlock()
		l.of.onLost()
	}
	if l.lost {
		return errors.New("its lock was lost with the connection")
	}
	return l.Locked.Save(ctx, holding)
}

func (b *bench) troubled() *troubled { return &troubled{Holdings: b.ledger} }

// worker makes activities that serve several commands, as one process does.
func (b *bench) worker(holdings ledger.Holdings) *target.Activities {
	b.t.Helper()
	connector, err := (&lightrun.Settings{URL: b.url, Token: config.SecretOf("key")}).Open()
	require.NoError(b.t, err)
	b.connector = connector
	return b.activities(counting{connector, &b.grants}, holdings)
}

// counting counts the grants at a target.
type counting struct {
	target.Connector
	grants *atomic.Int32
}

func (c counting) Grant(ctx context.Context, access target.Access) (target.Granted, error) {
	c.grants.Add(1)
	return c.Connector.Grant(ctx, access)
}

// goes waits until something is so.
func goes(t *testing.T, so func() bool) {
	t.Helper()
	require.Eventually(t, so, patience, 20*time.Millisecond)
}

func TestAWaitingEndHearsThatItWasOvertakenAtNoCostOfItsOwn(t *testing.T) {
	t.Parallel()
	const waiting = 100
	b := newBench(t)
	holdings := b.troubled()
	worker := b.worker(holdings)
	command := func(n int) contract.EndCommand {
		access := b.access
		access.Person = fmt.Sprint("person-", n)
		return contract.EndCommand{
			Access: access,
			Token:  contract.Token{Epoch: 1, Seq: 1},
			Until:  time.Now().Add(time.Hour),
			Mine:   true,
		}
	}
	var all sync.WaitGroup
	var overtaken atomic.Int32
	for n := range waiting {
		all.Go(func() {
			receipt, err := carryOut[contract.EndCommand, contract.EndReceipt](
				b,
				worker,
				contract.ActivityEnd,
				command(n),
			)
			if err == nil && receipt.Overtaken == (contract.Token{Epoch: 1, Seq: 2}) {
				overtaken.Add(1)
			}
		})
	}
	goes(t, func() bool { return holdings.looks.Load() > 0 })
	for n := range waiting {
		access := command(n).Access
		locked, err := b.ledger.Lock(t.Context(), access.GrantID())
		require.NoError(t, err)
		require.NoError(
			t,
			locked.Save(
				t.Context(),
				ledger.Holding{
					Grant:  access.GrantID(),
					Access: access,
					Token:  contract.Token{Epoch: 1, Seq: 2},
					Open:   true,
				},
			),
		)
		locked.Unlock()
	}
	written := holdings.looks.Load()
	all.Wait()
	require.EqualValues(t, waiting, overtaken.Load())
	require.Zero(t, holdings.locks.Load(), "nobody looks on their own")
	require.LessOrEqual(t, holdings.looks.Load()-written, int32(2), "one query is for all of them")
}

func TestAnEndThatHasHeardOfANewerCommandNeedsNoLedgerAtItsInstant(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	former := b.endNow()
	_, err = b.grant(b.grantCommand(2*time.Hour, false))
	require.NoError(t, err)
	holdings := b.troubled()
	worker := b.worker(holdings)
	former.Until = time.Now().Add(patience)
	receipt, err := carryOut[contract.EndCommand, contract.EndReceipt](b, worker, contract.ActivityEnd, former)
	require.NoError(t, err)
	require.Equal(t, b.holding().Token, receipt.Overtaken)
	require.True(t, time.Now().Before(former.Until), "it need not wait for its instant")
	require.Zero(t, holdings.locks.Load(), "nor for the ledger")
	require.True(t, b.can())
}

func TestAStaleEndLeavesALaterHoldingAsItIs(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	stale := b.endNow() // of the first request's deadline
	_, err = b.end(b.endNow())
	require.NoError(t, err)
	for _, later := range []ledger.Holding{
		{Open: true, Until: time.Now().Add(time.Hour).UTC(), Leases: contract.Leases{{Request: "s", Until: time.Now().Add(time.Hour).UTC()}}},
		{Open: true, Until: time.Now().Add(-time.Second).UTC()},
		{GoneAt: time.Now().UTC(), Standing: true, Uses: []ledger.Use{{Request: "s", Until: time.Now().Add(time.Hour).UTC()}}},
		{GoneAt: time.Now().UTC()},
	} {
		later.Grant, later.Access, later.Token = b.access.GrantID(), b.access, contract.Token{Epoch: 2, Seq: 1}
		b.save(later)
		for _, method := range []string{http.MethodPost, http.MethodDelete} { // whether it reaches the target it may ask
			b.faults.Add(sandbox.Fault{Method: method, Down: true})
		}
		receipt, err := b.end(stale)
		require.NoError(t, err, "nothing is changed")
		require.Equal(t, later.Token, receipt.Overtaken)
		require.Equal(t, later, b.holding())
		b.faults.Clear()
	}
}

func TestStandingAccessAndUsesSurviveALedgerThatWasRestored(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	uses := []ledger.Use{
		{Request: "s", Until: time.Now().Add(time.Hour).UTC(), Used: contract.Duration{Duration: time.Minute}},
	}
	b.save(ledger.Holding{
		Grant:    b.access.GrantID(),
		Access:   b.access,
		Token:    contract.Token{Epoch: 0, Seq: 9},
		GoneAt:   time.Now().UTC(),
		Standing: true,
		Uses:     uses,
	})
	receipt, err := b.end(b.endNow())
	require.NoError(t, err)
	require.True(t, receipt.Standing)
	require.True(t, b.can())
	require.Equal(t, uses, b.holding().Uses)
}

// A former end acts while the ledger is away, and could not have heard that the end has moved.
func TestAccessThatAnEndTookByMistakeIsPutBack(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(*bench) // after the former end was sent
		back      bool
		alarms    int
	}{
		"extended": {func(b *bench) {
			_, err := b.grant(b.grantCommand(2*time.Hour, false))
			require.NoError(b.t, err)
		}, true, 1},
		"ended": {func(b *bench) {
			_, err := b.end(b.endNow())
			require.NoError(b.t, err)
		}, false, 0},
		"ended, and given anew": {func(b *bench) {
			_, err := b.end(b.endNow())
			require.NoError(b.t, err)
			_, err = b.grant(b.grantCommand(time.Hour, true))
			require.NoError(b.t, err)
		}, true, 1},
		"extended to an end that is over": {func(b *bench) {
			_, err := b.grant(b.grantCommand(2*time.Hour, false))
			require.NoError(b.t, err)
			holding := b.holding()
			holding.Until, holding.Leases[0].Until = time.Now().UTC(), time.Now().UTC()
			b.save(holding)
		}, false, 0},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(t, err)
			former := b.endNow()
			tc.meanwhile(b)
			before := b.holding()
			holdings := b.troubled()
			holdings.away.Store(true)
			receipt, err := carryOut[contract.EndCommand, contract.EndReceipt](
				b,
				b.worker(holdings),
				contract.ActivityEnd,
				former,
			)
			require.NoError(t, err)
			require.NotEmpty(t, receipt.Unlocked)
			require.False(t, b.can())

			holdings.away.Store(false)
			goes(t, func() bool { return holdings.freed.Load() > 0 })
			require.Equal(t, tc.back, b.can())
			require.Equal(t, tc.back, b.grants.Load() > 0, "it is not even tried")
			require.Len(t, b.alarms(contract.AlarmInterrupted), tc.alarms)
			after := b.holding()
			require.Equal(t, before.Token, after.Token)
			require.Equal(t, before.Open, after.Open)
			require.True(t, before.Until.Equal(after.Until))
		})
	}
}

func TestAnEndThatHadNoLockIsSettledWhenTheLedgerIsBack(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	holdings := b.troubled()
	holdings.away.Store(true)
	_, err = carryOut[contract.EndCommand, contract.EndReceipt](b, b.worker(holdings), contract.ActivityEnd, b.endNow())
	require.NoError(t, err)
	require.True(t, b.holding().Open)
	holdings.away.Store(false)
	goes(t, func() bool { return !b.holding().Open })
	require.False(t, b.holding().GoneAt.IsZero())
}

// Somebody hangs with the lock, or the ledger hangs.
func TestAnEndWaitsForALockNoLongerThanAnHonestHolderHasIt(t *testing.T) {
	t.Parallel()
	for name, hang := range map[string]func(*bench, *troubled) (mend func()){
		"with the lock": func(b *bench, _ *troubled) func() {
			locked, err := b.ledger.Lock(b.t.Context(), b.access.GrantID())
			require.NoError(b.t, err)
			return locked.Unlock
		},
		"in the ledger": func(_ *bench, holdings *troubled) func() {
			holdings.hangs.Store(true)
			return func() { holdings.hangs.Store(false) }
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			b.attempt = patience
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(t, err)
			holdings := b.troubled()
			mend := hang(b, holdings)
			gone := make(chan time.Duration, 1)
			began := time.Now()
			go func() {
				for b.can() && time.Since(began) < patience {
					<-time.After(20 * time.Millisecond)
				}
				gone <- time.Since(began)
			}()
			receipt, err := carryOut[contract.EndCommand, contract.EndReceipt](
				b,
				b.worker(holdings),
				contract.ActivityEnd,
				b.endNow(),
			)
			require.NoError(t, err)
			pace.OnTime(t, "the end", <-gone, target.HonestHold+4*time.Second)
			require.NotEmpty(t, receipt.Unlocked)
			require.True(t, receipt.GoneAt.IsZero(), "nobody has had the lock and looked")
			require.True(t, b.holding().Open)
			mend()
			goes(t, func() bool { return !b.holding().Open })
		})
	}
}

// saveEnded leaves the holding as an end leaves it that came after everything had settled.
func (b *bench) saveEnded() {
	b.t.Helper()
	b.save(ledger.Holding{Grant: b.access.GrantID(), Access: b.access, Token: b.token(), GoneAt: time.Now().UTC()})
}

// A process wakes up after its call to the target, and has no lock any more.
func TestAGrantThatHasLostItsLockUndoesItsCallUnlessANewerCommandHolds(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		meanwhile func(*bench)
		stays     bool
	}{
		"ended meanwhile": {(*bench).saveEnded, false},
		"ended and given anew meanwhile": {func(b *bench) {
			b.saveEnded()
			_, err := b.grant(b.grantCommand(time.Hour, true))
			require.NoError(b.t, err)
		}, true},
		"nothing happened meanwhile": {func(*bench) {}, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			holdings := b.troubled()
			command := b.grantCommand(time.Hour, true)
			worker := b.worker(holdings)
			holdings.losing = func(saves int) bool { return saves == 2 }
			holdings.onLost = func() {
				tc.meanwhile(b)
				b.landLate(command) // its call takes effect only now
			}
			_, err := carryOut[contract.GrantCommand, contract.GrantReceipt](b, worker, contract.ActivityGrant, command)
			requireKind(t, contract.KindUnavailable, err)
			goes(t, func() bool { return holdings.freed.Load() == 2 })
			require.Equal(t, tc.stays, b.can())
			require.Equal(t, tc.stays, b.holding().Open)
		})
	}
}

// An End wakes up after its call, and has no lock any more: somebody was given the access meanwhile.
func TestAnEndThatHasLostItsLockPutsBackWhatANewerCommandHolds(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	holding := b.holding()
	holding.Until = time.Now().UTC() // so that the end is no early one, which would be written before its call
	b.save(holding)
	former := b.endNow()
	holdings := b.troubled()
	worker := b.worker(holdings)
	holdings.losing = func(saves int) bool { return saves == 1 }
	holdings.onLost = func() {
		_, err := b.grant(b.grantCommand(time.Hour, true))
		require.NoError(t, err)
		_, err = b.connector.Revoke(t.Context(), b.atTarget(former.Access)) // its call takes effect only now
		require.NoError(t, err)
	}
	receipt, err := carryOut[contract.EndCommand, contract.EndReceipt](b, worker, contract.ActivityEnd, former)
	require.NoError(t, err)
	require.True(t, receipt.GoneAt.IsZero())
	goes(t, b.can)
	require.True(t, b.holding().Open)
}
