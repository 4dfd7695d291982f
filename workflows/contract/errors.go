package contract

import (
	"errors"
	"fmt"
	"unicode/utf8"

	"go.temporal.io/sdk/temporal"
)

// Kind says what an error means to whoever has to act on it. It is the type of the ApplicationErrors that cross Temporal.
type Kind string

// The kinds of errors. Invalid to Closed can't be helped by trying again; the others can.
const (
	KindInvalid     Kind = "Invalid"     // the input is wrong: the caller can mend it
	KindForbidden   Kind = "Forbidden"   // this person may not do this
	KindNotFound    Kind = "NotFound"    // there is no such thing
	KindConflict    Kind = "Conflict"    // right once or elsewhere, but not in the present state
	KindDenied      Kind = "Denied"      // the other system refused, and will refuse again
	KindClosed      Kind = "Closed"      // the holding is closed to this attempt: it came too late
	KindOverdue     Kind = "Overdue"     // its time was over before it could be done: it may be asked for anew
	KindCapacity    Kind = "Capacity"    // the other system has no room now
	KindTooMany     Kind = "TooMany"     // somebody asks for more than anybody may: later there is room again
	KindFrozen      Kind = "Frozen"      // an operator has frozen Curfew: nothing is granted until it is thawed
	KindUnavailable Kind = "Unavailable" // the other system can't be reached or failed
	KindInternal    Kind = "Internal"    // our own fault
)

// Final lists the kinds that no retry can help; retry policies name them.
var Final = []string{
	string(KindInvalid), string(KindForbidden), string(KindNotFound), string(KindConflict), string(KindDenied), string(KindClosed),
}

// Answered lists the kinds that answer a hold: the same one is not tried again, but a request may ask for a new one.
var Answered = append([]string{string(KindOverdue), string(KindCapacity), string(KindFrozen)}, Final...)

// Problem is an error that a person can act on: what is wrong, where, and what to do.
type Problem struct {
	Kind Kind `json:"kind"`
	// Field is the input at fault, in the words of the API ("duration"); empty when no field is.
	Field string `json:"field,omitempty"`
	Fault string `json:"fault"`
	Fix   string `json:"fix,omitempty"`
	// RetryAfter is how long the other system asked us to wait.
	RetryAfter Duration `json:"retryAfter,omitzero"`
	// Refused is true when the other system itself said so: it has done with the call, and can be asked what it holds now.
	Refused bool `json:"refused,omitempty"`
}

// Error is the problem in one line.
func (p *Problem) Error() string {
	text := p.Fault
	if p.Field != "" {
		text = p.Field + ": " + text
	}
	if p.Fix != "" {
		text += "; " + p.Fix
	}
	return text
}

// Problemf makes a problem of a kind about a field.
func Problemf(kind Kind, field, fix, fault string, args ...any) *Problem {
	return &Problem{Kind: kind, Field: field, Fault: fmt.Sprintf(fault, args...), Fix: fix}
}

// AsRefusal marks the problem as the other system's own answer.
func (p *Problem) AsRefusal() *Problem {
	p.Refused = true
	return p
}

// Application turns the problem into the error that workflows and activities return. Retry policies tell by its type
// whether to try again, so that an update's caller and an activity's retry read the same value.
func (p *Problem) Application() error { return p.application(false) }

// Answer is the same for the answer to a question that has it once and for all: no retry asks again, whatever the kind.
func (p *Problem) Answer() error { return p.application(true) }

func (p *Problem) application(final bool) error {
	return temporal.NewApplicationErrorWithOptions(p.Error(), string(p.Kind), temporal.ApplicationErrorOptions{
		Details: []any{*p}, NextRetryDelay: p.RetryAfter.Duration, NonRetryable: final,
	})
}

// ProblemOf finds the problem that an error carries, through Temporal's wrappers.
func ProblemOf(err error) (*Problem, bool) {
	var problem *Problem
	if errors.As(err, &problem) {
		return problem, true
	}
	var application *temporal.ApplicationError
	if !errors.As(err, &application) {
		return nil, false
	}
	var carried Problem
	if application.HasDetails() && application.Details(&carried) == nil && carried.Kind != "" {
		return &carried, true
	}
	return nil, false
}

// AsProblem turns what an activity failed with into a problem. A timeout carries the last attempt's error as its cause.
func AsProblem(err error) *Problem {
	if problem, ok := ProblemOf(err); ok {
		return problem
	}
	for cause := errors.Unwrap(err); cause != nil; cause = errors.Unwrap(cause) {
		err = cause
	}
	return Problemf(KindUnavailable, "", "", "%v", err)
}

// Shorten cuts a text to a number of bytes, between runes, so that what is told of a stranger's input stays short.
func Shorten(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	for limit > 0 && !utf8.RuneStart(text[limit]) {
		limit--
	}
	return text[:limit] + "…"
}
