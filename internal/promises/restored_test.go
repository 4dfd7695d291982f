package promises

import (
	"testing"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
	"curfew/starter"
	"curfew/workflows/contract"
)

// ledgerCopy is an older copy of a house's ledger. Whoever makes or restores one stops Curfew before, and starts it
// again.
type ledgerCopy struct {
	h       *house
	stop    func() // the worker
	server  *postgres.Server
	current string // database; empty for a file
	older   string
	files   map[string][]byte
}

// withCopies has the ledger of a house where it can be copied.
func (c *ledgerCopy) withCopies(t *testing.T, inDatabase bool) func(*house) {
	t.Helper()
	return func(h *house) {
		if inDatabase {
			c.server = postgres.Start(t)
			c.current = c.server.NewDatabase(t)
			h.ledgerDatabase = c.server.URL(postgres.Superuser, c.current)
			h.ledgerWay = h.ledgerDatabase
		}
	}
}

func (c *ledgerCopy) while(do func()) {
	c.h.t.Helper()
	c.stop()
	require.NoError(c.h.t, c.h.ledger.Close())
	do()
	store, err := c.h.openLedger()
	require.NoError(c.h.t, err)
	c.h.ledger, c.h.tombstones = store, store
	c.h.starter, err = starter.New(starter.Options{
		Temporal: c.h.client, Config: c.h.live, Ledger: store, Tickets: c.h.tracker(),
		Incidents: c.h.incidents, Signer: c.h.signer, Verifier: c.h.verifier, UntrackedAfter: time.Millisecond,
	})
	require.NoError(c.h.t, err)
	c.stop = c.h.work()
}

func (c *ledgerCopy) make(t *testing.T) {
	t.Helper()
	c.while(func() {
		if c.server == nil {
			c.files = filesOf(t, c.h.config.Ledger.SQLite)
			return
		}
		c.older = c.current + "_older"
		_, err := c.server.Admin().
			Exec(t.Context(), "CREATE DATABASE "+pgx.Identifier{c.older}.Sanitize()+" TEMPLATE "+pgx.Identifier{c.current}.Sanitize())
		require.NoError(t, err)
	})
}

func (c *ledgerCopy) restore(t *testing.T) {
	t.Helper()
	c.while(func() {
		if c.server == nil {
			putFiles(t, c.h.config.Ledger.SQLite, c.files)
			return
		}
		c.h.ledgerDatabase = c.server.URL(postgres.Superuser, c.older)
	})
}

func onEachCopy(t *testing.T, test func(t *testing.T, h *house, c *ledgerCopy)) {
	t.Helper()
	for name, inDatabase := range map[string]bool{"sqlite": false, "postgres": true} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := &ledgerCopy{}
			c.h = newHouse(t, c.withCopies(t, inDatabase))
			c.stop = c.h.work()
			test(t, c.h, c)
		})
	}
}

// story is what the ledger has of a request.
func (h *house) story(id string) []contract.Event {
	h.t.Helper()
	_, events, err := h.starter.Current().Events(h.t.Context(), alice, id)
	require.NoError(h.t, err)
	return events
}

