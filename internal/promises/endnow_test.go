package promises

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	sdkworker "go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/workflows/contract"
)

// endsNow is how soon an end is done that people have asked for.
const endsNow = 2 * time.Second

// watch runs the watchdog of a worker that has no Temporal at all. Its grace is so long that nothing ends because it has
// passed.
func (h *house) watch() {
	h.t.Helper()
	targets, faults := kinds.OpenTargets(h.config.Targets)
	require.Empty(h.t, faults)
	ctx, stop := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		target.New(target.Options{
			Targets:    targets,
			Holdings:   h.ledger,
			Tombstones: h.ledger,
			Decisions:  h.ledger,
			Alarms:     h.ledger,
			Log:        zap.NewNop(),
		}).Watchdog(time.Hour).Run(ctx)
	}()
	h.t.Cleanup(func() {
		stop()
		<-done
	})
}

// tellEnds runs what a server does beside its API.
func (h *house) tellEnds() {
	h.t.Helper()
	ctx, stop := context.WithCancel(h.t.Context())
	done := make(chan struct{})
	go func() {
		defer close(done)
		h.starter.TellEnds(ctx)
	}()
	h.t.Cleanup(func() {
		stop()
		<-done
	})
}

func (h *house) terminate(ids ...string) {
	h.t.Helper()
	for _, id := range ids {
		require.NoError(h.t, h.client.TerminateWorkflow(h.t.Context(), id, "", "by an intruder"))
	}
}

// squat starts a workflow of somebody's own under an id.
func (h *house) squat(id, queue string) {
	h.t.Helper()
	_, err := h.client.ExecuteWorkflow(h.t.Context(), client.StartWorkflowOptions{ID: id, TaskQueue: queue}, "Squatter")
	require.NoError(h.t, err)
}

// Whatever somebody with all rights on the Temporal namespace does, and whatever becomes of Temporal.
func TestP2AnEndNowIsCarriedOutWhateverStateTemporalIsIn(t *testing.T) {
	t.Parallel()
	for name, sabotage := range map[string]func(h *house, stop func(), status contract.Status){
		"Temporal is down": func(h *house, stop func(), _ contract.Status) {
			stop()
			h.watch()
			h.temporal.Kill()
		},
		"nobody works on its task queues": func(h *house, stop func(), _ contract.Status) {
			stop()
			h.watch()
		},
		"its workflows are terminated": func(h *house, _ func(), status contract.Status) {
			h.terminate(contract.RequestWorkflowID(status.ID), status.Holds[0].Access.GrantID())
		},
		"somebody else's workflows bear their ids": func(h *house, _ func(), status contract.Status) {
			for _, id := range []string{contract.RequestWorkflowID(status.ID), status.Holds[0].Access.GrantID()} {
				h.terminate(id)
				h.squat(id, "nowhere")
			}
		},
		"somebody else's workflow says that it has ended": func(h *house, _ func(), status contract.Status) {
			h.terminate(contract.RequestWorkflowID(status.ID))
			h.lies("lies", status)
			h.squat(contract.RequestWorkflowID(status.ID), "lies")
		},
		"its request has 10,000 signals to read": func(h *house, _ func(), status contract.Status) {
			h.drown(contract.RequestWorkflowID(status.ID), 10_000)
		},
		"its grant has 10,000 signals to read": func(h *house, _ func(), status contract.Status) {
			h.drown(status.Holds[0].Access.GrantID(), 10_000)
		},
		"the ids of its updates are taken": func(h *house, _ func(), status contract.Status) {
			h.take(contract.RequestWorkflowID(status.ID), "revoke/"+bob, contract.UpdateExtend, forgedExtension(status.ID))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			stop := h.work()
			status := h.active(alice, "orders", time.Hour)
			sabotage(h, stop, status)
			require.True(t, h.database.can(h.database.alice))
			said := time.Now()
			answer := make(chan error, 1)
			go func() {
				_, err := h.starter.Current().Revoke(t.Context(), bob, status.ID, "it looks odd")
				answer <- err
			}()
			h.goneWithin(h.database.alice, said, endsNow)
			require.NoError(t, <-answer)
			tombstone, err := h.ledger.TombstoneOf(t.Context(), status.ID)
			require.NoError(t, err)
			require.Equal(t, bob, tombstone.By)
			require.Equal(t, "it looks odd", tombstone.Reason)
			require.Empty(t, h.alarms(contract.AlarmLate), "nothing was late")
		})
	}
}

