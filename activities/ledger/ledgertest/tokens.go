package ledgertest

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

func readWhileLocked(t *testing.T, store Store) {
	want := wholeHolding(time.Time.UTC)
	_, err := store.Read(t.Context(), want.Grant)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	held := lock(t, store, want.Grant)
	require.NoError(t, held.Save(t.Context(), want))
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, view := range []Store{store, store.Again(t)} {
		got, err := view.Read(ctx, want.Grant)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

func tokensWhileLocked(t *testing.T, store Store) {
	asked := []string{"grant/a", "grant/nowhere", "grant/b", `grant/say "'x`}
	none, err := store.Tokens(t.Context(), asked)
	require.NoError(t, err)
	require.Empty(t, none)

	save(t, store, ledger.Holding{Grant: "grant/other", Token: contract.Token{Epoch: 9, Seq: 9}})
	save(t, store, ledger.Holding{Grant: "grant/b", Token: contract.Token{Epoch: 2, Seq: 1}, GoneAt: noon})
	save(t, store, ledger.Holding{Grant: `grant/say "'x`, Token: contract.Token{Epoch: 1 << 62, Seq: 7}})
	held := lock(t, store, "grant/a")
	require.NoError(
		t,
		held.Save(t.Context(), ledger.Holding{Grant: "grant/a", Open: true, Token: contract.Token{Epoch: 1, Seq: 3}}),
	)
	ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
	defer cancel()
	for _, view := range []Store{store, store.Again(t)} {
		found, err := view.Tokens(ctx, asked)
		require.NoError(t, err)
		require.Equal(t, map[string]contract.Token{
			"grant/a": {Epoch: 1, Seq: 3}, "grant/b": {Epoch: 2, Seq: 1}, `grant/say "'x`: {Epoch: 1 << 62, Seq: 7},
		}, found)
	}
	none, err = store.Tokens(t.Context(), nil)
	require.NoError(t, err)
	require.Empty(t, none)
}
