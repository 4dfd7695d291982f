package policy_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/policy"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// journaled are a worker's options with a ledger from which requests can be read.
func journaled(t *testing.T, c *config.Config) (policy.Options, *sqlite.Store) {
	t.Helper()
	o := options(t, c)
	store, ok := o.Decisions.(*sqlite.Store)
	require.True(t, ok)
	o.Requests = store
	return o, store
}

// had records that Ada had access from so long ago until so long ago, negative for an end that is still to come.
func had(t *testing.T, events ledger.Events, from, to time.Duration, change ...func(*contract.Status)) string {
	t.Helper()
	now := time.Now().UTC()
	granted, ended := now.Add(-from), now.Add(-to)
	status := contract.Status{
		ID: ulid.MustNew(ulid.Timestamp(granted), ulid.DefaultEntropy()).
			String(),
		State:     contract.StateEnded,
		Outcome:   contract.OutcomeExpired,
		Template:  "debug",
		Requester: "ada",
		Subject:   "ada",
		AskedAt:   granted,
		GrantedAt: &granted,
		Until:     &ended,
		EndedAt:   &ended,
		Seq:       1,
		Holds: []contract.HoldState{
			{Access: contract.Access{Target: "db", Entitlement: []byte(`{"role":"r"}`), Person: "ada", Account: "ada"}},
		},
	}
	if to < 0 {
		status.State, status.Outcome, status.EndedAt = contract.StateActive, "", nil
	}
	for _, f := range change {
		f(&status)
	}
	require.NoError(
		t,
		events.Append(
			t.Context(),
			[]contract.Event{{Request: status.ID, Seq: 1, Kind: contract.EventGranted, At: granted, Actor: "ada"}},
			status,
		),
	)
	return status.ID
}

func TestHowLongSomebodyHasHadAnAccessIsCountedOverTheirRequests(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	for name, test := range map[string]struct {
		before func(*testing.T, ledger.Events)
		since  time.Duration
	}{
		"none": {func(*testing.T, ledger.Events) {}, 0},
		"many that follow one another": {func(t *testing.T, l ledger.Events) {
			for n := range time.Duration(60) {
				had(t, l, (n+1)*10*minute, n*10*minute+9*minute)
			}
		}, 600 * minute},
		"one that is live beside one that has ended": {func(t *testing.T, l ledger.Events) {
			had(t, l, 50*minute, -10*minute)
			had(t, l, 60*minute, 40*minute)
		}, 60 * minute},
		"a long one that many short ones overlap": {func(t *testing.T, l ledger.Events) {
			had(t, l, 300*minute, -minute)
			had(t, l, 20*minute, 10*minute)
		}, 300 * minute},
		"one before a break": {func(t *testing.T, l ledger.Events) {
			had(t, l, 10*minute, 5*minute)
			had(t, l, 120*minute, 26*minute)
		}, 10 * minute},
		"one too long ago": {func(t *testing.T, l ledger.Events) { had(t, l, 120*minute, 16*minute) }, 0},
		"one whose revoke is stuck": {func(t *testing.T, l ledger.Events) {
			had(t, l, 120*minute, 60*minute, func(s *contract.Status) {
				s.State, s.Outcome, s.EndedAt, s.Stuck = contract.StateRevoking, "", nil, true
			})
		}, 120 * minute},
		"of another person": {func(t *testing.T, l ledger.Events) {
			had(t, l, 10*minute, minute, func(s *contract.Status) { s.Subject = "grace" })
		}, 0},
		"of another access": {func(t *testing.T, l ledger.Events) {
			had(t, l, 10*minute, minute, func(s *contract.Status) { s.Holds[0].Access.Entitlement = []byte(`{"role":"other"}`) })
		}, 0},
		"by another template": {func(t *testing.T, l ledger.Events) {
			had(t, l, 10*minute, minute, func(s *contract.Status) { s.Template = "other" })
		}, 10 * minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			c := house()
			o, events := journaled(t, c)
			test.before(t, events)
			decision, err := policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
			require.NoError(t, err)
			require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
			if test.since == 0 {
				require.Zero(t, decision.ContinuousSince)
				return
			}
			require.WithinDuration(t, time.Now().Add(-test.since), decision.ContinuousSince, minute)
		})
	}
}

func TestAccessThatWouldGoOnPastTheTemplatesBoundIsDenied(t *testing.T) {
	t.Parallel()
	c := house()
	template := c.Templates["debug"]
	template.Duration.MaxContinuous = hours(3)
	c.Templates["debug"] = template
	o, events := journaled(t, c)
	had(t, events, 110*time.Minute, 50*time.Minute)
	decision, err := policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, "what ended 50 minutes ago does not go on")

	had(t, events, 55*time.Minute, time.Minute)
	had(t, events, 150*time.Minute, 54*time.Minute)
	decision, err = policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
	require.NoError(t, err)
	require.Equal(t, contract.RulingDeny, decision.Ruling)
	require.Contains(t, decision.Why, "without a break of 15m, and the template allows 3h")
}