// lies answers for a request, until the test ends.
func (h *house) lies(queue string, about contract.Status) {
	h.t.Helper()
	about.State, about.Outcome, about.Reviewers, about.Subject, about.Requester = contract.StateEnded, contract.OutcomeExpired, nil, dave, dave
	worker := sdkworker.New(h.client, queue, sdkworker.Options{})
	worker.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
		if err := workflow.SetQueryHandler(
			ctx,
			contract.QueryStatus,
			func() (contract.Status, error) { return about, nil },
		); err != nil {
			return err
		}
		return workflow.Await(ctx, func() bool { return false })
	}, workflow.RegisterOptions{Name: "Squatter", VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
	require.NoError(h.t, worker.Start())
	h.t.Cleanup(worker.Stop)
}

// drown sends so many signals that whoever reads them all is busy for long.
func (h *house) drown(id string, signals int) {
	h.t.Helper()
	var sent atomic.Int64
	inParallel(64, func(int) {
		for sent.Add(1) <= int64(signals) {
			if err := h.client.SignalWorkflow(
				h.t.Context(),
				id,
				"",
				contract.SignalNoticed,
				contract.Notice{Kind: "noise"},
			); err != nil {
				return // Temporal takes no more
			}
		}
	})
}

func TestP4AnEndNowLeavesTheOtherRequestsAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stop := h.work()
	one, two := h.active(alice, "orders", 2*time.Hour), h.active(alice, "orders", time.Hour)
	stop()
	h.watch()
	grant := one.Holds[0].Access
	_, err := h.starter.Current().Revoke(t.Context(), alice, one.ID, "done")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return len(h.holding(grant).Leases) == 1 }, patience, 20*time.Millisecond)
	require.True(t, h.database.can(h.database.alice))
	require.WithinDuration(t, *two.Until, h.holding(grant).Until, pace.Lasts(5*time.Second))
	said := time.Now()
	_, err = h.starter.Current().Revoke(t.Context(), erin, two.ID, "that one too")
	require.NoError(t, err)
	h.goneWithin(h.database.alice, said, endsNow)
}

func TestP5AnEndNowLeavesStandingAccess(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stop := h.work()
	h.database.giveStanding(h.database.alice)
	status := h.active(alice, "orders", time.Hour)
	stop()
	h.watch()
	_, err := h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
	require.NoError(t, err)
	require.Eventually(t, func() bool { return !h.holding(status.Holds[0].Access).Open }, patience, 20*time.Millisecond)
	require.True(t, h.database.can(h.database.alice))
}

func TestP8WhatWasEndedWithoutTemporalIsToldWhenItIsBack(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stop := h.work()
	status := h.active(alice, "orders", time.Hour)
	waiting := h.ask(carol, "debug", time.Hour)
	h.await(waiting.ID, contract.StatePending)
	stop()
	h.watch()
	h.tellEnds()
	ending, err := h.starter.Current().Revoke(t.Context(), bob, status.ID, "it looks odd")
	require.NoError(t, err)
	require.Equal(t, bob, ending.Ending.By)
	require.False(t, ending.Ending.Unrecorded)
	_, err = h.starter.Current().Cancel(t.Context(), carol, waiting.ID, "never mind")
	require.NoError(t, err)
	h.goneWithin(h.database.alice, time.Now().Add(-time.Second), endsNow)
	shown, err := h.starter.Current().Get(t.Context(), alice, status.ID)
	require.NoError(t, err)
	require.Equal(t, "it looks odd", shown.Ending.Reason)
	listed, err := h.starter.Current().List(t.Context(), alice, ledger.Filter{})
	require.NoError(t, err)
	require.Equal(t, bob, listed.Requests[0].Ending.By)

	h.work()
	over := h.ended(status.ID)
	require.Equal(t, contract.OutcomeRevoked, over.Outcome)
	require.NotNil(t, over.Holds[0].GoneAt)
	require.Equal(t, contract.OutcomeWithdrawn, h.ended(waiting.ID).Outcome)
	_, events, err := h.ledger.Request(t.Context(), status.ID)
	require.NoError(t, err)
	require.Equal(t, contract.EventRevoking, events[len(events)-2].Kind)
	require.Equal(t, bob, events[len(events)-2].Actor)
	require.Equal(t, "it looks odd", events[len(events)-2].Said)
	require.Contains(t, strings.Join(h.headlines(status.ID), "\n"), "ended early by Bob (bob)")
	require.Empty(t, h.alarms(contract.AlarmDrifted), "nobody else has taken it away")
}

