package web

import (
	"net/http"
	"strings"
	"time"

	"curfew/activities/story"
	"curfew/starter/page"
	"curfew/workflows/contract"
)

// typed is what somebody typed into a field. Browsers send the ends of lines as two characters.
func typed(r *http.Request, field string) string {
	return strings.TrimSpace(strings.ReplaceAll(r.PostForm.Get(field), "\r\n", "\n"))
}

// length reads a length of time; empty is zero.
func length(text string) (contract.Duration, error) {
	return contract.AskedDuration(strings.ReplaceAll(text, " ", ""))
}

// choices are lengths of time that people may choose from, the shortest first.
func choices(shortest, longest contract.Duration) []contract.Duration {
	var fit []contract.Duration
	for _, minutes := range []time.Duration{15, 30, 60, 120, 240, 480, 720, 1440, 2 * 1440, 3 * 1440, 7 * 1440} {
		if d := minutes * time.Minute; d >= shortest.Duration && d <= longest.Duration {
			fit = append(fit, contract.Duration{Duration: d})
		}
	}
	return fit
}

// name is what a person is called, with the id beside it.
func (v visit) name(person string) string {
	return story.Person(v.starter.Config().Names(person), person)
}

func (v visit) names(people []string) string {
	names := make([]string, len(people))
	for i, person := range people {
		names[i] = v.name(person)
	}
	return strings.Join(names, ", ")
}

// who gets the access, and who asks for it.
func (v visit) who(status contract.Status) string {
	if status.Requester == status.Subject {
		return v.name(status.Subject)
	}
	return v.name(status.Subject) + ", asked by " + v.name(status.Requester)
}

func (v visit) moment(at *time.Time) *page.Moment {
	if at == nil || at.IsZero() {
		return nil
	}
	return &page.Moment{At: *at, Now: v.now()}
}

// state is where a request is, and in which colour that is shown.
type state struct{ Text, Tone string }

func (v visit) stateOf(status contract.Status) state {
	over := status.State == contract.StateActive && status.Until != nil && !status.Until.After(v.now())
	switch {
	case status.Stuck:
		return state{"stuck", "alarm"}
	case status.Ending != nil && status.State != contract.StateEnded:
		return state{"ended now", "moves"}
	case status.Untracked:
		return state{string(status.State) + ", untracked", "alarm"}
	case over:
		return state{"revoking", "moves"}
	case status.NeedsPostReview():
		return state{string(status.State) + ", review due", "alarm"}
	case status.State == contract.StateActive && status.Extension != nil:
		return state{"active, extension waits", "waits"}
	case status.State == contract.StateActive:
		return state{"active", "on"}
	case status.State == contract.StateEnded && status.Outcome == contract.OutcomeTakenOver:
		return state{"taken over", "alarm"}
	case status.State == contract.StateEnded && status.Outcome == contract.OutcomeUnconfirmed:
		return state{story.State(v.caseOf(status)), "alarm"}
	case status.State == contract.StateEnded:
		return state{story.State(v.caseOf(status)), "over"}
	case status.State == contract.StatePending, status.State == contract.StateScheduled:
		return state{string(status.State), "waits"}
	}
	return state{string(status.State), "moves"}
}
