package storytest

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// change is how a case comes to have a fact, and how it loses it again.
type change struct{ has, lacks func(*story.Case) }

// state finds the change of a fact. A fact that is not here fails the tests of its sentence.
func state(t *testing.T, name string) change {
	t.Helper()
	if made, known := changes[name]; known {
		return made
	}
	sort, value, _ := strings.Cut(name, " ")
	made, known := sorts[sort]
	require.True(t, known, "say in storytest how a case comes to have the fact %q, and how it loses it", name)
	return made(value)
}

// sorts are facts of which there is one for each kind of event, state or outcome.
var sorts = map[string]func(value string) change{
	"event": func(value string) change {
		return change{
			func(c *story.Case) { c.Event.Kind = contract.EventKind(value) },
			func(c *story.Case) { c.Event.Kind = "something-else" },
		}
	},
	"state": func(value string) change {
		return change{
			func(c *story.Case) { c.Status.State = contract.State(value) },
			func(c *story.Case) { c.Status.State = "something-else" },
		}
	},
	"outcome": func(value string) change {
		return change{
			func(c *story.Case) { c.Status.State, c.Status.Outcome = contract.StateEnded, contract.Outcome(value) },
			func(c *story.Case) { c.Status.Outcome = "something-else" },
		}
	},
}

func hold(c *story.Case) *contract.HoldState { return &c.Status.Holds[0] }

func at(after time.Duration) *time.Time {
	instant := asked.Add(after)
	return &instant
}

var changes = map[string]change{
	"kept up by another request": {
		func(c *story.Case) { hold(c).HeldBy, hold(c).HeldUntil = "R2", at(2*time.Hour) },
		func(c *story.Case) { hold(c).HeldBy, hold(c).HeldUntil, hold(c).GoneAt = "", nil, at(time.Minute) },
	},
	"was kept up by another request": {
		func(c *story.Case) { hold(c).HeldBy, hold(c).HeldUntil = "R2", at(20*time.Minute) },
		func(c *story.Case) { hold(c).HeldBy, hold(c).HeldUntil, hold(c).GoneAt = "", nil, at(time.Minute) },
	},
	"standing": {
		func(c *story.Case) { hold(c).Standing = true },
		func(c *story.Case) { hold(c).Standing = false },
	},
	"standing entitlement": {
		func(c *story.Case) { hold(c).Standing = true },
		func(c *story.Case) { hold(c).Standing = false },
	},
	"gone": {
		func(c *story.Case) { hold(c).GoneAt = at(time.Minute) },
		func(c *story.Case) { hold(c).GoneAt = nil },
	},
	"entitlement gone": {
		func(c *story.Case) { hold(c).GoneAt = at(time.Minute) },
		func(c *story.Case) { hold(c).GoneAt = nil },
	},
	"absent before": {
		func(c *story.Case) { hold(c).AlreadyAbsent = true },
		func(c *story.Case) { hold(c).AlreadyAbsent = false },
	},
	"removed": {
		func(c *story.Case) { hold(c).RemovedAt = at(time.Minute) },
		func(c *story.Case) { hold(c).RemovedAt = nil },
	},
	"removed entitlement": {
		func(c *story.Case) { hold(c).RemovedAt = at(time.Minute) },
		func(c *story.Case) { hold(c).RemovedAt = nil },
	},
	"entitlement held": {func(c *story.Case) { hold(c).Held = true }, func(c *story.Case) { hold(c).Held = false }},
	"entitlement with a problem": {
		func(c *story.Case) { hold(c).Problem = "the role is locked" }, func(c *story.Case) { hold(c).Problem = "" },
	},
	"nothing left":   {func(*story.Case) {}, func(c *story.Case) { hold(c).Held = true }},
	"something left": {func(c *story.Case) { hold(c).Held = true }, func(c *story.Case) { hold(c).Held = false }},
	"never granted":  {func(*story.Case) {}, func(c *story.Case) { c.Status.GrantedAt = at(0) }},
	"taken over": {
		func(c *story.Case) { hold(c).TakenOver = &contract.TakeOver{By: "dan", Reason: "by hand"} },
		func(c *story.Case) { hold(c).TakenOver = nil },
	},
	"stuck": {func(c *story.Case) { c.Status.Stuck = true }, func(c *story.Case) { c.Status.Stuck = false }},
	"a revoke fails": {
		func(c *story.Case) {
			hold(c).Problem = "the role is locked"
			if c.Status.State == "none" {
				c.Status.State = contract.StateRevoking
			}
		},
		func(c *story.Case) { hold(c).Problem = "" },
	},
	"past its end": {
		func(c *story.Case) { c.Status.Until = at(time.Minute) },
		func(c *story.Case) { c.Status.Until = at(time.Hour) },
	},
	"live": {
		func(c *story.Case) { c.Status.State = contract.StateActive },
		func(c *story.Case) { c.Status.State = contract.StateRevoking },
	},
	"break-glass": {
		func(c *story.Case) { c.Status.BreakGlass = true },
		func(c *story.Case) { c.Status.BreakGlass = false },
	},
	"in order": {
		func(c *story.Case) {
			c.Status.PostReview = &contract.Review{Reviewer: "bob", Verdict: contract.VerdictApprove}
		},
		func(c *story.Case) { c.Status.PostReview.Verdict = contract.VerdictDeny },
	},
	"not in order": {
		func(c *story.Case) {
			c.Status.PostReview = &contract.Review{Reviewer: "bob", Verdict: contract.VerdictDeny}
		},
		func(c *story.Case) { c.Status.PostReview.Verdict = contract.VerdictApprove },
	},
	"ended by somebody's word": {
		func(c *story.Case) {
			c.Status.State, c.Status.Ending = contract.StateActive, &contract.Ending{By: "dan", At: asked}
		},
		func(c *story.Case) { c.Status.Ending = nil },
	},
	"ended by a word that is unsaid": {
		func(c *story.Case) {
			c.Status.State, c.Status.Outcome, c.Status.Ending = contract.StateEnded, "something-else", &contract.Ending{
				By: "dan",
				At: asked,
			}
		},
		func(c *story.Case) { c.Status.Ending = nil },
	},
	"untracked": { // no request is called so in its first minutes
		func(c *story.Case) { c.Status.Untracked, c.Status.AskedAt = true, asked },
		func(c *story.Case) { c.Status.Untracked, c.Status.AskedAt = false, now },
	},
	"granted": {func(c *story.Case) { c.Status.GrantedAt = at(0) }, func(c *story.Case) { c.Status.GrantedAt = nil }},
	"not on record": {
		func(c *story.Case) { c.Status.Ending.Unrecorded = true },
		func(c *story.Case) { c.Status.Ending.Unrecorded = false },
	},
}

