package provenance_test

import (
	"context"
	"encoding/json"
	"log/slog"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/workflow"

	"curfew/activities/ledger"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/provenance"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// bench is a guard over a ledger of its own, with the keys of a server and of a decider.
type bench struct {
	t               *testing.T
	server, decider *seal.Signer
	store           *sqlite.Store
	guard           *provenance.Guard
	recorded        []contract.RecordInput
	commented       []contract.CommentInput
	opened          string // the ticket that the tracker says it has opened
}

func newBench(t *testing.T) *bench {
	t.Helper()
	b := &bench{t: t}
	var keys seal.Keys
	for role, signer := range map[seal.Role]**seal.Signer{seal.RoleServer: &b.server, seal.RoleDecider: &b.decider} {
		key, private, err := seal.NewKey(role, time.Now())
		require.NoError(t, err)
		*signer, err = seal.ParseSigner(string(private))
		require.NoError(t, err)
		keys = append(keys, key)
	}
	verifier, err := seal.NewVerifier(keys, time.Now)
	require.NoError(t, err)
	b.store, err = sqlite.Open(t.Context(), filepath.Join(t.TempDir(), "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, b.store.Close()) })
	b.guard = provenance.New(
		provenance.Options{Verifier: verifier, Events: b.store, Holdings: b.store, Alarms: b.store},
	)
	return b
}

func sealed[T any](b *bench, signer *seal.Signer, matter seal.Matter, fact T) contract.Sealed[T] {
	b.t.Helper()
	s, err := seal.Of(signer, matter, time.Now(), fact)
	require.NoError(b.t, err)
	return s
}

const id = "01M85E734KNPNBX6KJ3WBZ941J"

func (b *bench) request(change func(*contract.Request)) contract.Sealed[contract.Request] {
	request := contract.Request{
		ID:        id,
		Template:  "orders",
		Requester: "ann",
		Subject:   "ann",
		Duration:  contract.Duration{Duration: time.Hour},
		Purpose: contract.Purpose{
			Reason: "orders are late",
			Ticket: "OPS-7",
		},
		Source:  "test",
		AskedAt: time.Now().UTC(),
		Terms: contract.Terms{
			Accesses: []contract.Access{{
				Target: "db", Entitlement: json.RawMessage(`{"role":"reporting"}`), Person: "ann", Account: "ann",
			}},
			MaxDuration: contract.Duration{Duration: 2 * time.Hour}, PendingFor: contract.Duration{Duration: time.Hour},
		},
	}
	if change != nil {
		change(&request)
	}
	return sealed(b, b.server, seal.OfRequest(request), request)
}

// told is a story about a request that is pending.
func told(request contract.Sealed[contract.Request], kind contract.EventKind, actor, said string) contract.RecordInput {
	fact := request.Fact
	event := contract.Event{Request: fact.ID, Seq: 1, Kind: kind, At: time.Now().UTC(), Actor: actor, Said: said}
	if kind == contract.EventRequested {
		event.Detail = fact.Lines()
	}
	return contract.RecordInput{
		Events: []contract.Event{event},
		Status: contract.Status{
			ID:          fact.ID,
			State:       contract.StatePending,
			Template:    fact.Template,
			Requester:   fact.Requester,
			Subject:     fact.Subject,
			Purpose:     contract.Purpose{Reason: fact.Reason, Ticket: fact.Ticket},
			AskedAt:     fact.AskedAt,
			MaxDuration: fact.Terms.MaxDuration,
			Seq:         1,
			Holds:       []contract.HoldState{{Access: fact.Terms.Accesses[0]}},
		},
		Provenance: contract.Provenance{Chain: contract.Chain{Grounds: contract.Grounds{Request: request}}},
	}
}

// run has an activity run for the workflow of a request, once.
func (b *bench) run(workflowID, name string, in any) error {
	b.t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	env := suite.NewTestWorkflowEnvironment()
	env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: workflowID})
	env.RegisterActivityWithOptions(
		b.guard.Record(func(ctx context.Context, in contract.RecordInput) (contract.RecordResult, error) {
			b.recorded = append(b.recorded, in)
			return contract.RecordResult{}, b.store.Append(ctx, in.Events, in.Status)
		}),
		activity.RegisterOptions{Name: contract.ActivityRecord},
	)
	env.RegisterActivityWithOptions(
		b.guard.Comment(func(_ context.Context, in contract.CommentInput) (contract.Written, error) {
			b.commented = append(b.commented, in)
			return contract.Written{}, nil
		}, func(context.Context, contract.OpenTicketInput) (contract.OpenTicketResult, error) {
			return contract.OpenTicketResult{Ticket: b.opened}, nil
		}),
		activity.RegisterOptions{Name: contract.ActivityCommentTicket},
	)
	env.RegisterActivityWithOptions(b.guard.Alarm(ledger.New(b.store, b.store, b.store, b.store, nil).Alarm),
		activity.RegisterOptions{Name: contract.ActivityAlarm})
	env.ExecuteWorkflow(func(ctx workflow.Context) error {
		ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{
			StartToCloseTimeout: time.Minute, RetryPolicy: &temporal.RetryPolicy{MaximumAttempts: 1},
		})
		return workflow.ExecuteActivity(ctx, name, in).Get(ctx, nil)
	})
	return env.GetWorkflowError()
}

