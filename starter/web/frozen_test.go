package web_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestEveryPageSaysThatCurfewIsFrozen(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	alice := d.signedIn(t, "alice")
	paths := []string{"/", "/ask", "/ask/debug-prod"}
	for _, path := range paths {
		require.NotContains(t, alice.get(path).text, `id="frozen"`)
	}
	_, err := d.Ledger.SetFreeze(t.Context(), ledger.Freeze{Frozen: true, By: "erin", Reason: "an <intruder>"})
	require.NoError(t, err)
	for _, path := range paths {
		shown := alice.get(path)
		require.Equal(t, http.StatusOK, shown.StatusCode)
		require.Contains(t, shown.text, `id="frozen" role="alert"`)
		require.Contains(t, shown.text, "an &lt;intruder&gt;")
	}
	_, err = d.Ledger.SetFreeze(t.Context(), ledger.Freeze{By: "erin", Reason: "they are out"})
	require.NoError(t, err)
	require.NotContains(t, alice.get("/").text, `id="frozen"`)
}

func TestARequestThatSomebodyHasEndedSaysSoBeforeItsHistoryDoes(t *testing.T) {
	t.Parallel()
	d := openEntry(t)
	status := startertest.Status(contract.StateActive)
	d.Record(t, status)
	_, err := d.Starter.Current().Revoke(t.Context(), "carol", status.ID, "it looks odd") // there is no worker
	require.NoError(t, err)
	alice := d.signedIn(t, "alice")
	require.Contains(t, alice.get("/requests/"+status.ID).text, "carol has ended it")
	require.Contains(t, alice.get("/").text, "ended now")
}
