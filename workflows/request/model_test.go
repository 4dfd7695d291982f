package request

import (
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/testsuite"
	"pgregory.net/rapid"

	"curfew/workflows/contract"
)

// The model plays everything that can be said to a request, in any order and in every state, while the activities that
// it waits for take any time, fail, lose their answers and refuse. shards of them run at once; -rapid.checks says how
// many schedules each plays (100 unless it is given).
const shards = 10

// said is something that a request receives.
type said struct {
	Gap   time.Duration // after what was said before
	What  string
	By    string
	Lasts time.Duration
	Deny  bool
}

// answer is what an activity answers, how long that takes, and what somebody says at that moment.
type answer struct {
	After time.Duration
	What  string
	Then  []said
}

// schedule is what is said to a request, and what the activities answer, until they answer nothing but the truth, and
// at once.
type schedule struct {
	Said                                             []said
	Approvals                                        int
	StartsIn                                         time.Duration
	BreakGlass, ReviewExtensions, Evidence, Channels bool
	Opens                                            bool               // a ticket, because there is none
	Refuses                                          contract.EventKind // that the ledger never takes
	Policy, Holds, Extends, Releases                 []answer
	Ledger, Places, Rest                             []answer
	Many                                             time.Duration // when the history has become long; zero for never
}

func seconds(of ...float64) *rapid.Generator[time.Duration] {
	return rapid.Map(rapid.SampledFrom(of), func(n float64) time.Duration {
		return time.Duration(n * float64(time.Second))
	})
}

// sayings are what can be said, each as often as it is likely to meet something.
var sayings = []string{
	"review",
	"review",
	"review",
	"review",
	"extend",
	"extend",
	"extend",
	"extend",
	"extend",
	"extend",
	"revoke",
	"cancel",
	"signal revoke",
	"signal extend",
	"signal extend",
	"noticed revoking",
	"noticed drifted",
	"noticed certified",
	"restate",
	"cancel workflow",
}

var anySaying = rapid.Custom(func(t *rapid.T) said {
	return said{
		Gap:   seconds(0, 0, 0.01, 1, 1, 5, 5, 60, 600, 1800, 3600).Draw(t, "gap"),
		What:  rapid.SampledFrom(sayings).Draw(t, "what"),
		By:    rapid.SampledFrom([]string{"bob", "bob", "carol", "carol", "dave", "alice", "mallory"}).Draw(t, "by"),
		Lasts: seconds(-1, 0, 600, 600, 1800, 3600, 7200, 10800, 1e6).Draw(t, "lasts"),
		Deny:  rapid.IntRange(0, 15).Draw(t, "deny") == 0,
	}
})

func anyAnswers(most int, what ...string) *rapid.Generator[[]answer] {
	return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) answer {
		return answer{
			After: seconds(0, 0, 0.01, 1, 3, 8).Draw(t, "after"),
			What:  rapid.SampledFrom(what).Draw(t, "what"),
			Then:  rapid.SliceOfN(anySaying, 0, 1).Draw(t, "then"),
		}
	}), 0, most)
}

func oneIn(t *rapid.T, n int, name string) bool { return rapid.IntRange(1, n).Draw(t, name) == n }

var anySchedule = rapid.Custom(func(t *rapid.T) schedule {
	s := schedule{
		Said:             rapid.SliceOfN(anySaying, 1, 10).Draw(t, "said"),
		Approvals:        rapid.SampledFrom([]int{0, 0, 1, 2}).Draw(t, "approvals"),
		ReviewExtensions: oneIn(t, 3, "reviews of extensions"),
		BreakGlass:       oneIn(t, 6, "break-glass"),
		Evidence:         oneIn(t, 6, "evidence"),
		Channels:         oneIn(t, 3, "channels"),
		Opens:            oneIn(t, 4, "opens"),
		Policy: anyAnswers(
			5,
			"yes",
			"yes",
			"yes",
			"down",
			"lost",
			"deny",
			"forbidden",
			"unsealed",
		).Draw(t, "policy"),
		Holds: anyAnswers(6, "yes", "yes", "down", "lost", "denied", "capacity", "frozen", "overdue", "trying").
			Draw(t, "holds"),
		Extends: anyAnswers(4, "yes", "yes", "down", "lost", "closed").Draw(t, "extends"),
		Releases: anyAnswers(
			8,
			"yes",
			"down",
			"lost",
			"problem",
			"shared",
			"taken over",
			"unconfirmed",
		).Draw(t, "releases"),
		Ledger: anyAnswers(4, "yes", "down", "lost", "restored").Draw(t, "ledger"),
		Places: anyAnswers(4, "yes", "down", "lost", "denied", "blocked").Draw(t, "places"),
		Rest:   anyAnswers(4, "yes", "down", "lost", "over", "forbidden").Draw(t, "rest"),
	}
	if oneIn(t, 5, "starts later") {
		s.StartsIn = seconds(1, 600, 3600, 9000).Draw(t, "starts in")
	}
	if oneIn(t, 5, "refuses") {
		s.Refuses = rapid.SampledFrom(contract.EventKinds()).Draw(t, "refuses which")
	}
	if oneIn(t, 5, "many") {
		s.Many = seconds(1, 60, 3600).Draw(t, "many from")
	}
	return s
})

