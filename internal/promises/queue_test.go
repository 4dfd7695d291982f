package promises

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/lightrun"
	"curfew/starter"
	"curfew/workflows/contract"
)

// One worker has the credentials of the database and nothing else, the other has all but those.
func TestATargetWithItsOwnTaskQueueIsTouchedOnlyByItsOwnWorkers(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(h *house) { h.ordersQueue = "inner" })
	secret, elsewhere := filepath.Join(h.dir, "dsn"), filepath.Join(h.dir, "taken away")
	require.NoError(t, os.Rename(secret, elsewhere))
	h.workInAProcess() // before the credentials are there
	id := h.ask(alice, "both", 8*time.Second).ID
	h.approve(bob, id)
	h.approve(carol, id)
	granting := h.await(id, contract.StateGranting)
	require.Nil(t, granting.GrantedAt)

	require.NoError(t, os.Rename(elsewhere, secret))
	inner := h.workInAProcess("--targets", "orders-db")
	h.await(id, contract.StateActive)
	require.True(t, h.canDebug("alice@example.org"))
	require.True(t, h.database.can(h.database.alice))

	inner.kill()
	h.workInAProcess("--targets", "orders-db")
	ended := h.ended(id)
	require.Equal(t, contract.OutcomeExpired, ended.Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	require.False(t, h.database.can(h.database.alice))
}

func TestAWorkerServesTheOtherTargetsWhenTheCredentialsOfOneAreMissing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	require.NoError(t, os.Remove(filepath.Join(h.dir, "dsn")))
	worker := h.workInAProcess()
	h.active(alice, "debug", time.Hour)
	require.True(t, h.canDebug("alice@example.org"))
	worker.kill()
	require.Contains(t, worker.log.String(), "orders-db")
	require.Contains(t, worker.log.String(), "dsn")
}

func TestAWorkerServesTheOtherTargetsWhenOneIsDown(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	require.NoError(
		t,
		os.WriteFile(filepath.Join(h.dir, "dsn"), []byte("postgres://curfew:a-secret@127.0.0.1:1/orders"), 0o600),
	)
	worker := h.workInAProcess()
	h.active(alice, "debug", time.Hour)
	require.True(t, h.canDebug("alice@example.org"))
	worker.kill()
	require.Contains(t, worker.log.String(), "orders-db")
	require.NotContains(t, worker.log.String(), "a-secret")
}

func TestRequestsWaitForRoomAtTheTarget(t *testing.T) {
	t.Parallel()
	const asked, room = 5, 2
	h := newHouse(t, func(h *house) {
		var people strings.Builder
		for n := range asked {
			email := fmt.Sprintf("engineer-%d@example.org", n)
			h.engineers = append(h.engineers, lightrun.User{Email: email})
			fmt.Fprintf(&people, "  engineer-%d: {name: Engineer, accounts: {lightrun-prod: %s}}\n", n, email)
		}
		h.people = people.String()
	})
	h.work()
	for n := range 100 - room {
		h.makeAccess(fmt.Sprintf("of somebody %d", n), "carol@example.org", time.Now().Add(time.Hour))
	}
	ids := make([]string, asked)
	inParallel(asked, func(n int) {
		status, err := h.starter.Current().Start(t.Context(), starter.Ask{
			Template:  "debug",
			Requester: fmt.Sprintf("engineer-%d", n),
			Duration:  contract.Duration{Duration: time.Hour},
			Purpose:   contract.Purpose{Reason: "orders are late", Ticket: key},
			Source:    "test",
		})
		if err != nil {
			t.Error(err)
			return
		}
		ids[n] = status.ID
		if _, err := h.starter.Current().Review(
			t.Context(),
			bob,
			status.ID,
			starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: ""},
		); err != nil {
			t.Error(err)
		}
	})
	require.False(t, t.Failed())
	require.Equal(t, room, h.settle(ids, room))
	for _, id := range ids {
		status, err := h.starter.Current().Get(t.Context(), bob, id)
		require.NoError(t, err)
		if status.State == contract.StateGranting {
			require.Contains(t, status.Why, "100 of 100")
		}
	}
	for more := room; more < asked; more++ {
		require.NoError(t, h.removeAccess("of somebody "+fmt.Sprint(more)))
		require.Equal(t, more+1, h.settle(ids, more+1), "a place has become free")
		require.LessOrEqual(t, len(h.lightrun.Live()), 100)
	}
}

// settle waits until a number of requests are active and all others say what they wait for, and returns how many are.
func (h *house) settle(ids []string, want int) (active int) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		active = 0
		waiting := 0
		for _, id := range ids {
			status, err := h.starter.Current().Get(h.t.Context(), bob, id)
			require.NoError(h.t, err)
			switch {
			case status.State == contract.StateActive:
				active++
			case status.State == contract.StateGranting && strings.Contains(status.Why, "of 100"):
				waiting++
			}
		}
		return active == want && active+waiting == len(ids)
	}, 3*patience, 50*time.Millisecond)
	return active
}
