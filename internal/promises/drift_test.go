package promises

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

const looking = "drift: {every: 1s}"

// takeAway takes access away by hand, as an administrator.
func (d *database) takeAway(account string) {
	d.t.Helper()
	_, err := d.server.Connect(d.t, postgres.Superuser, d.name).Exec(d.t.Context(),
		"REVOKE "+pgx.Identifier{d.role}.Sanitize()+" FROM "+pgx.Identifier{account}.Sanitize())
	require.NoError(d.t, err)
}

func (h *house) tells(id, headline string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		for _, line := range h.headlines(id) {
			if line == headline {
				return true
			}
		}
		return false
	}, patience, 50*time.Millisecond, "the ticket never says %q", headline)
}

func TestP3AccessThatSomebodyElseTakesAwayIsReported(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps(looking))
	h.work()
	status := h.active(alice, "orders", 2*time.Minute)
	h.database.takeAway(h.database.alice)
	h.tells(status.ID, "Access was taken away by somebody else")
	require.Equal(t, []string{status.ID}, h.alarm(contract.AlarmDrifted).Requests)
	require.False(t, h.database.can(h.database.alice), "it is not given again")
	ended, err := h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
	require.NoError(t, err)
	require.True(t, ended.Holds[0].AlreadyAbsent)
}

func TestP3AccessThatSomebodyElseTakesAwayIsRestoredWhereTheTemplateSaysSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps(looking))
	h.work()
	status := h.active(alice, "kept", 2*time.Minute)
	h.database.takeAway(h.database.alice)
	h.tells(status.ID, "Access that somebody else took away was given again")
	require.True(t, h.database.can(h.database.alice))
	_, err := h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
	require.NoError(t, err)
	require.False(t, h.database.can(h.database.alice))
}

func TestP3AccessThatReappearsAfterItsRevokeIsReportedAndLeftAlone(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("sweep: {remove: true}"))
	h.work()
	status := h.active(alice, "orders", time.Hour)
	_, err := h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
	require.NoError(t, err)
	h.database.giveStanding(h.database.alice)
	for range 2 {
		report, err := h.starter.Current().Sweep(t.Context(), erin, false)
		require.NoError(t, err)
		require.Equal(t, []string{status.Holds[0].Access.GrantID()}, resultOf(t, report, "orders-db").Reappeared)
	}
	h.alarm(contract.AlarmReappeared)
	require.True(t, h.database.can(h.database.alice))
}
