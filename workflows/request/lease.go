package request

import (
	"slices"
	"strings"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

const (
	firstPause   = 5 * time.Second // between tries to grant while a target is full or down
	longestPause = time.Minute
	// noticeable is how late access may come before its end is moved by as much: the access clock starts with the
	// access.
	noticeable = time.Second
)

// grantAll puts a lease on the grant of every entitlement, all or none. While a target is full or down it tries again,
// for as long as the request might have waited for reviews.
func (r *run) grantAll(ctx workflow.Context) bool {
	giveUp := workflow.Now(ctx).Add(r.fact().Terms.PendingFor.Duration)
	for pause := firstPause; r.endRequest == nil; pause = min(2*pause, longestPause) {
		problem := r.holdAll(ctx)
		if problem == nil {
			return r.endRequest == nil
		}
		r.status.Why = problem.Error()
		r.show(ctx)
		if slices.Contains(contract.Final, string(problem.Kind)) || workflow.Now(ctx).Add(pause).After(giveUp) {
			return false
		}
		// None is kept while another is missing. A grant that failed ends by itself.
		r.release(ctx, r.heldOnes(), contract.ReleaseInput{Again: true})
		if problem.Kind == contract.KindOverdue {
			continue // a worker died meanwhile, say; the next try asks for a new end
		}
		wait.For(ctx, pause, "Try again to grant", func() bool { return r.endRequest != nil })
	}
	return false
}

// holdAll asks every grant to hold, waits for all answers, and returns the first that is a no.
func (r *run) holdAll(ctx workflow.Context) *contract.Problem {
	story := r.recordApproval(ctx)
	if r.endRequest != nil {
		return errEndedMeanwhile()
	}
	asked := workflow.Now(ctx)
	until := asked.Add(r.status.Duration.Duration)
	began, answered := time.Time{}, time.Time{}
	r.status.Until = &until
	waiting := make([]holding, len(r.status.Holds))
	for i := range r.status.Holds {
		r.status.Holds[i] = contract.HoldState{Access: r.status.Holds[i].Access}
		in := r.holdInput(i, until)
		in.Story = story
		waiting[i] = holding{in, hold(ctx, in)}
	}
	var refused *contract.Problem
	for i, h := range waiting {
		result, problem := r.awaitHold(ctx, i, h)
		switch {
		case r.endRequest != nil && problem != nil:
			return problem
		case problem != nil:
			r.status.Holds[i].Problem = problem.Error()
			if refused == nil || slices.Contains(contract.Final, string(problem.Kind)) {
				refused = problem
			}
			continue
		}
		r.status.Holds[i].Held, r.status.Holds[i].Standing, r.status.Holds[i].Problem = true, result.Standing, ""
		until, began = earlier(until, result.Until), earlier(began, result.Began)
		if result.AnsweredAt.After(answered) {
			answered = result.AnsweredAt
		}
	}
	if refused == nil {
		r.status.Why = ""
		r.begin(ctx, asked, began, until, answered)
	}
	return refused
}

// recordApproval sees to it that nothing is granted which the ledger does not know to be approved. What a single hold
// can carry need not be waited for.
func (r *run) recordApproval(ctx workflow.Context) *contract.RecordInput {
	if len(r.status.Holds) == 1 {
		if story := r.carry(); story != nil {
			return story
		}
	}
	r.awaitRecorded(ctx)
	return nil
}

// holding is a hold that waits for its answer.
type holding struct {
	in     contract.HoldInput
	future workflow.Future
}

// awaitHold waits for a grant's answer. Why the access is not there yet is shown meanwhile.
func (r *run) awaitHold(ctx workflow.Context, i int, h holding) (contract.HoldResult, *contract.Problem) {
	for {
		// ctx is never canceled.
		_ = workflow.Await(ctx, func() bool { return h.future.IsReady() || r.endRequest != nil })
		if !h.future.IsReady() {
			r.carried(h.in.Story, false)
			return contract.HoldResult{}, errEndedMeanwhile()
		}
		var result contract.HoldResult
		err := h.future.Get(ctx, &result)
		r.carried(h.in.Story, err == nil && !result.Unrecorded)
		h.in.Story = nil
		switch {
		case err != nil:
			return result, contract.AsProblem(err)
		case result.Unrecorded:
			r.awaitRecorded(ctx)
		case result.Trying != "":
			h.in.Known = result.Trying
			r.status.Why, r.status.Holds[i].Problem = result.Trying, result.Trying
			r.show(ctx)
		default:
			return result, nil
		}
		if r.endRequest != nil {
			return contract.HoldResult{}, errEndedMeanwhile()
		}
		h.future = hold(ctx, h.in)
	}
}

func errEndedMeanwhile() *contract.Problem {
	return contract.Conflict("it was ended while it was being granted")
}

// earlier leaves out an instant that is not set.
func earlier(a, b time.Time) time.Time {
	if a.IsZero() || !b.IsZero() && b.Before(a) {
		return b
	}
	return a
}

// begin starts the access clock: when the first target gave the access, because no decision gives any target more time
// than it says. What is only the rest of that time is not moved.
func (r *run) begin(ctx workflow.Context, asked, began, until, answered time.Time) {
	began = earlier(began, earlier(answered, workflow.Now(ctx)))
	late, whole := began.Sub(asked), until.Equal(asked.Add(r.status.Duration.Duration))
	if late > noticeable && whole && r.moveAll(ctx, until, until.Add(late)) == nil {
		asked, until = asked.Add(late), until.Add(late)
	}
	r.status.GrantedAt, r.status.Until = &asked, &until
	if r.status.ReviewDue != nil {
		r.processPostReviews(ctx)
	}
	r.recordSettled(ctx, answered, contract.EventGranted, contract.ActorCurfew, r.standing())
}

func (r *run) holdInput(i int, until time.Time) contract.HoldInput {
	fact := r.fact()
	return contract.HoldInput{Access: r.status.Holds[i].Access, Chain: r.chain, Lease: contract.Lease{
		Request: fact.ID, Until: until, KeepSessions: fact.Terms.KeepSessions, Reference: fact.Reference(),
		DriftCheckInterval: fact.Terms.DriftCheckInterval, Restore: fact.Terms.Restore,
		ReadBack: r.status.Holds[i].Access.ReadBack,
	}}
}

// moveAll moves the end of every lease, or of none: those that were moved are moved back when another can't be.
func (r *run) moveAll(ctx workflow.Context, from, to time.Time) *contract.Problem {
	moved, problem := r.move(ctx, to, r.all())
	if problem != nil && len(moved) > 0 {
		if _, back := r.move(ctx, from, moved); back != nil {
			// The request ends all leases at its own deadline, whatever the grants believe.
			workflow.GetLogger(ctx).
				Warn("a lease keeps the end that it should not have", "request", r.status.ID, "problem", back.Error())
		}
	}
	return problem
}

func (r *run) move(ctx workflow.Context, to time.Time, which []int) (moved []int, problem *contract.Problem) {
	futures := make([]workflow.Future, len(which))
	for n, i := range which {
		futures[n] = extendLease(ctx, r.holdInput(i, to))
	}
	for n, future := range futures {
		_ = workflow.Await(ctx, func() bool { return future.IsReady() || r.endRequest != nil }) // ctx is never canceled
		if !future.IsReady() {
			return moved, contract.Conflict("the access was ended meanwhile")
		}
		if err := future.Get(ctx, nil); err != nil {
			problem = contract.AsProblem(err)
			continue
		}
		moved = append(moved, which[n])
	}
	return moved, problem
}

// releaseAll gives every lease up and returns when all of them are seen to be gone, however long it takes.
func (r *run) releaseAll(ctx workflow.Context) {
	problems := r.release(ctx, r.lookForTheRest(ctx), contract.ReleaseInput{})
	if len(problems) == 0 && r.expired {
		r.concludedAt = r.goneAt()
	}
	if len(problems) == 0 {
		return
	}
	if r.status.State != contract.StateRevoking {
		r.recordEvent(ctx, contract.EventRevoking, contract.ActorDeadline, "", "")
	}
	r.status.Stuck = true
	if r.unanswered { // else the grants have raised the alarm
		r.alarm(
			ctx,
			contract.AlarmStuck,
			workflow.Now(ctx).Unix(),
			"The access should be gone and is not seen to be:\n"+r.problems()+
				"\nCurfew keeps trying. See `curfew stuck list`.",
		)
	}
	workflow.Go(ctx, r.remindOfStuck)
	for problems = r.release(ctx, problems, contract.ReleaseInput{Patient: true}); len(problems) > 0; {
		// An answer that says neither that the access is gone nor who answers for it concludes nothing.
		wait.For(ctx, longestPause, "Try again to release", func() bool { return false })
		problems = r.release(ctx, problems, contract.ReleaseInput{Patient: true})
	}
	r.status.Stuck = false
}

// lookForTheRest looks what has become of accesses whose time is over, which their grants end by themselves, and
// returns those that are to be released. Whatever ends early is released.
func (r *run) lookForTheRest(ctx workflow.Context) (rest []int) {
	if !r.expired {
		return r.all()
	}
	r.concluding = true
	look, err := lookLocally(ctx, r.lookInput())
	if err != nil { // the ledger is slow: a task that is run again must not come to another end for that
		look, err = lookPatiently(ctx, r.lookInput())
	}
	for i := range r.status.Holds {
		if err != nil || i >= len(look.Results) || !look.Results[i].Over() {
			rest = append(rest, i)
			continue
		}
		r.released(i, look.Results[i])
	}
	if len(rest) > 0 {
		r.concluding = false
		return rest
	}
	r.concludedAt = r.goneAt()
	return nil
}

// goneAt is when the last access was seen to be gone that has ended at its deadline, by what is in the history or in
// the ledger, and not by the clock of whoever looked; zero when one was not.
func (r *run) goneAt() time.Time {
	last := *r.status.Until
	for _, hold := range r.status.Holds {
		gone := hold.GoneAt
		if gone == nil {
			gone = hold.RemovedAt
		}
		if gone == nil {
			return time.Time{}
		}
		if gone.After(last) {
			last = *gone
		}
	}
	return last
}

func (r *run) lookInput() contract.LookInput {
	in := contract.LookInput{Request: r.status.ID, HeldSince: *r.status.GrantedAt}
	for _, hold := range r.status.Holds {
		in.Accesses = append(in.Accesses, hold.Access)
	}
	return in
}

// reminder is how often the event is repeated that a revoke is stuck.
const reminder = 24 * time.Hour

func (r *run) remindOfStuck(ctx workflow.Context) {
	for r.status.Stuck {
		r.recordEvent(ctx, contract.EventStuck, contract.ActorCurfew, "", r.problems())
		wait.For(ctx, reminder, "Repeat that the revoke is stuck", func() bool { return !r.status.Stuck })
	}
}

// takenOver is true when a person answers for something that Curfew could not take away.
func (r *run) takenOver() bool {
	return slices.ContainsFunc(r.status.Holds, func(hold contract.HoldState) bool { return hold.TakenOver != nil })
}

// unconfirmed is true when something was removed, and nobody can see that it is gone.
func (r *run) unconfirmed() bool {
	return slices.ContainsFunc(r.status.Holds, func(hold contract.HoldState) bool { return hold.RemovedAt != nil })
}

// release gives leases up, in a way, and returns those entitlements that could not be taken away yet.
func (r *run) release(ctx workflow.Context, which []int, in contract.ReleaseInput) (stuck []int) {
	futures := make([]workflow.Future, len(which))
	for n, i := range which {
		hold := r.status.Holds[i]
		in.Access, in.Request, in.HeldSince = hold.Access, r.status.ID, time.Time{}
		in.End = r.endedBy()
		if hold.Held && r.status.GrantedAt != nil {
			in.HeldSince = *r.status.GrantedAt
		}
		futures[n] = release(ctx, in)
	}
	r.unanswered = false
	for n, i := range which {
		var result contract.ReleaseResult
		if err := futures[n].Get(ctx, &result); err != nil {
			r.unanswered = true
			result.Problem = contract.AsProblem(err).Error()
		}
		r.status.Holds[i].Problem = result.Problem
		if !result.Over() {
			stuck = append(stuck, i)
			continue
		}
		r.released(i, result)
	}
	return stuck
}

// released takes over what has become of an access that is over.
func (r *run) released(i int, result contract.ReleaseResult) {
	hold := &r.status.Holds[i]
	hold.Problem = ""
	hold.Held, hold.Standing, hold.Sessions = false, result.Standing || hold.Standing, result.Sessions
	hold.AlreadyAbsent = result.AlreadyAbsent
	if by := result.TakenOver; by != nil {
		hold.TakenOver = &by.Fact
		r.said.TakeOvers = append(r.said.TakeOvers, *by)
	}
	hold.GoneAt, hold.HeldUntil, hold.HeldBy = instant(result.GoneAt), instant(result.HeldUntil), result.HeldBy
	if result.Unconfirmed && !result.GoneAt.Before(r.status.AskedAt) { // not what an earlier request left
		hold.GoneAt, hold.RemovedAt = nil, hold.GoneAt
	}
}

// endedBy is who has ended the request, and why.
func (r *run) endedBy() contract.Sealed[contract.End] {
	switch {
	case r.endRequest != nil && !r.expired:
		return *r.endRequest
	case r.status.GrantedAt != nil:
		return contract.Sealed[contract.End]{Fact: contract.End{Request: r.status.ID, By: contract.ActorDeadline}}
	}
	return contract.Sealed[contract.End]{
		Fact: contract.End{Request: r.status.ID, By: contract.ActorCurfew, Reason: r.status.Why},
	}
}

func (r *run) all() []int {
	which := make([]int, len(r.status.Holds))
	for i := range which {
		which[i] = i
	}
	return which
}

func (r *run) heldOnes() []int {
	return slices.DeleteFunc(r.all(), func(i int) bool { return !r.status.Holds[i].Held })
}

func (r *run) problems() string {
	var lines []string
	for _, hold := range r.status.Holds {
		if hold.Problem != "" {
			lines = append(lines, hold.Access.Target+": "+hold.Problem)
		}
	}
	return strings.Join(lines, "\n")
}

func instant(at time.Time) *time.Time {
	if at.IsZero() {
		return nil
	}
	return &at
}
