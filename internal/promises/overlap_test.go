package promises

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

func TestP4OverlappingRequestsEndWithTheLaterOne(t *testing.T) {
	t.Parallel()
	for name, durations := range map[string][2]time.Duration{
		"the first ends later":  {6 * time.Second, 2 * time.Second},
		"the second ends later": {2 * time.Second, 6 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.work()
			one, two := h.active(alice, "both", durations[0]), h.active(alice, "both", durations[1])
			shorter, longer := one, two
			if durations[0] > durations[1] {
				shorter, longer = two, one
			}
			ended := h.ended(shorter.ID)
			require.NotNil(
				t,
				ended.Holds[0].HeldUntil,
				"the ticket of the shorter must not say that the access is gone",
			)
			require.True(t, h.canDebug("alice@example.org"))
			require.True(t, h.database.can(h.database.alice))

			h.ended(longer.ID)
			require.False(t, h.canDebug("alice@example.org"))
			require.False(t, h.database.can(h.database.alice))
		})
	}
}

func TestP4ARequestThatEndsSaysWhoStillHasTheAccessThroughWhichOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	shorter, longer := h.active(alice, "orders", time.Hour), h.active(alice, "orders", 2*time.Hour)
	until := longer.Until.UTC().Format("2006-01-02 15:04:05 UTC")
	_, err := h.starter.Current().Revoke(t.Context(), alice, shorter.ID, "done")
	require.NoError(t, err)
	h.ended(shorter.ID)

	const says = "This request has ended. Alice (alice) still has the access through request "
	h.tells(shorter.ID, says+longer.ID+" until "+until+"; Alice (alice) ended this one early")
	require.Contains(t, h.comments(key), "/requests/"+longer.ID, "the ticket links the other request")
	shown, err := h.starter.Current().Get(t.Context(), alice, shorter.ID)
	require.NoError(t, err)
	require.Equal(t, longer.ID, shown.Holds[0].HeldBy)
	require.Equal(t, says+longer.ID+" until "+until+". This one was ended early.", shown.Summary)

	_, err = h.starter.Current().Revoke(t.Context(), alice, longer.ID, "done")
	require.NoError(t, err)
	h.ended(longer.ID)
	shown, err = h.starter.Current().Get(t.Context(), alice, shorter.ID)
	require.NoError(t, err)
	require.Equal(t, "Ended early, and the access was seen to be gone.", shown.Summary, "what is said is so now")
}

func TestP4RevokingOneOfTwoRequestsLeavesTheOther(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	one, two := h.active(alice, "both", time.Hour), h.active(alice, "both", 2*time.Hour)
	_, err := h.starter.Current().Revoke(t.Context(), alice, two.ID, "done")
	require.NoError(t, err)
	require.True(t, h.canDebug("alice@example.org"))
	require.True(t, h.database.can(h.database.alice))
	_, err = h.starter.Current().Revoke(t.Context(), alice, one.ID, "done")
	require.NoError(t, err)
	require.False(t, h.canDebug("alice@example.org"))
	require.False(t, h.database.can(h.database.alice))
}

func TestP4ATerminatedGrantTakesItsLeasesOver(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	one, two := h.active(alice, "orders", time.Hour), h.active(alice, "orders", 2*time.Hour)
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), one.Holds[0].Access.GrantID(), "", "by mistake"))
	_, err := h.starter.Current().Revoke(t.Context(), alice, one.ID, "done")
	require.NoError(t, err)
	require.True(t, h.database.can(h.database.alice), "the other request's lease was written in the holding")
	_, err = h.starter.Current().Revoke(t.Context(), alice, two.ID, "done")
	require.NoError(t, err)
	require.False(t, h.database.can(h.database.alice))
}

// The grant's successor begins with a request of its own, and not with an end.
func TestP4ARequestThatComesAfterATerminatedGrantTakesNothingFromTheOthers(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	first := h.active(alice, "orders", 2*time.Hour)
	require.NoError(t, h.client.TerminateWorkflow(t.Context(), first.Holds[0].Access.GrantID(), "", "by mistake"))
	second := h.active(alice, "orders", time.Hour)
	require.WithinDuration(
		t,
		*first.Until,
		h.holding(first.Holds[0].Access).Until,
		time.Second,
		"it ends with the later one",
	)
	_, err := h.starter.Current().Revoke(t.Context(), alice, second.ID, "done")
	require.NoError(t, err)
	require.True(t, h.database.can(h.database.alice), "the first request's lease was written in the holding")
	_, err = h.starter.Current().Revoke(t.Context(), alice, first.ID, "done")
	require.NoError(t, err)
	require.False(t, h.database.can(h.database.alice))
}

func TestP5StandingAccessStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.database.giveStanding(h.database.alice)
	status := h.active(alice, "orders", 2*time.Second)
	require.True(t, status.Holds[0].Standing)
	h.ended(status.ID)
	require.True(t, h.database.can(h.database.alice))
}

func TestP5StandingAccessThatComesBetweenTwoRequestsStays(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	first := h.active(alice, "orders", time.Hour)
	_, err := h.starter.Current().Revoke(t.Context(), alice, first.ID, "done")
	require.NoError(t, err)
	require.False(t, h.database.can(h.database.alice))
	h.database.giveStanding(h.database.alice)
	second := h.active(alice, "orders", 2*time.Second)
	h.ended(second.ID)
	require.True(t, h.database.can(h.database.alice))
}

func TestP3AnOpenCursorEndsWithTheAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "orders", time.Hour).ID
	conn := h.database.server.Connect(t, h.database.alice, h.database.name)
	_, err := conn.Exec(t.Context(), "BEGIN; DECLARE c CURSOR FOR SELECT id FROM "+h.database.table)
	require.NoError(t, err)
	status, err := h.starter.Current().Revoke(t.Context(), alice, id, "done")
	require.NoError(t, err)
	_, err = conn.Exec(t.Context(), "FETCH 1 FROM c")
	require.Error(t, err)
	require.Equal(t, contract.StateEnded, status.State)
	require.Equal(t, 1, status.Holds[0].Sessions)
}

// giveStanding gives access by hand, as an administrator.
func (d *database) giveStanding(account string) {
	d.t.Helper()
	_, err := d.server.Connect(d.t, postgres.Superuser, d.name).Exec(d.t.Context(),
		"GRANT "+pgx.Identifier{d.role}.Sanitize()+" TO "+pgx.Identifier{account}.Sanitize())
	require.NoError(d.t, err)
}