func TestP8TheRecordOfARequestWhoseWorkflowIsGoneIsClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.tellEnds()
	status := h.active(alice, "orders", time.Hour)
	waiting := h.ask(alice, "debug", time.Hour)
	h.await(waiting.ID, contract.StatePending)
	h.terminate(
		contract.RequestWorkflowID(status.ID),
		status.Holds[0].Access.GrantID(),
		contract.RequestWorkflowID(waiting.ID),
	)
	for _, id := range []string{status.ID, waiting.ID} {
		require.Eventually(t, func() bool {
			_, _, err := h.ledger.Request(t.Context(), id)
			return err == nil
		}, patience, 20*time.Millisecond)
	}
	_, err := h.starter.Current().Revoke(t.Context(), bob, status.ID, "it looks odd")
	require.NoError(t, err)
	_, err = h.starter.Current().Cancel(t.Context(), alice, waiting.ID, "never mind")
	require.NoError(t, err)
	for id, outcome := range map[string]contract.Outcome{status.ID: contract.OutcomeRevoked, waiting.ID: contract.OutcomeWithdrawn} {
		require.Eventually(t, func() bool {
			recorded, _, err := h.ledger.Request(t.Context(), id)
			return err == nil && recorded.State == contract.StateEnded && recorded.Outcome == outcome
		}, patience, 50*time.Millisecond, outcome)
	}
	require.False(t, h.database.can(h.database.alice))
	_, events, err := h.ledger.Request(t.Context(), status.ID)
	require.NoError(t, err)
	last := events[len(events)-1]
	require.Equal(t, bob, last.Actor)
	require.Contains(t, last.Detail, "gone from Temporal")
}

// forgetful is a ledger that takes no ends for a while.
type forgetful struct {
	starter.Ledger
	back *atomic.Bool
}

func (f forgetful) AddTombstones(ctx context.Context, tombstones ...contract.Tombstone) error {
	if !f.back.Load() {
		return errors.New("disk I/O error")
	}
	return f.Ledger.AddTombstones(ctx, tombstones...)
}

func TestP8ARevokeWaitsForNoRecordAndWhoeverCarriesItOutOwesIt(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	away := forgetful{h.ledger, &atomic.Bool{}}
	h.tombstones = away
	var err error
	h.starter, err = starter.New(starter.Options{
		Temporal: h.client, Config: h.live, Ledger: away, Tickets: h.tracker(), Signer: h.signer, Verifier: h.verifier,
	})
	require.NoError(t, err)
	h.work()
	status := h.active(alice, "orders", time.Hour)
	ended, err := h.starter.Current().Revoke(t.Context(), bob, status.ID, "it looks odd")
	require.NoError(t, err)
	require.True(t, ended.Ending.Unrecorded, "ended, not yet on record")
	h.goneWithin(h.database.alice, time.Now().Add(-time.Second), endsNow)
	_, err = h.ledger.TombstoneOf(t.Context(), status.ID)
	require.ErrorIs(t, err, ledger.ErrNotFound)
	away.back.Store(true)
	require.Equal(t, contract.OutcomeRevoked, h.ended(status.ID).Outcome)
	tombstone, err := h.ledger.TombstoneOf(t.Context(), status.ID)
	require.NoError(t, err)
	require.Contains(t, []string{bob, contract.ActorCurfew}, tombstone.By)
}

