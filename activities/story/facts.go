package story

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"curfew/workflows/contract"
)

// happened is true of an event of a kind.
func happened(kind contract.EventKind) Fact {
	return Fact{"event " + string(kind), func(c Case) bool { return c.Event.Kind == kind }}
}

// in is true of a request in a state.
func in(state contract.State) Fact {
	return Fact{"state " + string(state), func(c Case) bool { return c.Status.State == state }}
}

// ended is true of a request that has ended with an outcome.
func ended(outcome contract.Outcome) Fact {
	return Fact{"outcome " + string(outcome), func(c Case) bool {
		return c.Status.State == contract.StateEnded && c.Status.Outcome == outcome
	}}
}

// The facts about the access.
var (
	// keptUp: another request holds the access up, or a part of it.
	keptUp = Fact{
		"kept up by another request",
		func(c Case) bool { return len(c.kept()) > 0 && c.keptUntil().After(c.Now) },
	}
	// wasKeptUp: another request did, and its time is over.
	wasKeptUp = Fact{
		"was kept up by another request",
		func(c Case) bool { return len(c.kept()) > 0 && !c.keptUntil().After(c.Now) },
	}
	// wasThere: the subject had all of the access before, and keeps it.
	wasThere = Fact{
		"standing",
		func(c Case) bool { return c.every(func(h contract.HoldState) bool { return h.Standing }) },
	}
	// gone: all of the access was seen to be gone, but for what stood before.
	gone = Fact{"gone", func(c Case) bool {
		return c.every(func(h contract.HoldState) bool { return h.Standing || h.GoneAt != nil && !held(h) })
	}}
	// removed: no proof shows that it is gone.
	removed = Fact{"removed", func(c Case) bool {
		return slices.ContainsFunc(c.Status.Holds, func(h contract.HoldState) bool { return h.RemovedAt != nil })
	}}
	// nothingLeft: the request gave nothing that is still there.
	nothingLeft = Fact{"nothing left", func(c Case) bool { return !slices.ContainsFunc(c.Status.Holds, held) }}
	// somethingLeft: a part of it may be there.
	somethingLeft = Fact{"something left", func(c Case) bool { return slices.ContainsFunc(c.Status.Holds, held) }}
	// neverGranted: there was no access at any time.
	neverGranted = Fact{
		"never granted",
		func(c Case) bool { return c.Status.GrantedAt == nil && !slices.ContainsFunc(c.Status.Holds, held) },
	}
	// answeredFor: a person has taken it over.
	answeredFor = Fact{"taken over", func(c Case) bool { return c.answering() != "" }}
	// stuck: the revoke is past its alarm time.
	stuck = Fact{"stuck", func(c Case) bool { return c.Status.Stuck }}
	// refusing: the target has said why the access can't be revoked, and it should have been by now.
	refusing = Fact{"a revoke fails", func(c Case) bool { return c.problem() != "" && (c.over() || c.Status.Stuck) }}
	// untracked: no workflow looks after it any more.
	untracked = Fact{"untracked", func(c Case) bool { return c.Status.Untracked }}
	// wasGranted: there was access, and it has an end.
	wasGranted = Fact{"granted", func(c Case) bool { return c.Status.GrantedAt != nil && c.Status.Until != nil }}
	// pastEnd: the time is over.
	pastEnd = Fact{"past its end", Case.over}
)

// The facts about what people said.
var (
	breakGlass = Fact{"break-glass", func(c Case) bool { return c.Status.BreakGlass }}
	inOrder    = Fact{"in order", func(c Case) bool {
		return c.Status.PostReview != nil && c.Status.PostReview.Verdict == contract.VerdictApprove
	}}
	notInOrder = Fact{"not in order", func(c Case) bool {
		return c.Status.PostReview != nil && c.Status.PostReview.Verdict == contract.VerdictDeny
	}}
	// endedByWord: somebody has ended it, and its events do not say so yet.
	endedByWord = Fact{"ended by somebody's word", func(c Case) bool {
		return c.Status.Ending != nil && c.Status.State != contract.StateEnded
	}}
	// endedUnsaid: somebody had ended it, and its events say that something else did.
	endedUnsaid = Fact{"ended by a word that is unsaid", func(c Case) bool {
		return c.Status.Ending != nil && c.Status.State == contract.StateEnded
	}}
	unrecorded = Fact{
		"not on record",
		func(c Case) bool { return c.Status.Ending != nil && c.Status.Ending.Unrecorded },
	}
)

