package promises

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestP1ATemplateThatBecomesStricterBindsARequestThatWaits(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	status := h.ask(alice, "debug", time.Hour)
	require.Eventually(t, func() bool {
		waiting, err := h.starter.Current().Get(t.Context(), alice, status.ID)
		return err == nil && strings.HasPrefix(waiting.Why, "0 of 1 approvals")
	}, patience, 20*time.Millisecond, "the policy has looked at it once")

	file := filepath.Join(h.dir, "curfew.yaml")
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	const one, two = "approval: {count: 1, from: [bob, carol]}", "approval: {count: 2, from: [bob, carol]}"
	require.NoError(t, os.WriteFile(file, []byte(strings.Replace(string(text), one, two, 1)), 0o600))
	changed, err := h.live.Reload()
	require.NoError(t, err)
	require.Equal(t, []string{"templates"}, changed)

	after := h.approve(bob, status.ID)
	require.Equal(t, contract.StatePending, after.State)
	require.Equal(t, 2, after.Needed)
	require.False(t, h.canDebug("alice@example.org"))
	h.approve(carol, status.ID)
	h.await(status.ID, contract.StateActive)
}
