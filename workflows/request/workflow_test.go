package request

import (
	"context"
	"encoding/json"
	"log/slog"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"curfew/activities"
	"curfew/workflows/contract"
)

// world answers for the activities: a policy of one approval, grants that hold what they are asked to, a ledger.
type world struct {
	mu       sync.Mutex
	env      *testsuite.TestWorkflowEnvironment
	held     map[string]time.Time // by target
	events   []contract.EventKind
	comments []contract.EventKind
	alarms   []contract.AlarmKind

	holdErr    map[string]error // by target; taken away by the first hold that succeeds
	holdFails  int              // how many holds fail with holdErr; 0 is all
	trying     string           // why a grant has not the access yet, to whoever does not know
	extendErr  map[string]error
	lookErr    func() error
	stuckFor   int                // releases that answer with a problem
	unanswered bool               // only a patient release is answered
	mute       int                // patient releases that answer nothing
	unrecorded contract.EventKind // that the ledger refuses
	late       contract.EventKind // that the ledger takes ten minutes later
	ticketErr  error
	policyDeny string
	policy     func(contract.DecideInput) contract.Decision // in the place of counting reviews

	watchUntil func(time.Time) // sees the end of every lease
	onRelease  func()
	asks       func(*contract.Request) // changes the request
	notified   map[string][]string     // "<event> to <people>", by channel
	noted      []contract.EventKind    // on the incident
	notifyErr  map[string]error        // by channel
	unfit      string                  // whose review of break-glass access the policy refuses
	groundless time.Time               // from when on the ticket is closed
	looks      int                     // at the grounds
	opened     contract.OpenTicketInput

	commenting func(context.Context, contract.CommentInput) (contract.Written, error) // in the place of keeping comments
	notifying  func(contract.NotifyInput) (contract.NotifyResult, error)              // answers beside what is kept
}

func (w *world) Decide(_ context.Context, in contract.DecideInput) (contract.Decision, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	d := w.decide(in)
	if d.Ruling == contract.RulingGrant {
		d.Fact = &contract.Sealed[contract.DecisionFact]{
			Fact: contract.DecisionFact{Request: in.Request.Fact.ID, Ruling: d.Ruling},
		}
	}
	return d, nil
}

func (w *world) decide(in contract.DecideInput) contract.Decision {
	d := contract.Decision{
		Ruling: contract.RulingReview,
		Needed: in.Request.Fact.Terms.Rules.Approvals[0].Count,
		Why:    "more reviews",
	}
	if w.policy != nil {
		return w.policy(in)
	}
	if w.policyDeny != "" {
		return contract.Decision{Ruling: contract.RulingDeny, Why: w.policyDeny}
	}
	reviews := in.Reviews
	if in.Extension != nil && in.Extension.Anew {
		reviews = in.Extension.Reviews
	}
	for _, review := range reviews {
		if review.Fact.Verdict == contract.VerdictDeny {
			return contract.Decision{Ruling: contract.RulingDeny, Why: "denied"}
		}
		d.Approvals++
	}
	if d.Approvals >= d.Needed {
		d.Ruling, d.Why = contract.RulingGrant, "approved"
	}
	return d
}

func (w *world) Hold(_ context.Context, in contract.HoldInput) (contract.HoldResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.holdErr[in.Access.Target]; err != nil {
		w.holdFails--
		if w.holdFails == 0 {
			delete(w.holdErr, in.Access.Target)
		}
		return contract.HoldResult{}, err
	}
	if in.Known != w.trying {
		return contract.HoldResult{Request: in.Lease.Request, Trying: w.trying}, nil
	}
	return w.hold(in), nil
}

func (w *world) hold(in contract.HoldInput) contract.HoldResult {
	w.held[in.Access.Target] = in.Lease.Until
	if w.watchUntil != nil {
		w.watchUntil(in.Lease.Until)
	}
	return contract.HoldResult{Until: in.Lease.Until, AnsweredAt: w.env.Now()}
}

func (w *world) Extend(_ context.Context, in contract.HoldInput) (contract.HoldResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.extendErr[in.Access.Target]; err != nil {
		return contract.HoldResult{}, err
	}
	if _, held := w.held[in.Access.Target]; !held { // it came later than the release, as at a real grant
		return contract.HoldResult{}, final(contract.KindClosed)
	}
	return w.hold(in), nil
}