func (b *bench) record(in contract.RecordInput) error {
	return b.run(contract.RequestWorkflowID(in.Status.ID), contract.ActivityRecord, in)
}

func (b *bench) comment(key string, in contract.RecordInput) error {
	return b.run(contract.RequestWorkflowID(in.Status.ID), contract.ActivityCommentTicket, contract.CommentInput{
		Ticket: key, Events: in.Events, Status: in.Status, Provenance: in.Provenance,
	})
}

func (b *bench) alarms(kind contract.AlarmKind) []contract.Alarm {
	b.t.Helper()
	alarms, err := b.store.List(b.t.Context(), ledger.AlarmFilter{Kind: kind})
	require.NoError(b.t, err)
	return alarms
}

// hold puts a holding on record.
func (b *bench) hold(request contract.Request, change func(*ledger.Holding)) {
	b.t.Helper()
	access := request.Terms.Accesses[0]
	locked, err := b.store.Lock(b.t.Context(), access.GrantID())
	require.NoError(b.t, err)
	defer locked.Unlock()
	until := time.Now().Add(time.Hour).UTC()
	holding := ledger.Holding{
		Grant:  access.GrantID(),
		Access: access,
		Open:   true,
		Until:  until,
		Leases: contract.Leases{{Request: request.ID, Until: until}},
	}
	if change != nil {
		change(&holding)
	}
	require.NoError(b.t, locked.Save(b.t.Context(), holding))
}

func (b *bench) review(
	request contract.Sealed[contract.Request],
	by string,
	verdict contract.Verdict,
	reason string,
) contract.Sealed[contract.Review] {
	b.t.Helper()
	digest, err := seal.Digest(request.Fact)
	require.NoError(b.t, err)
	fact := contract.Review{
		Request:  request.Fact.ID,
		Reviewer: by,
		Verdict:  verdict,
		Reason:   reason,
		At:       time.Now().UTC(),
	}
	return sealed(b, b.server, seal.OfReview(fact, digest), fact)
}

func TestP7ARequestIsRecordedForWhatItWasSealedForOnly(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := told(b.request(nil), contract.EventRequested, "ann", "orders are late")
	require.Contains(t, in.Events[0].Detail, "Ticket: OPS-7")
	in.Events[0].Detail = "Ticket: OPS-8"
	require.ErrorContains(t, b.record(in), string(contract.KindForbidden))
	require.Empty(t, b.recorded)
}

