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
		Grant: b.access.GrantID(), Access: b.access, Token: contract.Token{Epoch: 0, Seq: 9}, GoneAt: time.Now().Add(-time.Hour),
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
