package request

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/log"
	"go.temporal.io/sdk/testsuite"
	"go.temporal.io/sdk/worker"

	"curfew/activities"
	"curfew/workflows/contract"
)

// surroundings are everything around one request: a policy, grants on two targets, a ledger, and places to write to.
type surroundings struct {
	env *testsuite.TestWorkflowEnvironment

	mu       sync.Mutex // activities run beside the environment
	script   schedule
	faults   []string
	begun    bool // it has asked for something
	last     contract.Status
	sent     []*sent
	obeyBy   time.Time // somebody has ended the request: it is to have acted on that by then
	given    map[string]contract.DecisionFact
	counted  map[string]bool // reviewers whose reviews the policy was shown
	leases   map[string]lease
	over     map[string]bool      // targets where the request has given up its lease for good
	released map[string]time.Time // when that was first asked for
	answers  map[string]bool      // what releases were answered with
	recorded map[int]contract.Event
	made     map[int]contract.Event // also what the ledger has refused
	refused  map[int]bool
	alarms   []contract.AlarmInput
	places   map[string][]int // what was written there, by number
	refusing bool             // a place refuses something
}

// lease is what a target holds for the request.
type lease struct{ began, until time.Time }

func newSurroundings(script schedule) *surroundings {
	s := &surroundings{
		script: script, given: map[string]contract.DecisionFact{}, counted: map[string]bool{},
		leases: map[string]lease{}, over: map[string]bool{}, released: map[string]time.Time{},
		answers: map[string]bool{}, recorded: map[int]contract.Event{}, made: map[int]contract.Event{},
		refused: map[int]bool{}, places: map[string][]int{},
	}
	s.refusing = slices.ContainsFunc(
		script.Places,
		func(a answer) bool { return a.What == "denied" || a.What == "blocked" },
	)
	var suite testsuite.WorkflowTestSuite
	suite.SetLogger(log.NewStructuredLogger(slog.New(slog.DiscardHandler)))
	s.env = suite.NewTestWorkflowEnvironment()
	s.env.SetTestTimeout(time.Minute)
	s.env.SetWorkerOptions(worker.Options{DeadlockDetectionTimeout: time.Minute}) // a busy machine is no deadlock
	s.env.SetStartTime(start)
	s.env.SetStartWorkflowOptions(client.StartWorkflowOptions{ID: contract.RequestWorkflowID("01TEST")})
	for name, do := range map[string]any{
		contract.ActivityDecide: activities.RecordFirst(s.recordAtOnce, contract.Decision{Unrecorded: true}, s.decide),
		contract.ActivityHold:   activities.RecordFirst(s.recordAtOnce, contract.HoldResult{Unrecorded: true}, s.hold),
		contract.ActivityLook:   s.look, contract.ActivityExtendLease: s.extend,
		contract.ActivityRelease: s.release, contract.ActivityRecord: s.record, contract.ActivityAlarm: s.alarm,
		contract.ActivityCommentTicket: s.comment, contract.ActivityNotify: s.notify,
		contract.ActivityPostReview: s.postReview, contract.ActivityCheckEvidence: s.evidence,
		contract.ActivityOpenTicket: s.openTicket,
	} {
		s.env.RegisterActivityWithOptions(do, activity.RegisterOptions{Name: name})
	}
	return s
}

// act takes the next answer of a script, and gives it after a while of the environment's clock; when the script is
// over, the truth is answered at once. An answer that is lost was the truth, and nobody hears it.
func act[R any](ctx context.Context, s *surroundings, script *[]answer, do func(what string) (R, error)) (R, error) {
	s.mu.Lock()
	s.begun = true
	a := answer{What: "yes"}
	if len(*script) > 0 {
		a, *script = (*script)[0], (*script)[1:]
	}
	s.mu.Unlock()
	now := func() (result R, err error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if a.What == "lost" {
			if result, err = do("yes"); err != nil {
				return result, err
			}
		}
		if a.What == "lost" || a.What == "down" {
			var none R
			return none, unavailable(a.After)
		}
		return do(a.What)
	}
	for _, then := range a.Then {
		s.env.RegisterDelayedCallback(func() { s.say(then) }, a.After+then.Gap)
	}
	if a.After == 0 || a.What == "lost" || a.What == "down" { // the environment retries nothing that is completed later
		return now()
	}
	if ctx.Value(partly{}) != nil || activity.GetInfo(ctx).IsLocalActivity { // what waits for it can't be put off
		return now()
	}
	token := activity.GetInfo(ctx).TaskToken
	s.env.RegisterDelayedCallback(func() {
		result, err := now()
		_ = s.env.CompleteActivity(token, result, err) // nobody may wait for it any more
	}, a.After)
	var none R
	return none, activity.ErrResultPending
}