// others give a value another content.
var others = map[string]func(*story.Case){
	"actor":         func(c *story.Case) { c.Event.Actor = "dan" },
	"subject":       func(c *story.Case) { c.Status.Subject = "dan" },
	"ender":         func(c *story.Case) { c.Status.Ending.By = "bob" },
	"answering":     func(c *story.Case) { hold(c).TakenOver.By = "bob" },
	"keeper":        func(c *story.Case) { hold(c).HeldBy = "R3" },
	"kept-until":    func(c *story.Case) { later := hold(c).HeldUntil.Add(time.Minute); hold(c).HeldUntil = &later },
	"kept":          func(c *story.Case) { c.Status.Holds = append(c.Status.Holds, goneToo(c)) },
	"until":         func(c *story.Case) { later := c.Status.Until.Add(time.Minute); c.Status.Until = &later },
	"start":         func(c *story.Case) { c.Status.StartAt = at(3 * time.Hour) },
	"problem":       func(c *story.Case) { hold(c).Problem = "the database is down" },
	"problem-alone": func(c *story.Case) { hold(c).Problem = "the database is down" },
	"approvals":     func(c *story.Case) { c.Status.Approvals++ },
	"request":       func(c *story.Case) { c.Status.ID = "R9" },
}

// goneToo is one more entitlement, which is gone.
func goneToo(c *story.Case) contract.HoldState {
	other := contract.HoldState{Access: hold(c).Access, GoneAt: at(time.Minute)}
	other.Access.Target = "lightrun-prod"
	return other
}
