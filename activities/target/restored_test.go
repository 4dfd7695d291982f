package target_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

func TestARestoredLedgerIsToldByTheDecisionThatItHasForgotten(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chain := newOffice(b).chain("r", time.Hour)
	_, err := b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err)
	restored := newBench(t)
	restored.lightrun, restored.url, restored.verifier = b.lightrun, b.url, b.verifier
	end := restored.endNow()
	end.Chain = &chain
	require.NoError(t, restored.ledger.Decide(t.Context(), ledger.Decision{
		Request: "r", Ruling: contract.RulingGrant, At: time.Now(), Explanation: []byte("{}"),
	}))
	_, err = restored.end(end)
	require.ErrorContains(t, err, "older copy", "what is there is not said to be gone")
	require.True(t, b.can(), "it may have been there before")

	forgetful := newBench(t)
	forgetful.lightrun, forgetful.url, forgetful.verifier = b.lightrun, b.url, b.verifier
	end = forgetful.endNow()
	end.Chain = &chain
	_, err = forgetful.end(end)
	require.NoError(t, err)
	require.False(t, b.can())
}

// The ledger was copied after the decision and before the access was given, and restored after that.
func TestP3ALedgerOfBeforeTheGrantDoesNotHaveItsAccessSaidToBeGone(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chain := newOffice(b).chain("r", time.Hour)
	require.NoError(t, b.ledger.Decide(t.Context(), ledger.Decision{
		Request: "r", Ruling: contract.RulingGrant, At: time.Now(), Explanation: []byte("{}"),
	}))
	b.save(ledger.Holding{
		Grant:  b.access.GrantID(),
		Access: b.access,
		Token:  contract.Token{Epoch: 0, Seq: 9},
		GoneAt: time.Now().Add(-time.Hour),
	})
	worker := b.worker(b.ledger)
	b.landLate(b.holdCommand(chain, time.Hour))
	end := b.endNow()
	end.Chain = &chain
	_, err := carryOut[contract.EndCommand, contract.EndReceipt](b, worker, contract.ActivityEnd, end)
	require.ErrorContains(t, err, "older copy")
	_, err = b.connector.Revoke(t.Context(), b.atTarget(b.access))
	require.NoError(t, err)
	receipt, err := carryOut[contract.EndCommand, contract.EndReceipt](b, worker, contract.ActivityEnd, end)
	require.NoError(t, err)
	require.False(t, receipt.GoneAt.IsZero(), "somebody has removed it")
}

// forgeLoss makes of a command one of a grant whose holding was lost.
func (b *bench) forgeLoss(command contract.GrantCommand, held *contract.Chain) contract.GrantCommand {
	command.Known, command.Token = contract.Token{
		Epoch: time.Now().UnixNano(),
		Seq:   5,
	}, contract.Token{
		Epoch: time.Now().UnixNano(),
		Seq:   6,
	}
	command.Held, command.Restates = held, true
	return command
}

// The intruder says that the holding of access was lost which the ledger knows well.
func TestP7WhoeverSaysThatAHoldingWasLostMakesTheLedgerForgetNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chain := newOffice(b).chain("r", time.Hour)
	_, err := b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err)
	standing := b.holding()
	standing.Standing = true
	b.save(standing)
	receipt, err := b.grant(b.forgeLoss(b.holdCommand(chain, time.Hour), &chain))
	require.NoError(t, err)
	require.True(t, receipt.Standing)
	require.True(t, b.holding().Standing, "what was there before stays")

	b = newBench(t)
	chain = newOffice(b).chain("r", time.Hour)
	_, err = b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err)
	b.aged(time.Hour)
	again := b.endNow()
	again.Gone.Released = []string{"r"}
	_, err = b.end(again)
	require.NoError(t, err)
	_, err = b.grant(b.forgeLoss(b.holdCommand(chain, time.Minute), &chain))
	requireKind(t, contract.KindClosed, err)
	require.False(t, b.can(), "the hour is used up")
}

// The ledger was restored from a copy of before the decision: it has lost what has ended the request, too.
func TestP7ADecisionThatTheLedgerHasLostOpensNothing(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	chain := newOffice(b).chain("r", time.Hour)
	_, err := b.grant(b.holdCommand(chain, time.Hour))
	require.NoError(t, err)
	restored := newBench(t)
	restored.lightrun, restored.url, restored.verifier = b.lightrun, b.url, b.verifier
	live := restored.forgeLoss(restored.holdCommand(chain, time.Hour), &chain)
	_, err = restored.grant(live)
	require.NoError(t, err, "what is live is written again")
	require.False(t, restored.holding().Standing)

	_, err = b.end(b.endNow())
	require.NoError(t, err)
	older := newBench(t)
	older.lightrun, older.url, older.verifier = b.lightrun, b.url, b.verifier
	_, err = older.grant(older.holdCommand(chain, time.Hour))
	requireKind(t, contract.KindClosed, err)
	_, err = older.grant(older.forgeLoss(older.holdCommand(chain, time.Hour), &chain))
	requireKind(t, contract.KindClosed, err)
	require.False(t, b.can())
}