// longestProblem is how much of a target's own words is shown, in UTF-16 code units.
const longestProblem = 500

// values are what the texts name in braces.
var values = map[string]func(Case) string{
	"actor":   func(c Case) string { return Person(c.Status.Names, c.Event.Actor) },
	"subject": func(c Case) string { return Person(c.Status.Names, c.Status.Subject) },
	"ender": func(c Case) string {
		if c.Status.Ending == nil {
			return "somebody"
		}
		return Person(c.Status.Names, c.Status.Ending.By)
	},
	"answering": func(c Case) string { return Person(c.Status.Names, c.answering()) },
	"keeper":    func(c Case) string { return c.Keeper() },
	"kept":      Case.keptParts,
	"kept-until": func(c Case) string {
		until := c.keptUntil()
		return c.clock(&until)
	},
	"until": func(c Case) string { return c.clock(c.Status.Until) },
	"start": func(c Case) string { return c.clock(c.Status.StartAt) },
	"problem-alone": func(c Case) string {
		for _, h := range c.Status.Holds {
			if h.Problem != "" {
				return OneLine(h.Problem, longestProblem)
			}
		}
		return ""
	},
	"problem": func(c Case) string { return OneLine(c.problem(), longestProblem) },
	"approvals": func(c Case) string {
		if c.Status.Needed == 0 {
			return "the policy has not decided yet"
		}
		return fmt.Sprintf("%d of %d approvals", c.Status.Approvals, c.Status.Needed)
	},
	"request": func(c Case) string { return c.Status.ID },
}

// held is true of what the subject has by this request, or by another one, or by nobody's having taken it away.
func held(h contract.HoldState) bool {
	return h.Held || h.HeldUntil != nil && !h.Standing || h.TakenOver != nil || h.Problem != ""
}

// every is true when it is so of each entitlement, and there is one.
func (c Case) every(is func(contract.HoldState) bool) bool {
	return len(c.Status.Holds) > 0 &&
		!slices.ContainsFunc(c.Status.Holds, func(h contract.HoldState) bool { return !is(h) })
}

// kept are what another request holds up after this one has ended.
func (c Case) kept() []contract.HoldState {
	return slices.DeleteFunc(
		slices.Clone(c.Status.Holds),
		func(h contract.HoldState) bool { return h.HeldUntil == nil || h.Standing },
	)
}

// lastKept is the part of it that ends last.
func (c Case) lastKept() contract.HoldState {
	var last contract.HoldState
	for _, h := range c.kept() {
		if last.HeldUntil == nil || h.HeldUntil.After(*last.HeldUntil) {
			last = h
		}
	}
	return last
}

func (c Case) keptUntil() time.Time {
	if until := c.lastKept().HeldUntil; until != nil {
		return *until
	}
	return time.Time{}
}

// Keeper is the request that holds the access up after this one has ended; empty when none does.
func (c Case) Keeper() string { return c.lastKept().HeldBy }

// keptParts says which part of the access it is, when it is not all.
func (c Case) keptParts() string {
	kept := c.kept()
	if len(kept) == len(c.Status.Holds) {
		return "the access"
	}
	targets := make([]string, len(kept))
	for i, h := range kept {
		targets[i] = h.Access.Target
	}
	return "the access on " + strings.Join(targets, ", ")
}

// answering is who has taken a part of the access over; empty when nobody has.
func (c Case) answering() string {
	for _, h := range c.Status.Holds {
		if h.TakenOver != nil {
			return h.TakenOver.By
		}
	}
	return ""
}

// over is true when the time of live access has passed.
func (c Case) over() bool {
	switch c.Status.State {
	case contract.StateRevoking:
		return true
	case contract.StateActive:
		return c.Status.Until != nil && !c.Status.Until.After(c.Now)
	default:
		return false
	}
}

// problem is why access could not be revoked so far, with its targets.
func (c Case) problem() string {
	var faults []string
	for _, h := range c.Status.Holds {
		if h.Problem != "" {
			faults = append(faults, h.Access.Target+": "+h.Problem)
		}
	}
	return strings.Join(faults, "; ")
}