// partly marks the context of a part of an activity.
type partly struct{}

func (s *surroundings) recordAtOnce(ctx context.Context, in contract.RecordInput) (contract.RecordResult, error) {
	return s.record(context.WithValue(ctx, partly{}, true), in)
}

func unavailable(after time.Duration) error {
	problem := contract.Unavailable("it can't be reached")
	problem.RetryAfter.Duration = after
	return problem.Application()
}

// decide is a policy that counts: as many reviews as the schedule says, and none of those who gain by it.
func (s *surroundings) decide(ctx context.Context, in contract.DecideInput) (contract.Decision, error) {
	return act(ctx, s, &s.script.Policy, func(what string) (contract.Decision, error) {
		reviews := in.Reviews
		if in.Extension != nil && in.Extension.Anew {
			reviews = in.Extension.Reviews
		}
		s.checkReviews(reviews)
		d := s.judge(in, reviews, what)
		for i, review := range reviews {
			if !slices.Contains(d.Refused, i) {
				s.counted[review.Fact.Reviewer] = true
			}
		}
		if what == "forbidden" {
			return contract.Decision{}, contract.Forbidden("it says no").Application()
		}
		if d.Ruling == contract.RulingGrant {
			fact := contract.DecisionFact{
				Request:       in.Request.Fact.ID,
				RequestDigest: fmt.Sprint(len(s.given)),
				Ruling:        d.Ruling,
				Lasts:         d.Duration,
			}
			if in.Extension != nil {
				fact.Lasts.Duration = in.Extension.Held.Fact.Lasts.Duration + in.Extension.Asked.Fact.Duration.Duration
			}
			s.given[fact.RequestDigest] = fact
			d.Fact = &contract.Sealed[contract.DecisionFact]{Fact: fact}
		}
		return d, nil
	})
}

func (s *surroundings) judge(
	in contract.DecideInput, reviews []contract.Sealed[contract.Review], what string,
) contract.Decision {
	fact := in.Request.Fact
	d := contract.Decision{
		Ruling: contract.RulingReview, Why: "more reviews", Needed: s.script.Approvals, Duration: fact.Duration,
		From: []string{"bob", "carol", "dave"}, BreakGlass: fact.BreakGlass && in.Extension == nil,
	}
	if what == "unsealed" && len(reviews) > 0 {
		d.Refused, reviews = []int{len(reviews) - 1}, reviews[:len(reviews)-1]
	}
	for _, review := range reviews {
		if review.Fact.Verdict == contract.VerdictDeny {
			what = "deny"
		}
		if most := review.Fact.Duration; most.Duration > 0 {
			d.Duration.Duration = min(d.Duration.Duration, most.Duration)
		}
		d.Approvals++
	}
	needed := s.script.Approvals
	if in.Extension != nil && in.Extension.Anew {
		needed = 1
	}
	switch {
	case what == "deny":
		d.Ruling, d.Why = contract.RulingDeny, "denied"
	case d.Approvals >= needed || d.BreakGlass:
		d.Ruling, d.Why, d.Reviewers = contract.RulingGrant, "approved", d.From
		if in.Extension == nil && s.env.Now().Before(fact.StartAt) {
			d.Again = fact.StartAt
		}
	}
	return d
}