func TestP7AnEventIsWhatItsActorHasSealed(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		kind        contract.EventKind
		actor, said string
		refused     bool
		as          string // whose it is told as; the actor's when empty
	}{
		"the request":                   {contract.EventRequested, "ann", "orders are late", false, ""},
		"a request in other words":      {contract.EventRequested, "ann", "give me everything", true, ""},
		"a request of somebody else":    {contract.EventRequested, "dave", "orders are late", true, ""},
		"a review":                      {contract.EventReviewed, "bob", "fine", false, ""},
		"a review in other words":       {contract.EventReviewed, "bob", "wonderful", true, ""},
		"a review of somebody else":     {contract.EventReviewed, "carol", "fine", true, ""},
		"a denial by who has approved":  {contract.EventDenied, "bob", "fine", true, ""},
		"a denial by the policy":        {contract.EventDenied, contract.ActorPolicy, "", false, ""},
		"an approval without decision":  {contract.EventApproved, "bob", "fine", true, ""},
		"an approval by the policy too": {contract.EventApproved, contract.ActorPolicy, "", true, ""},
		"a post-review":                 {contract.EventBreakGlassReviewed, "carol", "", true, ""},
		"break-glass access":            {contract.EventBreakGlassUsed, "ann", "orders are late", true, ""},
		"a withdrawal":                  {contract.EventWithdrawn, "ann", "not any more", false, ""},
		"a withdrawal of somebody else": {contract.EventWithdrawn, "dave", "", false, contract.ActorSignal},
		"an end of somebody else":       {contract.EventRevoked, "carol", "", false, contract.ActorSignal},
		"an extension of nobody's":      {contract.EventExtensionAsked, "ann", "more", false, contract.ActorSignal},
		"a certificate of nobody's":     {contract.EventCertified, "ann", "", false, contract.ActorSignal},
		"a reminder in a person's name": {contract.EventReminded, "bob", "", true, ""},
		"a reminder":                    {contract.EventReminded, contract.ActorCurfew, "", false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			request := b.request(nil)
			in := told(request, tc.kind, tc.actor, tc.said)
			in.Provenance.Reviews = []contract.Sealed[contract.Review]{
				b.review(request, "bob", contract.VerdictApprove, "fine"),
				{
					Fact: contract.Review{
						Request:  id,
						Reviewer: "carol",
						Verdict:  contract.VerdictApprove,
						Reason:   "fine",
					},
					Seal: "made up",
				},
			}
			end := contract.End{Request: id, By: "ann", Reason: "not any more", At: time.Now().UTC()}
			in.Provenance.Ends = []contract.Sealed[contract.End]{sealed(b, b.server, seal.OfEnd(end), end)}
			err := b.record(in)
			if tc.refused {
				require.ErrorContains(t, err, string(contract.KindForbidden))
				require.Empty(t, b.recorded)
				require.Len(t, b.alarms(contract.AlarmForged), 1)
				return
			}
			require.NoError(t, err)
			want := tc.as
			if want == "" {
				want = tc.actor
			}
			require.Equal(t, want, b.recorded[0].Events[0].Actor)
		})
	}
}

func TestP7ARequestThatNobodyHasSealedIsRecordedAsNobodys(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	request := b.request(nil)
	request.Fact.Requester, request.Fact.Subject = "dave", "dave"
	require.NoError(t, b.record(told(request, contract.EventRequested, "dave", "orders are late")))
	status, events, err := b.store.Request(t.Context(), id)
	require.NoError(t, err)
	require.Equal(
		t,
		[]string{contract.ActorSignal, contract.ActorSignal, contract.ActorSignal},
		[]string{status.Requester, status.Subject, events[0].Actor},
	)
	require.Empty(t, status.Ticket)
	require.Error(
		t,
		b.record(told(request, contract.EventGranted, contract.ActorCurfew, "")),
		"nor does it ever have access",
	)
	require.Error(
		t,
		b.comment("OPS-7", told(request, contract.EventRequested, "dave", "orders are late")),
		"nor is anybody told",
	)
	require.Len(t, b.alarms(contract.AlarmForged), 1)
}

