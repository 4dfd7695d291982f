package grant

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"
	"pgregory.net/rapid"

	"curfew/workflows/contract"
)

// The model tests play everything that can be said to a grant, in any order, while the activities that it waits for
// take any time and answer anything that they can. shards of them run at once; -rapid.checks says how many schedules
// each plays (100 unless told).
const shards = 10

// said is something that a grant is told.
type said struct {
	Gap     time.Duration // after what was said before
	What    string
	Request string
	Lasts   time.Duration
	Patient bool // a release that waits for as long as it takes
	Again   bool // a release of a request that will hold again
}

// answer is what an activity answers, how long that takes, and what somebody says at that moment.
type answer struct {
	After time.Duration
	What  string
	Then  []said
}

// schedule is what is said to a grant, and what the activities answer, until they answer nothing but the truth, and at
// once.
type schedule struct {
	Said                      []said
	Grants, Ends, Looks, Rest []answer
	Continue                  time.Duration // when the server suggests a new run; zero for never
}

func seconds(of ...float64) *rapid.Generator[time.Duration] {
	return rapid.Map(
		rapid.SampledFrom(of),
		func(n float64) time.Duration { return time.Duration(n * float64(time.Second)) },
	)
}

// sayings are what can be said, each as often as it is likely to meet something.
var sayings = []string{
	"hold",
	"hold",
	"hold",
	"extend",
	"release",
	"release",
	"release",
	"release",
	"retry",
	"takeOver",
	"issue",
	"issue",
	"cancel",
}

var anySaying = rapid.Custom(func(t *rapid.T) said {
	return said{
		Gap:     seconds(0, 0, 0.01, 0.5, 1, 1, 2, 2, 4, 7, 30).Draw(t, "gap"),
		What:    rapid.SampledFrom(sayings).Draw(t, "what"),
		Request: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "request"),
		Lasts:   seconds(0.5, 2, 2, 5, 10, 60).Draw(t, "lasts"),
		Patient: rapid.Bool().Draw(t, "patient"), Again: rapid.Bool().Draw(t, "again"),
	}
})

func anyAnswers(most int, what ...string) *rapid.Generator[[]answer] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) answer {
		return answer{
			After: seconds(0, 0, 0.01, 1, 3, 6, 6, 20, 70).Draw(t, "after"),
			What:  rapid.SampledFrom(what).Draw(t, "what"),
			Then:  rapid.SliceOfN(anySaying, 0, 1).Draw(t, "then"),
		}
	}), 0, most)
}

var anySchedule = rapid.Custom(func(t *rapid.T) schedule {
	s := schedule{
		Said:   rapid.SliceOfN(anySaying, 2, 12).Draw(t, "said"),
		Grants: anyAnswers(4, "yes", "yes", "down", "denied", "closed").Draw(t, "grants"),
		Ends:   anyAnswers(6, "yes", "yes", "down", "again", "unlocked", "overtaken").Draw(t, "ends"),
		Looks:  anyAnswers(4, "yes", "no", "down").Draw(t, "looks"),
		Rest:   anyAnswers(4, "yes", "down", "forbidden").Draw(t, "rest"),
	}
	if rapid.IntRange(0, 3).Draw(t, "continues") == 0 {
		s.Continue = seconds(0.01, 5, 20, 100).Draw(t, "continue")
	}
	return s
})

func TestEveryUpdateOfAGrantIsAnsweredAndNoRunStopsActing(t *testing.T) {
	t.Parallel()
	for shard := range shards {
		t.Run(fmt.Sprint("shard ", shard), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { play(t, anySchedule.Draw(t, "schedule")) })
		})
	}
}

// A release that reached a grant while it closed, before an end that took long, was never answered.
func TestAReleaseThatComesWhileAGrantClosesIsAnswered(t *testing.T) {
	t.Parallel()
	play(t, schedule{
		Said: []said{
			{What: "hold", Request: "a", Lasts: 10 * time.Second, Gap: 12 * time.Second},
			{What: "release", Request: "a"},
		},
		Ends: []answer{{What: "down"}, {What: "yes"}, {What: "yes", After: 20 * time.Second}},
		Rest: []answer{{What: "yes", After: 3 * time.Second}},
	})
}

func TestALookThatHangsKeepsNoEndWaiting(t *testing.T) {
	t.Parallel()
	w := play(t, schedule{
		Said:  []said{{What: "hold", Request: "a", Lasts: 80 * time.Second}},
		Looks: []answer{{What: "yes", After: 70 * time.Second}},
	})
	require.WithinDuration(t, w.until, w.gone, time.Second)
}

func TestAnExtensionThatHangsKeepsNoEndWaiting(t *testing.T) {
	t.Parallel()
	w := play(t, schedule{
		Said: []said{
			{What: "hold", Request: "a", Lasts: 10 * time.Second, Gap: 9 * time.Second},
			{What: "extend", Request: "a", Lasts: time.Hour},
		},
		Grants: []answer{{What: "yes"}, {What: "down", After: 20 * time.Second}},
		Ends:   []answer{{What: "down"}}, // its worker died, say
	})
	require.WithinDuration(t, w.until, w.gone, overdue+time.Second)
}