// hold opens access, or goes on with what there is: no longer than was decided.
func (s *surroundings) hold(ctx context.Context, in contract.HoldInput) (contract.HoldResult, error) {
	return act(ctx, s, &s.script.Holds, func(what string) (contract.HoldResult, error) {
		s.checkDecided(in)
		now, target := s.env.Now(), in.Access.Target
		for refusal, kind := range map[string]contract.Kind{
			"denied": contract.KindDenied, "capacity": contract.KindCapacity, "frozen": contract.KindFrozen,
			"overdue": contract.KindOverdue,
		} {
			if what == refusal {
				return contract.HoldResult{}, kind.Problem("no").Answer()
			}
		}
		switch {
		case what == "trying" && in.Known == "":
			return contract.HoldResult{Request: in.Lease.Request, Trying: "the target is down"}, nil
		case s.over[target]:
			return contract.HoldResult{}, contract.Closed("it has been given up for good").Application()
		case !in.Lease.Until.After(now):
			return contract.HoldResult{}, contract.Overdue("it is over").Answer()
		}
		held := s.leases[target]
		if !held.until.After(now) {
			held = lease{began: now}
		}
		held.until = in.Lease.Until
		if latest := held.began.Add(in.Chain.Decision.Fact.Lasts.Duration); held.until.After(latest) {
			held.until = latest // somebody who comes back has the rest of the time
		}
		s.leases[target] = held
		return contract.HoldResult{
			Request:    in.Lease.Request,
			Until:      held.until,
			Began:      held.began,
			AnsweredAt: s.env.Now(),
		}, nil
	})
}

// extend moves the end of what is held.
func (s *surroundings) extend(ctx context.Context, in contract.HoldInput) (contract.HoldResult, error) {
	return act(ctx, s, &s.script.Extends, func(what string) (contract.HoldResult, error) {
		s.checkDecided(in)
		held, target := s.leases[in.Access.Target], in.Access.Target
		if what == "closed" || s.over[target] || !held.until.After(s.env.Now()) {
			return contract.HoldResult{}, contract.Closed("it came too late").Application()
		}
		if most := in.Chain.Decision.Fact.Lasts.Duration; in.Lease.Until.Sub(held.began) > most {
			s.fault("%s is to hold %s, of %s that were decided", target, in.Lease.Until.Sub(held.began), most)
		}
		held.until = in.Lease.Until
		s.leases[target] = held
		return contract.HoldResult{
			Request:    in.Lease.Request,
			Until:      held.until,
			Began:      held.began,
			AnsweredAt: s.env.Now(),
		}, nil
	})
}

// look sees that the grants have ended access whose time is over, unless their releases have something else to say.
func (s *surroundings) look(_ context.Context, in contract.LookInput) (contract.LookResult, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	result, now := contract.LookResult{Results: make([]contract.ReleaseResult, len(in.Accesses))}, s.env.Now()
	if len(s.script.Releases) > 0 {
		return result, nil
	}
	for i, access := range in.Accesses {
		held, holds := s.leases[access.Target]
		if !holds || held.until.After(now) {
			continue
		}
		delete(s.leases, access.Target)
		s.over[access.Target], s.answers["yes"] = true, true
		result.Results[i].GoneAt = held.until
	}
	return result, nil
}

func (s *surroundings) release(ctx context.Context, in contract.ReleaseInput) (contract.ReleaseResult, error) {
	s.mu.Lock()
	target := in.Access.Target
	if _, asked := s.released[target]; !in.Again && !asked {
		s.released[target] = s.env.Now()
	}
	s.over[target] = s.over[target] || !in.Again // the word that it is over arrives before what becomes of the access
	s.mu.Unlock()
	return act(ctx, s, &s.script.Releases, func(what string) (contract.ReleaseResult, error) {
		result, now := contract.ReleaseResult{Request: in.Request}, s.env.Now()
		if in.Again {
			what = "yes"
		}
		switch what {
		case "problem":
			if !in.Patient {
				result.Problem = "no route to host"
			}
			return result, nil // a patient one that says nothing concludes nothing
		case "taken over":
			result.TakenOver = &contract.Sealed[contract.TakeOver]{
				Fact: contract.TakeOver{By: "dave", Reason: "scrapped"},
			}
		case "shared":
			result.HeldUntil, result.HeldBy = now.Add(time.Hour), "another"
		default:
			result.GoneAt, result.Unconfirmed = now, what == "unconfirmed"
		}
		s.answers[what] = true
		delete(s.leases, target)
		return result, nil
	})
}