func TestARequestKeepsToItsModelWhateverIsSaidAndWhateverFails(t *testing.T) {
	t.Parallel()
	for shard := range shards {
		t.Run(fmt.Sprint("shard ", shard), func(t *testing.T) {
			t.Parallel()
			rapid.Check(t, func(t *rapid.T) { play(t, anySchedule.Draw(t, "schedule")) })
		})
	}
}

// An extension that was signaled to a request that had ended, while it waited for its ledger or a place, was refused in
// an entry that the places which had been waited for before never got.
func TestWhatIsSaidWhileARequestWaitsForItsPlacesIsWrittenEverywhere(t *testing.T) {
	t.Parallel()
	late := []answer{{
		What: "down", After: 8 * time.Second, Then: []said{{What: "signal extend", By: "bob", Lasts: time.Hour}},
	}}
	for name, script := range map[string]schedule{
		"the ledger": {Ledger: late},
		"an alarm":   {Rest: late, Refuses: contract.EventDenied},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			script.Approvals, script.Channels = 1, true
			script.Said = []said{{What: "review", By: "bob", Deny: true}}
			play(t, script)
		})
	}
}

func TestAnExtensionThatWaitsBehindAnotherIsAnsweredWhenTheAccessIsEnded(t *testing.T) {
	t.Parallel()
	s := play(t, schedule{
		Said: []said{
			{What: "restate", Gap: time.Minute},
			{What: "extend", By: "alice", Lasts: time.Minute, Gap: time.Second},
			{What: "extend", By: "alice", Lasts: time.Minute, Gap: time.Second},
			{What: "revoke", By: "alice"},
		},
		Policy: []answer{{What: "yes"}, {What: "yes", After: 8 * time.Second}},
	})
	require.Error(t, s.sent[1].err)
}

// request is the request that a schedule is about.
func (s schedule) request() contract.RequestInput {
	in := input()
	fact := &in.Request.Fact
	fact.Terms.Rules.Approvals[0] = contract.ApprovalRule{
		Name: contract.DefaultRuleName, Count: max(s.Approvals, 1), From: []string{"bob", "carol", "dave"},
	}
	fact.Terms.Rules.Extension.Review = s.ReviewExtensions
	fact.Terms.EndWithTicket = s.Evidence
	fact.BreakGlass = s.BreakGlass
	fact.Terms.Rules.BreakGlass.ReviewWithin = contract.Duration{Duration: 24 * time.Hour}
	if s.StartsIn > 0 {
		fact.StartAt = start.Add(s.StartsIn)
	}
	if s.Channels {
		fact.Terms.Channels = []string{"chat"}
		fact.Terms.Reminders = []contract.Duration{{Duration: 30 * time.Minute}}
		fact.Terms.Warnings = []contract.Duration{{Duration: 10 * time.Minute}}
	}
	if s.Opens {
		fact.Ticket, fact.Terms.Rules.Ticket.Open = "", contract.TicketPlace{Project: "OPS", Type: "Task"}
	}
	return in
}

func play(t require.TestingT, script schedule) *surroundings {
	s := newSurroundings(script)
	at := time.Duration(0)
	for _, what := range script.Said {
		s.env.RegisterDelayedCallback(func() { s.say(what) }, at)
		at += what.Gap
	}
	if script.BreakGlass { // somebody reviews it at last, or it would wait for ever
		for _, by := range []string{"bob", "carol", "dave"} {
			s.env.RegisterDelayedCallback(func() { s.say(said{What: "review", By: by}) }, 10*24*time.Hour)
		}
	}
	if script.Many > 0 {
		s.env.RegisterDelayedCallback(func() { s.env.SetContinueAsNewSuggested(true) }, script.Many)
	}
	s.env.ExecuteWorkflow(Request, script.request())
	require.True(t, s.env.IsWorkflowCompleted(), "the request has stopped acting")
	require.NoError(t, s.env.GetWorkflowError())
	var status contract.Status
	require.NoError(t, s.env.GetWorkflowResult(&status))
	s.mu.Lock()
	defer s.mu.Unlock()
	s.saw(status)
	s.checkStory(status)
	s.checkEnd(status)
	s.checkAnswers()
	require.Empty(t, s.faults)
	return s
}

