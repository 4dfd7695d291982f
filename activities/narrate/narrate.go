// Package narrate writes a request's events to a place: a ticket, an incident or a channel. It remembers from attempt
// to attempt what is written, and finds out what the place can't take. That is left out by name, and the rest goes on.
package narrate

import (
	"context"
	"errors"
	"slices"

	"go.temporal.io/sdk/activity"

	"curfew/activities"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// tries is how often an entry is written as it is while the place answers that it has failed. Then plainer forms of it
// are tried too, which some places can take that fail at the whole.
const tries = 6

// Entry is one event of a request, to be written.
type Entry struct {
	Event  contract.Event
	Status contract.Status // how the request stands
	// Whole is false for a form that leaves something out: whoever reads it has not seen what there is.
	Whole bool
}

// Writer writes one event. The memory keeps what the writer wants to know the next time.
type Writer[M any] func(ctx context.Context, entry Entry, memory *M) error

// narration is how far the writing of some events has come. Temporal keeps it from one attempt to the next.
type narration[M any] struct {
	Of      string             `json:"of"`      // the first event
	Written int                `json:"written"` // of the events
	LeftOut []contract.LeftOut `json:"leftOut,omitempty"`
	// Failures is how often the place has failed at the event that is next.
	Failures int `json:"failures,omitempty"`
	// Picky is true when the place took a plainer form alone: then these are tried at once.
	Picky  bool `json:"picky,omitempty"`
	Memory M    `json:"memory,omitzero"`

	events []contract.Event
	status contract.Status
	write  Writer[M]
}

// Write writes events in order. The error is for another attempt of the activity: the place can't be reached, or has
// failed at an event that it may take the next time.
func Write[M any](
	ctx context.Context,
	events []contract.Event,
	status contract.Status,
	memory M,
	write Writer[M],
) (contract.Written, M, error) {
	if len(events) == 0 {
		return contract.Written{}, memory, nil
	}
	n := narration[M]{Of: events[0].ID(), Memory: memory}
	if before, is := left[M](ctx); is && before.Of == n.Of && before.Written <= len(events) {
		n = before
	}
	n.events, n.status, n.write = events, status, write
	written, err := n.run(ctx)
	if activity.IsActivity(ctx) && (err != nil || len(n.LeftOut) > 0) { // what comes after it in the activity may fail
		activity.RecordHeartbeat(ctx, n)
	}
	return written, n.Memory, activities.Error(err)
}

// left is what the attempt before has left.
func left[M any](ctx context.Context) (before narration[M], is bool) {
	is = activity.IsActivity(ctx) && activity.HasHeartbeatDetails(ctx) &&
		activity.GetHeartbeatDetails(ctx, &before) == nil
	return before, is
}

func (n *narration[M]) run(ctx context.Context) (contract.Written, error) {
	for n.Written < len(n.events) {
		came, why, err := n.entry(ctx, n.Written)
		switch {
		case err != nil:
			return contract.Written{}, err
		case came != blocked:
			n.Written, n.Failures = n.Written+1, 0
			continue
		}
		n.Failures++
		ahead, err := n.nextIsTaken(ctx)
		switch {
		case ahead:
			n.leaveOut(n.events[n.Written], "the entry", why)
			n.Written, n.Failures = n.Written+2, 0
		case err != nil:
			return contract.Written{}, err
		case n.Failures < tries:
			return contract.Written{}, why
		default:
			return contract.Written{Rest: len(n.events) - n.Written, LeftOut: n.LeftOut, Blocked: why.Error()}, nil
		}
	}
	return contract.Written{LeftOut: n.LeftOut}, nil
}

// nextIsTaken shows whether the place is at fault or the one entry that it refuses: it may take the one after it.
func (n *narration[M]) nextIsTaken(ctx context.Context) (bool, error) {
	if n.Failures < tries || n.Written+1 == len(n.events) {
		return false, nil
	}
	came, _, err := n.entry(ctx, n.Written+1)
	return came == taken, err
}

// outcome is what came of one entry.
type outcome string

const (
	taken   outcome = "taken"    // maybe in a plainer form
	leftOut outcome = "left out" // it was refused for good
	blocked outcome = "blocked"  // the place has failed at every form that was tried
)

// entry writes one event, in plainer forms where the place fails at it. An error is no answer to the entry.
func (n *narration[M]) entry(ctx context.Context, at int) (outcome, *contract.Problem, error) {
	event := n.events[at]
	plainest := whole
	if n.Picky || at > n.Written || n.Failures+1 >= tries {
		plainest = bare
	}
	var refusal *contract.Problem // of the fullest form
	for form := whole; form <= plainest; form++ {
		shown, status, differs := form.of(event, n.status)
		if !differs {
			continue
		}
		err := n.write(ctx, Entry{shown, status, form == whole}, &n.Memory)
		problem, about := refused(err)
		switch {
		case err == nil:
			if form != whole {
				n.Picky = true
				n.leaveOut(event, form.lacks(), refusal)
			}
			return taken, nil, nil
		case about == nothing:
			return "", nil, err
		case about == thePlace:
			n.leaveOut(event, "the entry", problem)
			return leftOut, problem, nil
		}
		if refusal == nil {
			refusal = problem
		}
		if final(problem) {
			plainest = bare
		}
	}
	if final(refusal) {
		n.leaveOut(event, "the entry", refusal)
		return leftOut, refusal, nil
	}
	return blocked, refusal, nil
}

func (n *narration[M]) leaveOut(event contract.Event, what string, why *contract.Problem) {
	n.LeftOut = append(
		n.LeftOut,
		contract.LeftOut{Seq: event.Seq, What: what, Why: contract.Shorten(why.Error(), longestWhy)},
	)
}

// longestWhy bounds what is kept of a place's words, in bytes.
const longestWhy = 500

// subject is what a refusal is about.
type subject string

const (
	nothing  subject = "nothing"   // no answer: the same may be taken later
	theEntry subject = "the entry" // another form, or another entry, may be taken
	thePlace subject = "the place" // it refuses all entries alike, for good
)

func refused(err error) (*contract.Problem, subject) {
	var entry *story.NotTaken
	if errors.As(err, &entry) {
		return entry.Problem, theEntry
	}
	if problem, known := contract.ProblemOf(err); known && final(problem) {
		return problem, thePlace
	}
	return nil, nothing
}

func final(problem *contract.Problem) bool {
	return problem != nil && slices.Contains(contract.Final, string(problem.Kind))
}