// world stands for everything around one grant.
type world struct {
	env      *testsuite.TestWorkflowEnvironment
	said     int
	accepted map[string]bool // and whether it was answered

	mu     sync.Mutex // activities run beside the environment
	script schedule
	token  contract.Token // of the newest command that was carried out
	held   bool           // at the target
	until  time.Time      // that the last grant gave
	gone   time.Time      // when it was last taken away
}

func play(t require.TestingT, script schedule) *world {
	w := &world{script: script, accepted: map[string]bool{}}
	err := w.run(contract.GrantInput{Access: reporting}, time.Now(), script.Said)
	var again *workflow.ContinueAsNewError
	if errors.As(err, &again) {
		var in contract.GrantInput
		require.NoError(t, converter.GetDefaultDataConverter().FromPayloads(again.Input, &in))
		err = w.run(in, w.env.Now(), nil)
	}
	require.NoError(t, err)
	require.False(t, w.held, "nothing is left at the target")
	for id, answered := range w.accepted {
		require.True(t, answered, "%s was accepted and never answered", id)
	}
	return w
}

// run is one run of the grant's workflow. One that stops acting fails when the environment's time is over.
func (w *world) run(in contract.GrantInput, start time.Time, sayings []said) error {
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	w.env = suite.NewTestWorkflowEnvironment()
	w.env.SetTestTimeout(time.Minute)
	w.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	w.env.SetStartTime(start)
	for name, do := range map[string]any{
		contract.ActivityGrant: w.grant, contract.ActivityEnd: w.end, contract.ActivityDetectDrift: w.look,
		contract.ActivityTakeOver: w.takeOver, contract.ActivityIssue: w.issue, contract.ActivityAlarm: w.alarm,
		contract.ActivityRoute: w.route,
	} {
		w.env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: name})
	}
	for _, request := range []string{"a", "b"} {
		ask := contract.CertificateAsk{Request: request, Person: reporting.Person, Target: reporting.Target}
		for _, notice := range []contract.Notice{
			{Kind: contract.EventDrifted},
			{Kind: contract.EventRestored},
			{Kind: contract.EventRevoking},
			{Kind: contract.EventCertified, Detail: "until " + clock(time.Time{}), Ask: contract.Sealed[contract.CertificateAsk]{Fact: ask}},
		} {
			notice.Target = reporting.Target
			w.env.OnSignalExternalWorkflow("default-test-namespace", contract.RequestWorkflowID(request), "", contract.SignalNoticed, notice).
				Return(nil)
		}
	}
	at := time.Duration(0) // a grant is started by what is said to it
	for _, s := range sayings {
		w.env.RegisterDelayedCallback(func() { w.say(s) }, at)
		at += s.Gap
	}
	if w.script.Continue > 0 && len(sayings) > 0 {
		w.env.RegisterDelayedCallback(func() { w.env.SetContinueAsNewSuggested(true) }, w.script.Continue)
	}
	w.env.ExecuteWorkflow(Grant, in)
	if !w.env.IsWorkflowCompleted() {
		return errors.New("the run has stopped")
	}
	return w.env.GetWorkflowError()
}

// route verifies every lease.
func (w *world) route(_ context.Context, in contract.RouteInput) (contract.Route, error) {
	return contract.Route{Refused: make([]*contract.Problem, len(in.Holds))}, nil
}

// say sends an update, or cancels the workflow, and notes whether what was accepted is answered.
func (w *world) say(s said) {
	var in any
	w.said++
	id := fmt.Sprint(s.What, " ", w.said)
	lease := contract.Lease{
		Request:            s.Request,
		Until:              w.env.Now().Add(s.Lasts),
		DriftCheckInterval: contract.Duration{Duration: 15 * time.Second},
		Restore:            s.Again,
	}
	switch s.What {
	case contract.UpdateHold, contract.UpdateExtendLease:
		in = contract.HoldInput{Access: reporting, Lease: lease}
	case contract.UpdateRelease:
		in = contract.ReleaseInput{Access: reporting, Request: s.Request, Patient: s.Patient, Again: s.Again}
	case contract.UpdateTakeOver:
		in = contract.TakeOverInput{
			TakeOver: contract.Sealed[contract.TakeOver]{
				Fact: contract.TakeOver{Grant: reporting.GrantID(), By: "dave", Reason: "scrapped"},
			},
		}
	case contract.UpdateIssue:
		in = contract.IssueInput{
			Ask: contract.Sealed[contract.CertificateAsk]{
				Fact: contract.CertificateAsk{Request: s.Request, Person: reporting.Person, Target: reporting.Target},
			},
		}
	case "cancel":
		w.env.CancelWorkflow()
		return
	}
	w.env.UpdateWorkflow(s.What, id, &testsuite.TestUpdateCallback{
		OnAccept:   func() { w.accepted[id] = false },
		OnReject:   func(error) {},
		OnComplete: func(any, error) { w.accepted[id] = true },
	}, in)
}

