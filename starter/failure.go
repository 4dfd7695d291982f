package starter

import (
	"context"
	"errors"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"

	"curfew/workflows/contract"
)

// failure is a problem with a cause that belongs into the log, not before the person who asked.
type failure struct {
	problem *contract.Problem
	cause   error
}

// Error is for the log.
func (f *failure) Error() string { return f.problem.Error() + ": " + f.cause.Error() }

// Unwrap lets contract.ProblemOf find the problem before anything that the cause carries.
func (f *failure) Unwrap() []error { return []error{f.problem, f.cause} }

func unavailable(cause error, fault string) error {
	return &failure{contract.Problemf(contract.KindUnavailable, "", "trying again is safe", "%s", fault), cause}
}

func unreadable(cause error) error { return unavailable(cause, "the ledger can't be read") }

func notFound(id string) error {
	return contract.Problemf(contract.KindNotFound, "id", "`curfew list` shows the requests that you can see",
		"there is no request %s that you can see", id)
}

func hasEnded(status contract.Status) error {
	return contract.Problemf(contract.KindConflict, "", "ask for a new one", "the request has ended: it is %s", status.Outcome)
}

// problemOf says what an error of Temporal's means to the person who asked.
func problemOf(err error, id string) error {
	if problem, ok := contract.ProblemOf(err); ok {
		return problem
	}
	if isA[*serviceerror.NotFound](err) {
		return notFound(id)
	}
	if noAnswer(err) {
		return unavailable(err, "the worker has not answered yet")
	}
	return &failure{contract.Problemf(contract.KindInternal, "", "the server's log says more", "something went wrong inside Curfew"), err}
}

// noAnswer is true when trying again may help: nobody said no.
func noAnswer(err error) bool {
	return errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		isA[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err) ||
		isA[*serviceerror.DeadlineExceeded](err) || isA[*serviceerror.Canceled](err) ||
		isA[*serviceerror.Unavailable](err) || isA[*serviceerror.ResourceExhausted](err) ||
		isA[*serviceerror.WorkflowNotReady](err) || isA[*serviceerror.QueryFailed](err)
}

func isA[E error](err error) bool {
	var wanted E
	return errors.As(err, &wanted)
}