func (w *world) Release(_ context.Context, in contract.ReleaseInput) (contract.ReleaseResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.onRelease != nil {
		w.onRelease()
	}
	if w.unanswered && !in.Patient {
		return contract.ReleaseResult{}, final(contract.KindUnavailable)
	}
	if w.stuckFor > 0 && !in.Patient {
		w.stuckFor--
		return contract.ReleaseResult{Problem: "no route to host"}, nil
	}
	if w.mute > 0 && in.Patient {
		w.mute--
		return contract.ReleaseResult{}, nil
	}
	delete(w.held, in.Access.Target)
	return contract.ReleaseResult{GoneAt: w.env.Now()}, nil
}

// Look sees what the grants have ended by themselves: everything, unless a release is to be seen.
func (w *world) Look(_ context.Context, in contract.LookInput) (contract.LookResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.lookErr != nil {
		err := w.lookErr()
		if err != nil {
			return contract.LookResult{}, err
		}
	}
	looked := contract.LookResult{Results: make([]contract.ReleaseResult, len(in.Accesses))}
	if w.onRelease != nil || w.unanswered || w.stuckFor > 0 || w.mute > 0 {
		return looked, nil
	}
	for i, access := range in.Accesses {
		delete(w.held, access.Target)
		looked.Results[i].GoneAt = w.env.Now()
	}
	return looked, nil
}

func (w *world) Record(_ context.Context, in contract.RecordInput) (contract.RecordResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, event := range in.Events {
		if event.Kind == w.unrecorded {
			return contract.RecordResult{}, final(contract.KindConflict)
		}
		if event.Kind == w.late {
			w.late = ""
			away := contract.Unavailable("the ledger is away")
			away.RetryAfter.Duration = 10 * time.Minute
			return contract.RecordResult{}, away.Application()
		}
	}
	for _, event := range in.Events {
		w.events = append(w.events, event.Kind)
	}
	return contract.RecordResult{}, nil
}

func (w *world) Alarm(_ context.Context, alarm contract.Alarm) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.alarms = append(w.alarms, alarm.Kind)
	return nil
}

func (w *world) Tell(_ context.Context, in contract.CommentInput) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ticketErr != nil {
		return w.ticketErr
	}
	for _, event := range in.Events {
		w.comments = append(w.comments, event.Kind)
	}
	return nil
}

func (w *world) Notify(_ context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if err := w.notifyErr[in.Channel]; err != nil {
		return contract.NotifyResult{}, err
	}
	for _, event := range in.Events {
		told := string(event.Kind)
		if to := in.To[event.Seq]; len(to) > 0 {
			told += " to " + strings.Join(to, " ")
		}
		w.notified[in.Channel] = append(w.notified[in.Channel], told)
	}
	if w.notifying != nil {
		return w.notifying(in)
	}
	return contract.NotifyResult{Thread: in.Channel + in.Thread}, nil
}

func (w *world) Note(_ context.Context, in contract.AddNoteInput) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, event := range in.Events {
		w.noted = append(w.noted, event.Kind)
	}
	return nil
}

func (w *world) PostReview(_ context.Context, in contract.PostReviewInput) error {
	w.mu.Lock()
	defer w.mu.Unlock()
	if in.Review.Fact.Reviewer == w.unfit {
		return final(contract.KindForbidden)
	}
	return nil
}

func (w *world) CheckEvidence(_ context.Context, in contract.EvidenceInput) (contract.EvidenceResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.looks++
	if in.Ticket == "" || w.groundless.IsZero() || w.env.Now().Before(w.groundless) {
		return contract.EvidenceResult{}, nil
	}
	return contract.EvidenceResult{Over: true, By: contract.ActorTicket, Why: "it is closed"}, nil
}

func (w *world) Open(_ context.Context, in contract.OpenTicketInput) (contract.OpenTicketResult, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.opened = in
	return contract.OpenTicketResult{Ticket: "OPS-99"}, nil
}

func newWorld(t *testing.T, w *world) *world {
	t.Helper()
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w.env = suite.NewTestWorkflowEnvironment()
	w.env.SetTestTimeout(time.Minute)
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	w.env.SetStartTime(start)
	w.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: contract.RequestWorkflowID(input().Request.Fact.ID)})
	w.held, w.notified = map[string]time.Time{}, map[string][]string{}
	for name, run := range map[string]any{
		contract.ActivityDecide:      activities.RecordFirst(w.Record, contract.Decision{Unrecorded: true}, w.Decide),
		contract.ActivityHold:        activities.RecordFirst(w.Record, contract.HoldResult{Unrecorded: true}, w.Hold),
		contract.ActivityExtendLease: w.Extend, contract.ActivityLook: w.Look,
		contract.ActivityRelease: w.Release, contract.ActivityRecord: w.Record, contract.ActivityCommentTicket: w.Tell,
		contract.ActivityAlarm: w.Alarm, contract.ActivityNotify: w.Notify, contract.ActivityAddIncidentNote: w.Note,
		contract.ActivityPostReview: w.PostReview, contract.ActivityCheckEvidence: w.CheckEvidence, contract.ActivityOpenTicket: w.Open,
	} {
		if name == contract.ActivityCommentTicket && w.commenting != nil {
			run = w.commenting
		}
		w.env.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: name})
	}
	return w
}