func TestP7ARequestThatNobodyHasSealedTakesNoGenuineOnesPlace(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	request := b.request(nil)
	require.NoError(t, b.record(told(request, contract.EventRequested, "ann", "orders are late")))
	request.Seal = ""
	forged := told(request, contract.EventDenied, contract.ActorPolicy, "")
	forged.Provenance.Chain.Request.Fact.Requester = "dave"
	forged.Events[0].Seq, forged.Status.Seq = 2, 2
	require.Error(t, b.record(forged))

	// The key of a genuine one may have been retired: the ledger knows it all the same.
	known := told(request, contract.EventLapsed, contract.ActorDeadline, "")
	known.Events[0].Seq, known.Status.Seq = 2, 2
	require.NoError(t, b.record(known))
	status, events, err := b.store.Request(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, "ann", status.Requester)
	require.Len(t, events, 2)
}

func TestP7AnEndIsRecordedWhenTheHoldingAgrees(t *testing.T) {
	t.Parallel()
	other := contract.Lease{Request: "01M85E734KNPNBX6KJ3WBZ9999", Until: time.Now().Add(time.Hour)}
	for name, tc := range map[string]struct {
		change  func(*ledger.Holding)
		refused bool
	}{
		"the access is live": {nil, true},
		"it is past its end, not seen gone": {func(h *ledger.Holding) {
			h.Until, h.Leases[0].Until = time.Now().Add(-time.Second), time.Now().Add(-time.Second)
		}, true},
		"it is gone":                  {func(h *ledger.Holding) { h.Open, h.Leases = false, nil }, false},
		"another request holds it up": {func(h *ledger.Holding) { h.Leases = append(h.Leases, other) }, false},
		"it was there before":         {func(h *ledger.Holding) { h.Standing = true }, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			request := b.request(nil)
			b.hold(request.Fact, tc.change)
			in := told(request, contract.EventExpired, contract.ActorDeadline, "")
			in.Status.State, in.Status.Outcome = contract.StateEnded, contract.OutcomeExpired
			err := b.record(in)
			if tc.refused {
				require.ErrorContains(t, err, "still holds its access")
				return
			}
			require.NoError(t, err)
		})
	}
}

func TestP7NobodySaysThatARequestHoldsAccessUpWhichTheHoldingDoesNotKnow(t *testing.T) {
	t.Parallel()
	other := contract.Lease{Request: "01M85E734KNPNBX6KJ3WBZ9999", Until: time.Now().Add(time.Hour)}
	for name, tc := range map[string]struct {
		change func(*ledger.Holding)
		by     string
	}{
		"it holds the access up": {func(h *ledger.Holding) { h.Leases = append(h.Leases, other) }, other.Request},
		"it has, and is over": {func(h *ledger.Holding) {
			h.Open, h.Leases, h.Uses = false, nil, append(h.Uses, ledger.Use{Request: other.Request})
		}, other.Request},
		"nobody knows of it": {func(h *ledger.Holding) { h.Open, h.Leases = false, nil }, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(t)
			request := b.request(nil)
			b.hold(request.Fact, tc.change)
			in := told(request, contract.EventExpired, contract.ActorDeadline, "")
			in.Status.State, in.Status.Outcome = contract.StateEnded, contract.OutcomeExpired
			in.Status.Names = map[string]string{"ann": "Somebody Else"}
			in.Status.Holds = []contract.HoldState{
				{Access: request.Fact.Terms.Accesses[0], HeldUntil: &other.Until, HeldBy: other.Request},
			}
			require.NoError(t, b.record(in))
			status := b.recorded[len(b.recorded)-1].Status
			require.Equal(t, tc.by, status.Holds[0].HeldBy)
			require.Equal(t, tc.by == "", status.Holds[0].HeldUntil == nil)
			require.Empty(t, status.Names, "nor what people are called")
		})
	}
}