// unreadable is a ledger that can't be read.
type unreadable struct{ ledger.Events }

func (unreadable) Requests(context.Context, ledger.Filter) ([]contract.Status, error) {
	return nil, contract.Unavailable("the ledger is down")
}

func TestWithoutKnowingWhatSomebodyHasHadThereIsNoDecision(t *testing.T) {
	t.Parallel()
	c := house()
	o, events := journaled(t, c)
	o.Requests = unreadable{events}
	_, err := policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
	require.ErrorContains(t, err, "the ledger is down")
}

// endless is a ledger in which somebody has had more access lately than anybody looks through.
type endless struct{ ledger.Events }

func (endless) Requests(_ context.Context, filter ledger.Filter) ([]contract.Status, error) {
	now := time.Now()
	return slices.Repeat([]contract.Status{{
		ID: ulid.Make().String(), State: contract.StateEnded, Outcome: contract.OutcomeExpired, Subject: "ada",
		GrantedAt: &now, EndedAt: &now,
	}}, filter.Limit), nil
}

// crowded is a ledger in which others have asked for access of somebody's without an end, which never came to
// anything, or was gone long ago.
type crowded struct {
	ledger.Events
	ended time.Time
}

func (c crowded) Requests(_ context.Context, filter ledger.Filter) ([]contract.Status, error) {
	if !filter.HeldSince.IsZero() && filter.HeldSince.After(c.ended) {
		return nil, nil
	}
	return slices.Repeat([]contract.Status{{
		ID: ulid.Make().String(), State: contract.StateEnded, Outcome: contract.OutcomeExpired, Requester: "mallory",
		Subject: "ada", GrantedAt: &c.ended, EndedAt: &c.ended,
	}}, filter.Limit), nil
}

func TestWhatOthersAskForInSomebodysNameLocksNobodyOut(t *testing.T) {
	t.Parallel()
	c := house()
	template := c.Templates["debug"]
	template.Duration.MaxContinuous = hours(3)
	c.Templates["debug"] = template
	o, events := journaled(t, c)
	o.Requests = crowded{events, time.Now().Add(-16 * time.Minute)}
	decision, err := policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
}

func TestNobodyHidesEarlierAccessBehindManyRequests(t *testing.T) {
	t.Parallel()
	c := house()
	o, events := journaled(t, c)
	o.Requests = endless{events}
	decision, err := policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decision.Ruling, "where nothing is bounded")
	template := c.Templates["debug"]
	template.Duration.MaxContinuous = hours(3)
	c.Templates["debug"] = template
	decision, err = policy.New(o).Decide(t.Context(), ask(t, c, "grace", "edsger"))
	require.NoError(t, err)
	require.Equal(t, contract.RulingDeny, decision.Ruling)
	require.Contains(t, decision.Why, "too much access lately to tell since when without a break")
}

func TestBreakGlassAgainBeforeItsReviewRaisesOneAlarm(t *testing.T) {
	t.Parallel()
	c := house()
	template := c.Templates["debug"]
	template.BreakGlass = config.BreakGlass{Groups: []string{"devs"}, MaxDuration: hours(1), ReviewWithin: hours(1)}
	c.Templates["debug"] = template
	o, events := journaled(t, c)
	in := ask(t, c)
	in.Request.Fact.BreakGlass, in.Request.Fact.ID = true, ulid.Make().String()
	used := func(reviewed bool) func(*contract.Status) {
		return func(s *contract.Status) {
			s.State, s.BreakGlass, s.ReviewDue = contract.StateEnded, true, s.EndedAt
			if reviewed {
				s.PostReview = &contract.Review{Reviewer: "grace", Verdict: contract.VerdictApprove}
			}
		}
	}
	had(t, events, 3*time.Hour, 2*time.Hour, used(true))
	decide := func() contract.Decision {
		t.Helper()
		decision, err := policy.New(o).Decide(t.Context(), in)
		require.NoError(t, err)
		return decision
	}
	require.Empty(t, decide().Unreviewed)
	raised, err := events.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmBreakGlassAgain})
	require.NoError(t, err)
	require.Empty(t, raised, "what has been reviewed is no reason")

	unreviewed := had(t, events, 50*time.Minute, 40*time.Minute, used(false))
	for range 2 {
		decision := decide()
		require.Equal(t, contract.RulingGrant, decision.Ruling, decision.Why)
		require.Equal(t, []string{unreviewed}, decision.Unreviewed)
	}
	raised, err = events.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmBreakGlassAgain})
	require.NoError(t, err)
	require.Len(t, raised, 1)
	require.Equal(t, []string{in.Request.Fact.ID, unreviewed}, raised[0].Requests)
	require.Contains(t, raised[0].Text, "ada uses break-glass access again")
}