func TestTheKillSwitchEndsWhatItIsToldToAndNothingElse(t *testing.T) {
	t.Parallel()
	for name, selected := range map[string]starter.Selection{
		"a person's":    {Person: alice},
		"a target's":    {Target: "orders-db"},
		"a template's":  {Template: "orders"},
		"all":           {All: true},
		"nobody's":      {Person: dave},
		"all, unheard":  {All: true},
		"one, unstored": {Person: alice},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			stop := h.work()
			h.tellEnds()
			alices, carols := h.active(alice, "orders", time.Hour), h.active(carol, "debug", time.Hour)
			waits := h.ask(alice, "kept", time.Hour)
			h.await(waits.ID, contract.StatePending)
			h.inLedger(waits.ID)
			switch name {
			case "all, unheard":
				stop()
				h.watch()
			case "one, unstored":
				// Somebody has it on record that the access has ended. The holding knows better.
				recorded, _, err := h.ledger.Request(t.Context(), alices.ID)
				require.NoError(t, err)
				recorded.State, recorded.Seq = contract.StateEnded, recorded.Seq+100
				require.NoError(t, h.ledger.Append(t.Context(), nil, recorded))
			}
			for _, nobody := range []string{alice, bob, dave} {
				_, err := h.starter.Current().End(t.Context(), nobody, selected, "because", false)
				requireKind(t, contract.KindForbidden, err)
			}
			_, err := h.starter.Current().End(t.Context(), erin, selected, " ", false)
			requireKind(t, contract.KindInvalid, err)
			dry, err := h.starter.Current().End(t.Context(), erin, selected, "a drill", true)
			require.NoError(t, err)
			require.True(t, h.database.can(h.database.alice))

			said := time.Now()
			report, err := h.starter.Current().End(t.Context(), erin, selected, "the laptop was stolen", false)
			require.NoError(t, err)
			require.Equal(t, dry.Requests, report.Requests)
			ends := map[string]bool{}
			for _, request := range report.Requests {
				ends[request.ID] = true
			}
			require.Equal(t, map[string]map[string]bool{
				"a person's":    {alices.ID: true, waits.ID: true},
				"a target's":    {alices.ID: true, waits.ID: true},
				"a template's":  {alices.ID: true},
				"all":           {alices.ID: true, waits.ID: true, carols.ID: true},
				"nobody's":      {},
				"all, unheard":  {alices.ID: true, waits.ID: true, carols.ID: true},
				"one, unstored": {alices.ID: true, waits.ID: true},
			}[name], ends)
			if len(ends) == 0 {
				require.Empty(t, h.alarms(contract.AlarmEnded))
				return
			}
			h.goneWithin(h.database.alice, said, endsNow)
			if name == "all, unheard" {
				h.work()
			}
			for id := range ends {
				if name == "one, unstored" && id == alices.ID {
					continue
				}
				status := h.ended(id)
				require.Contains(
					t,
					[]contract.Outcome{contract.OutcomeRevoked, contract.OutcomeWithdrawn},
					status.Outcome,
				)
				_, events, err := h.ledger.Request(t.Context(), id)
				require.NoError(t, err)
				require.Condition(t, func() bool {
					for _, event := range events {
						if event.Actor == erin && event.Said == "the laptop was stolen" {
							return true
						}
					}
					return false
				}, "it is told why: %v", events)
			}
			require.Equal(t, ends[carols.ID], !h.canDebug("carol@example.org"))
			alarm := h.alarm(contract.AlarmEnded)
			require.Equal(t, erin, alarm.Actor)
			require.Contains(t, alarm.Text, "the laptop was stolen")
			require.Len(t, alarm.Requests, len(ends))
		})
	}
}

// inLedger waits until the ledger has heard of a request.
func (h *house) inLedger(id string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		_, _, err := h.ledger.Request(h.t.Context(), id)
		return err == nil
	}, patience, 20*time.Millisecond)
}

