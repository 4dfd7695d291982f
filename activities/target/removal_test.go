package target_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/ledger"
	"curfew/activities/target"
	"curfew/workflows/contract"
)

// shelf lists what carries Curfew's mark, and answers removals by key.
type shelf struct {
	marked []target.Marked
	answer map[string]error
	keeps  map[string]bool // whatever it answers
	err    error           // of lists
}

func (s *shelf) List(context.Context) ([]target.Marked, error) { return s.marked, s.err }

func (s *shelf) Remove(_ context.Context, found target.Marked) error {
	if !s.keeps[found.Key] {
		s.marked = slices.DeleteFunc(s.marked, func(one target.Marked) bool { return one.Key == found.Key })
	}
	return s.answer[found.Key]
}

func TestP3WhatASweepRemovesIsSeenToBeGone(t *testing.T) {
	t.Parallel()
	refused := contract.Denied("no").AsRefusal()
	unreachable := contract.Unavailable("can't be reached")
	marked := []target.Marked{
		{Key: "goes"},
		{Key: "stays"},
		{Key: "refused and gone"},
		{Key: "refused"},
		{Key: "unheard"},
	}
	newShelf := func() *shelf {
		return &shelf{
			marked: slices.Clone(
				marked,
			),
			answer: map[string]error{"refused and gone": refused, "refused": refused, "unheard": unreachable},
			keeps:  map[string]bool{"stays": true, "refused": true},
		}
	}
	errs := target.RemoveMarked(t.Context(), newShelf(), marked)
	require.NoError(t, errs[0])
	require.ErrorContains(t, errs[1], "still lists it")
	require.NoError(t, errs[2], "a refusal is followed by a look")
	require.ErrorIs(t, errs[3], refused)
	require.ErrorIs(t, errs[4], unreachable, "nobody knows what becomes of it")

	hidden := newShelf()
	hidden.err = unreachable
	errs = target.RemoveMarked(t.Context(), hidden, marked[:1])
	require.ErrorIs(t, errs[0], unreachable)
}

// overdue leaves a holding that is past its end, as when nobody else has ended it.
func (s *scene) overdue() {
	s.t.Helper()
	locked, err := s.ledger.Lock(s.t.Context(), s.access.GrantID())
	require.NoError(s.t, err)
	defer locked.Unlock()
	until := time.Now().Add(-time.Hour)
	require.NoError(s.t, locked.Save(s.t.Context(), ledger.Holding{
		Grant:  s.access.GrantID(),
		Access: s.access,
		Token:  s.token(),
		Open:   true,
		Until:  until,
		Leases: contract.Leases{
			{Request: "r", Until: until, ReadBack: s.access.ReadBack},
		},
		Proof: ledger.Proof{Shown: true},
	}))
}

// watch lets a watchdog run until it has closed the holding and raised a number of alarms, and returns those.
func (s *scene) watch(raises int) (alarms []contract.Alarm) {
	s.t.Helper()
	ctx, stop := context.WithCancel(s.t.Context())
	over := make(chan struct{})
	go func() {
		defer close(over)
		target.New(target.Options{
			Targets:  map[string]target.Target{s.access.Target: {Connector: s.target}},
			Holdings: s.ledger, Tombstones: s.ledger, Decisions: s.ledger, Alarms: s.ledger, Log: zap.NewNop(),
		}).Watchdog(time.Second).Run(ctx)
	}()
	require.Eventually(s.t, func() bool {
		var err error
		alarms, err = s.ledger.List(s.t.Context(), ledger.AlarmFilter{Kind: contract.AlarmLate})
		return err == nil && len(alarms) == raises && !s.holding().Open
	}, time.Minute, 10*time.Millisecond)
	stop()
	<-over
	return alarms
}

func TestTheWatchdogLooksAfterARefusal(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{refusesRevoke: contract.Unavailable("unwilling to perform (code 53)").AsRefusal()})
	s.overdue()
	require.Empty(t, s.watch(0), "it was not there any more")
	require.False(t, s.holding().Proof.Unconfirmed)
}

func TestTheWatchdogSaysNoMoreThanItSaw(t *testing.T) {
	t.Parallel()
	s := newScene(t, &liar{blind: true, holds: true})
	s.access.ReadBack = contract.ReadBackNone
	s.overdue()
	require.Contains(t, s.watch(1)[0].Text, "removed it, and can't confirm that it is gone")
	require.True(t, s.holding().Proof.Unconfirmed)
	require.False(t, s.target.holds)
}