func TestP8AnOlderLedgerIsWrittenAgainWithWhatTemporalStillHas(t *testing.T) {
	t.Parallel()
	onEachCopy(t, func(t *testing.T, h *house, c *ledgerCopy) {
		waiting := h.ask(alice, "orders", time.Hour).ID
		h.recorded(waiting, contract.StatePending)
		c.make(t)
		require.Eventually(t, func() bool { // the worker has just been started anew
			_, err := h.starter.Current().Review(
				t.Context(),
				bob,
				waiting,
				starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"},
			)
			return err == nil
		}, patience, 200*time.Millisecond)
		h.await(waiting, contract.StateActive)
		live := h.active(carol, "orders", time.Hour)
		over := h.active(alice, "debug", 2*time.Second).ID
		require.Equal(t, contract.OutcomeExpired, h.ended(over).Outcome)
		h.recorded(waiting, contract.StateActive)
		h.recorded(live.ID, contract.StateActive)
		before := map[string][]contract.Event{}
		for _, id := range []string{waiting, over} {
			before[id] = h.story(id)
		}
		c.restore(t)

		h.sweepRequests()
		require.Eventually(t, func() bool {
			for id, events := range before {
				if len(h.story(id)) != len(events) {
					h.sweepRequests()
					return false
				}
			}
			return true
		}, 2*patience, time.Second, "the story is not written again")
		for id, events := range before {
			require.Equal(t, events, h.story(id))
		}
		require.Equal(t, contract.OutcomeExpired, h.listedFor(alice, over).Outcome)
		h.recorded(live.ID, contract.StateActive)
		for _, id := range []string{waiting, live.ID} {
			access := h.sealedRequest(id).Fact.Terms.Accesses[0]
			require.Eventually(
				t,
				func() bool { return h.holding(access).Open },
				patience,
				200*time.Millisecond,
				"its grant writes the holding again",
			)
			require.False(t, h.holding(access).Standing, "what Curfew has put there is not taken for standing access")
		}
		require.True(t, h.database.can(h.database.alice), "nothing is revoked by surprise")
		require.True(t, h.database.can(h.database.carol))
		require.Empty(t, h.alarms(contract.AlarmForged))

		_, err := h.starter.Current().Revoke(t.Context(), alice, waiting, "done")
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !h.database.can(h.database.alice) }, patience, 50*time.Millisecond)
	})
}

// Nobody has swept yet.
func TestP4AnOlderLedgerRefusesNoExtensionOfLiveAccess(t *testing.T) {
	t.Parallel()
	onEachCopy(t, func(t *testing.T, h *house, c *ledgerCopy) {
		c.make(t)
		first := h.active(alice, "orders", time.Hour)
		other := h.active(alice, "orders", 20*time.Second)
		c.restore(t)

		extended, err := h.starter.Current().Extend(
			t.Context(),
			alice,
			first.ID,
			contract.Duration{Duration: time.Hour},
			"not done yet",
		)
		require.NoError(t, err)
		require.True(t, extended.Until.After(*first.Until))
		holding := h.holding(first.Holds[0].Access)
		require.True(t, holding.Open)
		require.False(t, holding.Standing)
		require.Len(t, holding.Leases, 2, "the other request has not lost its lease")
		require.Empty(t, h.alarms(contract.AlarmForged))
		require.Equal(t, contract.OutcomeExpired, h.ended(other.ID).Outcome)
		require.True(t, h.database.can(h.database.alice))
		require.Eventually(t, func() bool { return len(h.story(first.ID)) == 4 }, patience, 50*time.Millisecond)
		require.Equal(t, contract.EventRequested, h.story(first.ID)[0].Kind, "the story begins at its beginning")

		_, err = h.starter.Current().Revoke(t.Context(), alice, first.ID, "done")
		require.NoError(t, err)
		require.Eventually(t, func() bool { return !h.database.can(h.database.alice) }, patience, 50*time.Millisecond)
		require.Equal(t, contract.OutcomeRevoked, h.ended(first.ID).Outcome)
	})
}

// The ledger has a later part of a story, and no workflow is left that knows the earlier.
func TestP8WhatIsLostOfAStoryIsMarkedAsLost(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	status := contract.Status{
		ID:        "01JD2Y3M4N5P6Q7R8S9T0V1W2X",
		State:     contract.StateEnded,
		Outcome:   contract.OutcomeExpired,
		Requester: alice,
		Subject:   alice,
		Seq:       5,
	}
	require.NoError(t, h.ledger.Append(t.Context(), []contract.Event{
		{Request: status.ID, Seq: 1, Kind: contract.EventRequested, At: time.Now(), Actor: alice},
		{Request: status.ID, Seq: 5, Kind: contract.EventExpired, At: time.Now(), Actor: contract.ActorDeadline},
	}, status))
	shown, err := h.starter.Current().Get(t.Context(), alice, status.ID)
	require.NoError(t, err)
	told, _, err := h.starter.Current().Events(t.Context(), alice, status.ID)
	require.NoError(t, err)
	for _, status := range []contract.Status{shown, told} {
		require.Equal(t, []contract.Gap{{From: 2, To: 4}}, status.Lost)
	}
}
