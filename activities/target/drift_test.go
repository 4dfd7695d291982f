package target_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// meanwhile has something happen before the next lock is had.
type meanwhile struct {
	ledger.Holdings
	happens func()
}

func (m *meanwhile) Lock(ctx context.Context, grant string) (ledger.Locked, error) {
	if happens := m.happens; happens != nil {
		m.happens = nil
		happens()
	}
	return m.Holdings.Lock(ctx, grant)
}

func (b *bench) detectDrift(holdings ledger.Holdings, known bool) (contract.DetectDriftReceipt, error) {
	b.t.Helper()
	return run[contract.DetectDriftCommand, contract.DetectDriftReceipt](b, holdings, contract.ActivityDetectDrift,
		contract.DetectDriftCommand{Access: b.access, Leases: b.holding().Leases, Known: known})
}

func TestAccessThatSomebodyElseTookAwayIsAlarmedOnce(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	command := b.grantCommand(time.Hour, true)
	_, err := b.grant(command)
	require.NoError(t, err)
	receipt, err := b.detectDrift(b.ledger, false)
	require.NoError(t, err)
	require.True(t, receipt.Held)
	b.worker(b.ledger)
	_, err = b.connector.Revoke(t.Context(), b.atTarget(command.Access)) // by somebody who has no lock
	require.NoError(t, err)
	for _, known := range []bool{false, true, true} {
		receipt, err = b.detectDrift(b.ledger, known)
		require.NoError(t, err)
		require.False(t, receipt.Held)
	}
	alarms := b.alarms(contract.AlarmDrifted)
	require.Len(t, alarms, 1)
	require.Equal(t, command.Leases.Requests(), alarms[0].Requests)
	require.Equal(t, b.access.GrantID(), alarms[0].Grant)
}

// A look finds nothing at the target, and what Curfew does at that moment is on record only when the lock can be had.
func TestWhatCurfewItselfTakesAwayIsNoDrift(t *testing.T) {
	t.Parallel()
	for name, happens := range map[string]func(*bench){
		"it ends the access": func(b *bench) {
			_, err := b.end(b.endNow())
			require.NoError(b.t, err)
		},
		"its end comes": func(b *bench) { b.until(time.Now()) },
		"it gives the access again": func(b *bench) {
			_, err := b.grant(b.grantCommand(2*time.Hour, true))
			require.NoError(b.t, err)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			command := b.grantCommand(time.Hour, true)
			_, err := b.grant(command)
			require.NoError(t, err)
			b.worker(b.ledger)
			_, err = b.connector.Revoke(t.Context(), b.atTarget(command.Access))
			require.NoError(t, err)
			receipt, err := b.detectDrift(&meanwhile{b.ledger, func() { happens(b) }}, false)
			require.NoError(t, err)
			require.True(t, receipt.Held)
			require.Empty(t, b.alarms(contract.AlarmDrifted))
		})
	}
}

// Whoever has the lock may be about to take the access away, or to give it.
func TestADriftIsNotToldWhileSomebodyHasTheLock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	command := b.grantCommand(time.Hour, true)
	_, err := b.grant(command)
	require.NoError(t, err)
	b.worker(b.ledger)
	_, err = b.connector.Revoke(t.Context(), b.atTarget(command.Access))
	require.NoError(t, err)
	held, err := b.ledger.Lock(t.Context(), b.access.GrantID())
	require.NoError(t, err)
	defer held.Unlock()
	_, err = run[contract.DetectDriftCommand, contract.DetectDriftReceipt](b, b.ledger, contract.ActivityDetectDrift,
		contract.DetectDriftCommand{Access: b.access, Leases: command.Leases})
	requireKind(t, contract.KindUnavailable, err)
	require.Empty(t, b.alarms(contract.AlarmDrifted))
}

// The release of a request may come after the grant that heard of a take-over has ended: a successor asks the holding.
func TestP3AccessThatSomebodyAnswersForIsNotSaidToBeGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	_, err := b.grant(b.grantCommand(time.Hour, true))
	require.NoError(t, err)
	by := contract.Sealed[contract.TakeOver]{Fact: contract.TakeOver{
		Grant: b.access.GrantID(), By: "frank", Reason: "the vendor removes it", At: time.Now().UTC(),
	}}
	_, err = run[contract.TakeOverCommand, struct{}](b, b.ledger, contract.ActivityTakeOver,
		contract.TakeOverCommand{Access: b.access, Token: b.token(), TakeOver: by})
	require.NoError(t, err)
	receipt, err := b.end(contract.EndCommand{
		Access: b.access, Token: contract.Token{Epoch: 2, Seq: 1}, Until: time.Now(),
	})
	require.NoError(t, err)
	require.Zero(t, receipt.GoneAt)
	require.NotNil(t, receipt.TakenOver)
	require.Equal(t, "frank", receipt.TakenOver.Fact.By)
	require.True(t, b.can(), "it is still there")

	again := b.grantCommand(time.Hour, true)
	again.Token.Epoch = 3
	again.Leases[0].Request = "r-2" // the end of the other is on record
	_, err = b.grant(again)
	require.NoError(t, err)
	require.Nil(t, b.holding().Proof.TakenOver, "what is granted anew is Curfew's again")
}