func TestAFreezeGrantsNothingUntilItIsThawedAndHoldsUpNoEnd(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	live := h.active(carol, "orders", time.Hour)
	_, err := h.starter.Current().Freeze(t.Context(), bob, "an intruder")
	requireKind(t, contract.KindForbidden, err)
	for range 2 {
		frozen, err := h.starter.Current().Freeze(t.Context(), erin, "an intruder")
		require.NoError(t, err)
		require.True(t, frozen.Frozen)
	}
	require.Contains(t, h.alarm(contract.AlarmFrozen).Text, "an intruder")
	shown, err := h.starter.Current().Frozen(t.Context(), dave)
	require.NoError(t, err)
	require.Equal(t, erin, shown.By)

	id := h.ask(alice, "orders", time.Hour).ID
	h.approve(bob, id)
	require.Eventually(t, func() bool {
		return strings.Contains(h.await(id, contract.StateGranting).Why, "erin froze Curfew: an intruder")
	}, patience, 50*time.Millisecond, "the request says what it waits for")
	require.False(t, h.database.can(h.database.alice))

	_, err = h.starter.Current().Extend(t.Context(), carol, live.ID, contract.Duration{Duration: time.Hour}, "more")
	requireKind(t, contract.KindFrozen, err)
	require.True(t, h.database.can(h.database.carol), "what is live goes on")
	_, err = h.starter.Current().Revoke(t.Context(), carol, live.ID, "done")
	require.NoError(t, err)
	h.goneWithin(h.database.carol, time.Now().Add(-time.Second), endsNow)

	_, err = h.starter.Current().Thaw(t.Context(), erin, "they are out")
	require.NoError(t, err)
	h.await(id, contract.StateActive)
	require.True(t, h.database.can(h.database.alice))
	h.alarm(contract.AlarmThawed)
}

func TestP7AWorkflowUnderTheIdOfAGrantIsNotBelievedThatAnotherRequestKeepsTheAccessUp(t *testing.T) {
	t.Parallel()
	for name, lie := range map[string]contract.ReleaseResult{
		"kept up by another": {HeldUntil: time.Now().Add(time.Hour)},
		"gone":               {GoneAt: time.Now()},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			h.work()
			status := h.active(alice, "orders", time.Hour)
			grant := status.Holds[0].Access.GrantID()
			h.terminate(grant)
			worker := sdkworker.New(h.client, "lies", sdkworker.Options{})
			worker.RegisterWorkflowWithOptions(func(ctx workflow.Context) error {
				err := workflow.SetUpdateHandler(
					ctx,
					contract.UpdateRelease,
					func(workflow.Context, contract.ReleaseInput) (contract.ReleaseResult, error) {
						return lie, nil
					},
				)
				if err != nil {
					return err
				}
				return workflow.Await(ctx, func() bool { return false })
			}, workflow.RegisterOptions{Name: "Squatter", VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade})
			require.NoError(t, worker.Start())
			t.Cleanup(worker.Stop)
			h.squat(grant, "lies")
			require.NoError(
				t,
				h.client.SignalWorkflow(
					t.Context(),
					contract.RequestWorkflowID(status.ID),
					"",
					contract.SignalRevoke,
					"enough",
				),
			)
			over := h.ended(status.ID)
			require.Equal(t, contract.OutcomeRevoked, over.Outcome)
			require.Nil(t, over.Holds[0].HeldUntil)
			require.NotNil(t, over.Holds[0].GoneAt)
			require.False(t, h.database.can(h.database.alice), "it says that it is gone when it is")
			require.False(t, over.Holds[0].GoneAt.After(time.Now()))
		})
	}
}

func TestP2AnEndIsToldAfterTemporalWasDown(t *testing.T) {
	t.Parallel()
	h := newHouse(
		t,
		func(h *house) { h.server = append(h.server, temporal.InFile(fmt.Sprintf("%s/temporal.db", h.dir))) },
	)
	stop := h.work()
	status := h.active(alice, "orders", time.Hour)
	stop()
	h.watch()
	h.tellEnds()
	h.temporal.Kill()
	said := time.Now()
	var all sync.WaitGroup
	all.Go(func() {
		_, err := h.starter.Current().Revoke(t.Context(), alice, status.ID, "done")
		if err != nil {
			t.Error(err)
		}
	})
	h.goneWithin(h.database.alice, said, endsNow)
	all.Wait()
	h.temporal.Restart(t)
	h.work()
	require.Equal(t, contract.OutcomeRevoked, h.ended(status.ID).Outcome)
}