// say sends an update or a signal, or cancels the workflow, and notes what is owed from then on.
func (s *surroundings) say(what said) {
	now, reason := s.env.Now(), "because"
	switch what.What {
	case "review":
		verdict := contract.VerdictApprove
		if what.Deny {
			verdict = contract.VerdictDeny
		}
		s.update(contract.UpdateReview, what, contract.ReviewInput{Review: contract.Sealed[contract.Review]{
			Fact: contract.Review{
				Request: "01TEST", Reviewer: what.By, Verdict: verdict, At: now,
				Duration: contract.Duration{Duration: what.Lasts},
			},
		}})
	case "extend":
		s.update(contract.UpdateExtend, what, contract.ExtendInput{Extension: contract.Sealed[contract.Extension]{
			Fact: contract.Extension{
				Request: "01TEST", By: what.By, At: now,
				Duration: contract.Duration{Duration: what.Lasts},
			},
		}})
	case "revoke", "cancel":
		s.update(what.What, what, end(what.By, reason))
	case "signal revoke":
		s.owe(s.status())
		s.env.SignalWorkflow(contract.SignalRevoke, map[string]any{"by": 7, "reason": []int{1}})
	case "signal extend":
		s.env.SignalWorkflow(contract.SignalExtend, contract.ExtendSignal{By: what.By, Duration: what.Lasts.String()})
	case "noticed revoking":
		s.owe(s.status())
		s.env.SignalWorkflow(contract.SignalNoticed, contract.Notice{Kind: contract.EventRevoking, Target: "one"})
	case "noticed drifted":
		s.env.SignalWorkflow(contract.SignalNoticed, contract.Notice{Kind: contract.EventDrifted, Target: "one"})
	case "noticed certified":
		s.env.SignalWorkflow(contract.SignalNoticed, contract.Notice{Kind: contract.EventCertified, Target: "one"})
	case "restate":
		s.env.SignalWorkflow(contract.SignalRestate, nil)
	case "cancel workflow":
		s.owe(s.status())
		s.env.CancelWorkflow()
	}
}

// sent is an update and what became of it.
type sent struct {
	what               said
	accepted, answered bool
	at, by             time.Time // when it was accepted, and answered
	err                error
}

func (s *surroundings) update(name string, what said, in any) {
	u := &sent{what: what}
	s.sent = append(s.sent, u)
	before := s.status()
	s.env.UpdateWorkflow(name, fmt.Sprint(name, " ", len(s.sent)), &testsuite.TestUpdateCallback{
		OnReject: func(error) {},
		OnAccept: func() {
			u.accepted, u.at = true, s.env.Now()
			if name == contract.UpdateRevoke || name == contract.UpdateCancel {
				s.owe(before)
			}
		},
		OnComplete: func(_ any, err error) { u.answered, u.by, u.err = true, s.env.Now(), err },
	}, in)
}

// status is what the request says of itself now, which must follow from what it said before.
func (s *surroundings) status() contract.Status {
	var status contract.Status
	s.mu.Lock()
	begun := s.begun
	s.mu.Unlock()
	if !begun {
		return contract.Status{State: contract.StatePending} // nothing can be asked before the first step
	}
	value, err := s.env.QueryWorkflow(contract.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if err != nil {
		s.fault("its status can't be read: %v", err)
	}
	s.saw(status)
	return status
}

// saw compares a status with the one before.
func (s *surroundings) saw(status contract.Status) {
	if s.last.State != "" && !status.MayFollow(s.last) {
		s.fault("%s (%s) follows %s (%s)", status.State, status.Outcome, s.last.State, s.last.Outcome)
	}
	if status.Seq < s.last.Seq {
		s.fault("event %d is forgotten: %d", s.last.Seq, status.Seq)
	}
	s.last = status
}

func (s *surroundings) fault(what string, args ...any) {
	s.faults = append(s.faults, fmt.Sprintf(what, args...))
}

func (s schedule) String() string {
	text, _ := json.Marshal(s)
	return string(text)
}
