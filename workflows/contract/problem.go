package contract

import (
	"errors"
	"fmt"

	"go.temporal.io/sdk/temporal"
)

// Problem is an error that a person can act on: what is wrong, where, and what to do.
type Problem struct {
	Kind Kind `json:"kind"`
	// Field is the input at fault, in the words of the API ("duration"); empty when no field is.
	Field string `json:"field,omitempty"`
	Fault string `json:"fault"`
	Fix   string `json:"fix,omitempty"`
	// RetryAfter is how long the other system asked us to wait.
	RetryAfter Duration `json:"retryAfter,omitzero"`
	// Refused is true when the other system itself said so: it has done with the call, and can be asked what it holds
	// now.
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

// Problem makes one of this kind, for callers that learn the kind as they go; the others call the constructor of its
// name.
func (k Kind) Problem(fault string, args ...any) *Problem {
	return &Problem{Kind: k, Fault: fmt.Sprintf(fault, args...)}
}

// The constructors, one for each kind: what is wrong comes first, then where it is (At) and what to do about it
// (Advise).

// Invalid says that the input is wrong.
func Invalid(fault string, args ...any) *Problem { return KindInvalid.Problem(fault, args...) }

// Forbidden says that this person may not do this.
func Forbidden(fault string, args ...any) *Problem { return KindForbidden.Problem(fault, args...) }

// NotFound says that there is no such thing.
func NotFound(fault string, args ...any) *Problem { return KindNotFound.Problem(fault, args...) }

// Conflict says that it can't be in the present state.
func Conflict(fault string, args ...any) *Problem { return KindConflict.Problem(fault, args...) }

// Denied says that the other system refused, and will refuse again.
func Denied(fault string, args ...any) *Problem { return KindDenied.Problem(fault, args...) }

// Closed says that the holding is closed to this attempt.
func Closed(fault string, args ...any) *Problem { return KindClosed.Problem(fault, args...) }

// Overdue says that its time was over before it could be done.
func Overdue(fault string, args ...any) *Problem { return KindOverdue.Problem(fault, args...) }

// Capacity says that the other system has no room now.
func Capacity(fault string, args ...any) *Problem { return KindCapacity.Problem(fault, args...) }

// TooMany says that somebody asks for more than anybody may.
func TooMany(fault string, args ...any) *Problem { return KindTooMany.Problem(fault, args...) }

// Frozen says that an operator has frozen Curfew.
func Frozen(fault string, args ...any) *Problem { return KindFrozen.Problem(fault, args...) }

// Unavailable says that the other system can't be reached or failed.
func Unavailable(fault string, args ...any) *Problem { return KindUnavailable.Problem(fault, args...) }

// Internal says that the fault is our own.
func Internal(fault string, args ...any) *Problem { return KindInternal.Problem(fault, args...) }

// At names the input at fault, in the words of the API.
func (p *Problem) At(field string) *Problem {
	p.Field = field
	return p
}

// Advise says what to do about it.
func (p *Problem) Advise(fix string) *Problem {
	p.Fix = fix
	return p
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
	return Unavailable("%v", err)
}