func TestP7AGrantIsRecordedWhenTheHoldingKnowsOfIt(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	request := b.request(nil)
	digest, err := seal.Digest(request.Fact)
	require.NoError(t, err)
	decision := contract.DecisionFact{
		Request:       id,
		RequestDigest: digest,
		Ruling:        contract.RulingGrant,
		Lasts:         request.Fact.Duration,
		Until:         time.Now().Add(time.Hour).UTC(),
	}
	in := told(request, contract.EventGranted, contract.ActorCurfew, "")
	in.Status.State = contract.StateActive
	require.Error(t, b.record(in), "nobody has decided it")
	in.Provenance.Chain.Decision = sealed(b, b.decider, seal.OfDecision(decision), decision)
	require.ErrorContains(t, b.record(in), "knows of no grant")
	b.hold(request.Fact, nil)
	require.NoError(t, b.record(in))
}

// The alarm comes when the ledger takes it: by then the access may have gone. Nobody has forged anything.
func TestAccessThatIsGoneByNowIsNotToldAsStuck(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	request := b.request(nil)
	grant := request.Fact.Terms.Accesses[0].GrantID()
	alarm := contract.AlarmInput{
		Alarm: contract.Alarm{
			ID:    grant + "/1/stuck/1",
			Kind:  contract.AlarmStuck,
			At:    time.Now(),
			Grant: grant,
			Text:  "it is stuck",
		},
	}
	b.hold(request.Fact, func(h *ledger.Holding) { h.Open, h.Leases = false, nil })
	require.NoError(t, b.run(grant, contract.ActivityAlarm, alarm))
	require.Empty(t, b.alarms(""))

	b.hold(request.Fact, nil)
	held, err := b.store.Lock(t.Context(), grant)
	require.NoError(t, err)
	defer held.Unlock()
	require.NoError(t, b.run(grant, contract.ActivityAlarm, alarm), "whoever hangs with the lock keeps it from nobody")
	require.Len(t, b.alarms(contract.AlarmStuck), 1)
}

// closing is a ledger in which a holding is closed before its lock is had.
type closing struct {
	ledger.Holdings
	close func()
}

func (c closing) Lock(ctx context.Context, grant string) (ledger.Locked, error) {
	c.close()
	return c.Holdings.Lock(ctx, grant)
}

func TestAnEndThatIsOnItsWayIsNoContradiction(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	request := b.request(nil)
	b.hold(request.Fact, nil)
	in := told(request, contract.EventExpired, contract.ActorDeadline, "")
	in.Status.State, in.Status.Outcome = contract.StateEnded, contract.OutcomeExpired
	b.guard.Holdings = closing{b.store, func() {
		b.hold(request.Fact, func(h *ledger.Holding) { h.Open, h.Leases, h.GoneAt = false, nil, time.Now().UTC() })
	}}
	require.Error(t, b.record(in), "it is tried again")
	require.Empty(t, b.alarms(""))
	require.NoError(t, b.record(in))

	b.guard.Holdings = b.store
	b.hold(request.Fact, nil)
	require.Error(t, b.record(in))
	require.Len(t, b.alarms(contract.AlarmNotRecorded), 1)
}

func TestP7ACommentStandsOnTheRequestsOwnTicket(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := told(b.request(nil), contract.EventRequested, "ann", "orders are late")
	require.NoError(t, b.comment("OPS-7", in))
	require.Error(t, b.comment("OPS-8", in))

	opened := b.request(func(request *contract.Request) {
		request.Ticket, request.Terms.Rules.Ticket.Open = "", contract.TicketPlace{Project: "SEC", Type: "Task"}
	})
	b.opened = "SEC-12"
	in = told(opened, contract.EventRequested, "ann", "orders are late")
	in.Status.Ticket = "SEC-12"
	require.NoError(t, b.comment("SEC-12", in))
	require.Error(t, b.comment("SEC-13", in), "it was opened for another one")
	require.Error(t, b.comment("OPS-7", in))
	require.Len(t, b.commented, 2)
}