// start is when every test's request is asked.
var start = time.Date(2026, time.November, 23, 12, 0, 0, 0, time.UTC)

func input() contract.RequestInput {
	access := func(target string) contract.Access {
		return contract.Access{
			Target:      target,
			Entitlement: json.RawMessage(`{"role":"reporting"}`),
			Person:      "alice",
			Account:     "alice",
		}
	}
	return contract.RequestInput{Request: contract.Sealed[contract.Request]{Fact: contract.Request{
		ID:        "01TEST",
		Template:  "both",
		Requester: "alice",
		Subject:   "alice",
		Duration:  contract.Duration{Duration: time.Hour},
		Purpose:   contract.Purpose{Reason: "orders are late", Ticket: "OPS-7"},
		AskedAt:   start,
		Terms: contract.Terms{
			Accesses: []contract.Access{
				access("one"),
				access("two"),
			},
			MaxDuration: contract.Duration{Duration: 3 * time.Hour},
			PendingFor:  contract.Duration{Duration: 2 * time.Hour},
			Rules: contract.Rules{
				Approvals: []contract.ApprovalRule{
					{Name: contract.DefaultRuleName, Count: 1, From: []string{"bob", "carol"}},
				},
			},
		},
	}}}
}

// answered is what an update was answered with.
type answered struct {
	refused, failed error
	done            bool
}

func (w *world) at(after time.Duration, do func()) { w.env.RegisterDelayedCallback(do, after) }

func (w *world) update(name string, in any) *answered {
	got := &answered{}
	w.env.UpdateWorkflow(name, "", &testsuite.TestUpdateCallback{
		OnAccept: func() {}, OnReject: func(err error) { got.refused = err },
		OnComplete: func(_ any, err error) { got.failed, got.done = err, true },
	}, in)
	return got
}

func (w *world) review(by string, verdict contract.Verdict) *answered {
	return w.update(contract.UpdateReview, contract.ReviewInput{Review: contract.Sealed[contract.Review]{
		Fact: contract.Review{Request: "01TEST", Reviewer: by, Verdict: verdict},
	}})
}

func (w *world) extend(by time.Duration) *answered {
	return w.update(contract.UpdateExtend, contract.ExtendInput{Extension: contract.Sealed[contract.Extension]{
		Fact: contract.Extension{Request: "01TEST", By: "alice", Duration: contract.Duration{Duration: by}},
	}})
}

func end(by, reason string) contract.EndInput {
	return contract.EndInput{
		End: contract.Sealed[contract.End]{Fact: contract.End{Request: "01TEST", By: by, Reason: reason}},
	}
}

// run plays the request to its end and returns its last status.
func (w *world) run(t *testing.T) contract.Status {
	t.Helper()
	in := input()
	if w.asks != nil {
		w.asks(&in.Request.Fact)
	}
	w.env.ExecuteWorkflow(Request, in)
	require.True(t, w.env.IsWorkflowCompleted())
	require.NoError(t, w.env.GetWorkflowError())
	var status contract.Status
	require.NoError(t, w.env.GetWorkflowResult(&status))
	require.Equal(t, contract.StateEnded, status.State)
	require.Empty(t, w.held, "nothing is left behind")
	return status
}

func final(kind contract.Kind) error { return kind.Problem("no").Answer() }