// next takes the next answer of a script; when it is over everything is answered truly, and at once.
func (w *world) next(script *[]answer) answer {
	w.mu.Lock()
	defer w.mu.Unlock()
	if len(*script) == 0 {
		return answer{What: "yes"}
	}
	first := (*script)[0]
	*script = (*script)[1:]
	return first
}

// later answers an activity after a while of the environment's clock, and at that moment somebody says something.
func later[R any](ctx context.Context, w *world, after time.Duration, a answer, do func() (R, error)) (R, error) {
	after += a.After
	answer := func() (R, error) {
		w.mu.Lock()
		defer w.mu.Unlock()
		return do()
	}
	for _, s := range a.Then {
		w.env.RegisterDelayedCallback(func() { w.say(s) }, after+s.Gap)
	}
	if after <= 0 {
		return answer()
	}
	token := activity.GetInfo(ctx).TaskToken
	w.env.RegisterDelayedCallback(func() {
		result, err := answer()
		_ = w.env.CompleteActivity(token, result, err) // nobody may wait for it any more
	}, after)
	var none R
	return none, activity.ErrResultPending
}

func unavailable() error {
	return contract.Unavailable("the target is down").Application()
}

func (w *world) grant(ctx context.Context, command contract.GrantCommand) (contract.GrantReceipt, error) {
	a := w.next(&w.script.Grants)
	return later(ctx, w, 0, a, func() (contract.GrantReceipt, error) {
		switch {
		case a.What == "down":
			return contract.GrantReceipt{}, unavailable()
		case a.What == "denied":
			return contract.GrantReceipt{}, contract.Denied("no such role").Application()
		case a.What == "closed",
			command.Token.Before(w.token),
			!w.held && !command.Opens,
			!command.Until.After(w.env.Now()):
			return contract.GrantReceipt{}, contract.Closed("it came too late").Application()
		}
		w.held, w.token, w.until = true, command.Token, command.Until
		return contract.GrantReceipt{Until: command.Until, Leases: command.Leases}, nil
	})
}

func (w *world) end(ctx context.Context, command contract.EndCommand) (contract.EndReceipt, error) {
	a := w.next(&w.script.Ends)
	return later(ctx, w, max(command.Until.Sub(w.env.Now()), 0), a, func() (contract.EndReceipt, error) {
		switch {
		case command.Token.Before(w.token):
			return contract.EndReceipt{Overtaken: w.token}, nil
		case a.What == "overtaken":
			w.token = contract.Token{Epoch: command.Token.Epoch + int64(time.Second), Seq: 7}
			return contract.EndReceipt{Overtaken: w.token}, nil
		case a.What == "down":
			return contract.EndReceipt{}, unavailable()
		case a.What == "unlocked":
			return contract.EndReceipt{Unlocked: "the ledger can't be reached", Sessions: 1}, nil
		}
		w.token = command.Token
		if a.What == "again" {
			return contract.EndReceipt{Again: w.env.Now().Add(10 * time.Second)}, nil
		}
		w.held, w.gone = false, w.env.Now()
		return contract.EndReceipt{GoneAt: w.gone}, nil
	})
}

func (w *world) look(ctx context.Context, _ contract.DetectDriftCommand) (contract.DetectDriftReceipt, error) {
	a := w.next(&w.script.Looks)
	return later(ctx, w, 0, a, func() (contract.DetectDriftReceipt, error) {
		if a.What == "down" {
			return contract.DetectDriftReceipt{}, contract.Denied("no").Application()
		}
		return contract.DetectDriftReceipt{Held: a.What == "yes"}, nil
	})
}

// rest is what the other activities answer, of which none takes longer than its time.
func (w *world) rest(ctx context.Context, done func()) error {
	a := w.next(&w.script.Rest)
	a.After = min(a.After, grantAttempt)
	_, err := later(ctx, w, 0, a, func() (contract.Certificate, error) {
		if a.What == "forbidden" {
			return contract.Certificate{}, contract.Forbidden("no seal").Application()
		}
		done()
		if a.What == "down" {
			return contract.Certificate{}, unavailable()
		}
		return contract.Certificate{}, nil
	})
	return err
}

func (w *world) takeOver(ctx context.Context, _ contract.TakeOverCommand) error {
	return w.rest(ctx, func() { w.held = false }) // somebody answers for it, also when nothing could be written
}

func (w *world) issue(ctx context.Context, _ contract.IssueCommand) (contract.Certificate, error) {
	return contract.Certificate{}, w.rest(ctx, func() {})
}

func (w *world) alarm(ctx context.Context, _ contract.Alarm) error { return w.rest(ctx, func() {}) }