func TestP7AWorkflowRaisesItsOwnAlarmsAndNoOthers(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	request := b.request(nil)
	grant := request.Fact.Terms.Accesses[0].GrantID()
	alarm := contract.AlarmInput{
		Alarm: contract.Alarm{
			ID:    grant + "/1/stuck/1",
			Kind:  contract.AlarmStuck,
			At:    time.Now(),
			Grant: grant,
			Text:  "it is stuck",
		},
	}
	b.hold(request.Fact, nil)
	require.NoError(t, b.run(grant, contract.ActivityAlarm, alarm))
	require.Equal(
		t,
		"The workflow "+grant+" says: it is stuck",
		b.alarms(contract.AlarmStuck)[0].Text,
		"nobody vouches for its words",
	)
	require.Error(t, b.run("elsewhere", contract.ActivityAlarm, alarm))

	takeOver := contract.TakeOver{Grant: grant, By: "frank", Reason: "scrapped", At: time.Now().UTC()}
	alarm.Alarm = contract.Alarm{
		ID:    grant + "/1/taken-over/1",
		Kind:  contract.AlarmTakenOver,
		At:    time.Now(),
		Grant: grant,
		Actor: "frank",
		Text:  "frank answers for it",
	}
	require.Error(t, b.run(grant, contract.ActivityAlarm, alarm))
	alarm.TakeOver = sealed(b, b.server, seal.OfTakeOver(takeOver), takeOver)
	require.NoError(t, b.run(grant, contract.ActivityAlarm, alarm))

	stuck := contract.AlarmInput{Request: request, Alarm: contract.Alarm{
		ID:       "stuck/" + id + "/1",
		Kind:     contract.AlarmStuck,
		At:       time.Now(),
		Requests: []string{id},
		Actor:    contract.ActorCurfew,
		Text:     "it is stuck",
	}}
	require.NoError(t, b.run(contract.RequestWorkflowID(id), contract.ActivityAlarm, stuck), "its access is held")
	b.hold(request.Fact, func(h *ledger.Holding) { h.Open, h.Leases = false, nil })
	stuck.ID = "stuck/" + id + "/2"
	require.Error(t, b.run(contract.RequestWorkflowID(id), contract.ActivityAlarm, stuck), "it is gone")

	overdue := contract.AlarmInput{Request: request, Alarm: contract.Alarm{
		ID:       "break-glass-review-overdue/" + id + "/1",
		Kind:     contract.AlarmBreakGlassReviewOverdue,
		At:       time.Now(),
		Requests: []string{id},
		Actor:    contract.ActorCurfew,
		Text:     "ann used break-glass access",
	}}
	require.Error(t, b.run(contract.RequestWorkflowID(id), contract.ActivityAlarm, overdue), "she has not")
	overdue.Request = b.request(func(request *contract.Request) { request.BreakGlass = true })
	require.NoError(t, b.run(contract.RequestWorkflowID(id), contract.ActivityAlarm, overdue))
}

// Nobody has ended the request, and the server alone says who has.
func TestP7WhatTheServerSaysOfARequestIsNoWorkflowsToSay(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	in := told(b.request(nil), contract.EventRequested, "ann", "orders are late")
	in.Status.Ending = &contract.Ending{By: "eve", Reason: "an intruder", At: time.Now()}
	in.Status.Untracked, in.Status.Lost, in.Status.Summary = true, []contract.Gap{{From: 2, To: 3}}, "it has ended"
	require.NoError(t, b.record(in))
	status, _, err := b.store.Request(t.Context(), id)
	require.NoError(t, err)
	require.Nil(t, status.Ending)
	require.False(t, status.Untracked)
	require.Empty(t, status.Lost)
	require.Empty(t, status.Summary)
}