func TestARequestEndsInEveryOutcome(t *testing.T) {
	t.Parallel()
	const minute = time.Minute
	approve := func(w *world) { w.at(minute, func() { w.review("bob", contract.VerdictApprove) }) }
	revoke := end("alice", "done")
	for name, tc := range map[string]struct {
		world   *world
		play    func(*world)
		outcome contract.Outcome
		lasts   time.Duration
		events  []contract.EventKind
	}{
		"expired": {
			play: approve, outcome: contract.OutcomeExpired, lasts: minute + time.Hour + afterTheEnd,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExpired},
		},
		"expired, reviewed before its first step": {
			play: func(w *world) { w.at(0, func() { w.review("bob", contract.VerdictApprove) }) }, outcome: contract.OutcomeExpired,
			lasts:  time.Hour + afterTheEnd,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExpired},
		},
		"denied by a reviewer": {
			play:    func(w *world) { w.at(minute, func() { w.review("carol", contract.VerdictDeny) }) },
			outcome: contract.OutcomeDenied, lasts: minute, events: []contract.EventKind{contract.EventRequested, contract.EventDenied},
		},
		"denied by the policy": {
			world: &world{policyDeny: "the template is gone"}, play: func(*world) {}, outcome: contract.OutcomeDenied,
			events: []contract.EventKind{contract.EventRequested, contract.EventDenied},
		},
		"withdrawn": {
			play:    func(w *world) { w.at(minute, func() { w.update(contract.UpdateCancel, revoke) }) },
			outcome: contract.OutcomeWithdrawn, lasts: minute, events: []contract.EventKind{contract.EventRequested, contract.EventWithdrawn},
		},
		"withdrawn by a signal before the decision": {
			play:    func(w *world) { w.at(minute, func() { w.env.SignalWorkflow(contract.SignalRevoke, nil) }) },
			outcome: contract.OutcomeWithdrawn, lasts: minute, events: []contract.EventKind{contract.EventRequested, contract.EventWithdrawn},
		},
		"lapsed": {
			play: func(*world) {}, outcome: contract.OutcomeLapsed, lasts: 2 * time.Hour,
			events: []contract.EventKind{contract.EventRequested, contract.EventLapsed},
		},
		"failed, because one of two targets refuses": {
			world: &world{holdErr: map[string]error{"two": final(contract.KindDenied)}}, play: approve, outcome: contract.OutcomeFailed, lasts: minute,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventFailed},
		},
		"failed, because a target stays full": {
			world: &world{holdErr: map[string]error{"two": final(contract.KindCapacity)}}, play: approve, outcome: contract.OutcomeFailed,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventFailed},
		},
		"expired, after a grant has tried for longer": {
			world: &world{trying: "the target is down"}, play: approve, outcome: contract.OutcomeExpired,
			lasts:  minute + time.Hour + afterTheEnd,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExpired},
		},
		"expired, after a full target had room again": {
			world: &world{holdErr: map[string]error{"two": final(contract.KindCapacity)}, holdFails: 3}, play: approve, outcome: contract.OutcomeExpired,
			lasts:  minute + 5*time.Second + 10*time.Second + 20*time.Second + time.Hour + afterTheEnd,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExpired},
		},
		"revoked by an update": {
			play: func(w *world) {
				approve(w)
				w.at(2*minute, func() { w.update(contract.UpdateRevoke, revoke) })
			},
			outcome: contract.OutcomeRevoked, lasts: 2 * minute,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventRevoking, contract.EventRevoked},
		},
		"revoked by a bare signal": {
			play: func(w *world) {
				approve(w)
				w.at(2*minute, func() { w.env.SignalWorkflow(contract.SignalRevoke, map[string]string{"by": "incident tool"}) })
			},
			outcome: contract.OutcomeRevoked, lasts: 2 * minute,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventRevoking, contract.EventRevoked},
		},
		"revoked, because the workflow was canceled": {
			play: func(w *world) {
				approve(w)
				w.at(2*minute, w.env.CancelWorkflow)
			},
			outcome: contract.OutcomeRevoked, lasts: 2 * minute,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventRevoking, contract.EventRevoked},
		},
		"expired, after it was stuck": {
			world: &world{stuckFor: 1}, play: approve, outcome: contract.OutcomeExpired,
			events: []contract.EventKind{
				contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventRevoking, contract.EventStuck, contract.EventExpired,
			},
		},
		"extended by its requester": {
			play: func(w *world) {
				approve(w)
				w.at(30*minute, func() { w.extend(time.Hour) })
			},
			outcome: contract.OutcomeExpired, lasts: minute + 2*time.Hour + afterTheEnd,
			events: []contract.EventKind{contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExtended, contract.EventExpired},
		},
		"extended by a signal and a reviewer": {
			play: func(w *world) {
				approve(w)
				w.at(20*minute, func() { w.env.SignalWorkflow(contract.SignalExtend, contract.ExtendSignal{Duration: "1h"}) })
				w.at(30*minute, func() { w.review("carol", contract.VerdictApprove) })
			},
			outcome: contract.OutcomeExpired, lasts: minute + 2*time.Hour + afterTheEnd,
			events: []contract.EventKind{
				contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExtensionAsked, contract.EventExtended, contract.EventExpired,
			},
		},
		"not extended by a signal alone": {
			play: func(w *world) {
				approve(w)
				w.at(20*minute, func() { w.env.SignalWorkflow(contract.SignalExtend, contract.ExtendSignal{Duration: "1h"}) })
			},
			outcome: contract.OutcomeExpired, lasts: minute + time.Hour + afterTheEnd,
			events: []contract.EventKind{
				contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExtensionAsked, contract.EventExpired,
			},
		},
		"not extended by a signal that a reviewer denies": {
			play: func(w *world) {
				approve(w)
				w.at(20*minute, func() { w.env.SignalWorkflow(contract.SignalExtend, contract.ExtendSignal{Duration: "1h"}) })
				w.at(30*minute, func() { w.review("carol", contract.VerdictDeny) })
			},
			outcome: contract.OutcomeExpired, lasts: minute + time.Hour + afterTheEnd,
			events: []contract.EventKind{
				contract.EventRequested, contract.EventApproved, contract.EventGranted, contract.EventExtensionAsked, contract.EventExtensionDenied, contract.EventExpired,
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if tc.world == nil {
				tc.world = &world{}
			}
			w := newWorld(t, tc.world)
			start := w.env.Now()
			tc.play(w)
			status := w.run(t)
			require.Equal(t, tc.outcome, status.Outcome)
			require.Equal(t, tc.events, w.events)
			require.Equal(t, tc.events, w.comments, "the ticket has each event once")
			if tc.lasts > 0 {
				require.Equal(t, tc.lasts, w.env.Now().Sub(start))
			}
		})
	}
}

func TestBadInputIsRefusedAndChangesNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{})
	var early, late map[string]*answered
	w.at(time.Minute, func() {
		early = map[string]*answered{
			"nobody reviews their own request":   w.review("alice", contract.VerdictApprove),
			"dave is not a reviewer":             w.review("dave", contract.VerdictApprove),
			`"maybe" is no verdict`:              w.review("bob", "maybe"),
			"only active access can be extended": w.extend(time.Hour),
			"cancel it instead":                  w.update(contract.UpdateRevoke, end("alice", "")),
		}
	})
	w.at(2*time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	w.at(3*time.Minute, func() {
		late = map[string]*answered{
			"there is nothing to decide": w.review("carol", contract.VerdictApprove),
			"0s is no time to extend by": w.extend(0),
			"-1h is no time":             w.extend(-time.Hour),
			"ask for 2h or less":         w.extend(2*time.Hour + time.Nanosecond),
			"pass the maximum":           w.extend(1<<63 - 1),
			"revoke it instead":          w.update(contract.UpdateCancel, end("alice", "")),
		}
	})
	var after *answered
	w.at(2*time.Minute+time.Hour, func() { after = w.extend(time.Minute) })
	status := w.run(t)
	for _, refusals := range []map[string]*answered{early, late} {
		for text, got := range refusals {
			require.ErrorContains(t, got.refused, text)
			problem, ok := contract.ProblemOf(got.refused)
			require.True(t, ok)
			require.Contains(t, contract.Final, string(problem.Kind))
		}
	}
	require.ErrorContains(t, after.refused, "its time is over", "the deadline has come, and nobody has looked yet")
	require.NotContains(t, after.refused.Error(), "only active")
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.Len(t, w.events, 4)
}

func TestAnExtensionThatOneTargetRefusesMovesNoEnd(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{extendErr: map[string]error{"two": final(contract.KindDenied)}})
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	var got *answered
	var ends []time.Time
	w.at(2*time.Minute, func() { got = w.extend(time.Hour) })
	w.at(3*time.Minute, func() {
		w.mu.Lock()
		defer w.mu.Unlock()
		ends = []time.Time{w.held["one"], w.held["two"]}
	})
	w.run(t)
	require.Error(t, got.failed)
	require.Equal(t, ends[0], ends[1], "what was moved is moved back")
	require.Contains(t, w.events, contract.EventExtensionDenied)
}

func TestATicketThatRefusesEntriesHoldsNothingUp(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{ticketErr: final(contract.KindNotFound)})
	w.at(time.Minute, func() { w.review("bob", contract.VerdictApprove) })
	w.run(t)
	abandoned := 0
	for _, event := range w.events {
		if event == contract.EventTicketAbandoned {
			abandoned++
		}
	}
	require.Equal(t, 1, abandoned, "the ledger says once that the ticket takes no entries")
	require.Contains(t, w.events, contract.EventExpired)
}
