package starter

import (
	"context"
	"errors"
	"strings"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/status"

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

// problemOf says what an error of Temporal's means to the person who asked. Whatever Temporal answers has a remedy; what is
// left is a fault in Curfew.
func problemOf(err error, id string) error {
	if problem, ok := contract.ProblemOf(err); ok {
		return problem
	}
	if isA[*serviceerror.NotFound](err) {
		return notFound(id)
	}
	problem := problemOfWorkflow(err)
	if problem == nil {
		problem = problemOfCall(err)
	}
	if problem == nil {
		problem = contract.Problemf(contract.KindInternal, "", "the server's log says more", "something went wrong inside Curfew")
	}
	return &failure{problem, err}
}

// Types of the failures that Temporal's server itself gives updates.
const (
	updateOutlived   = "AcceptedUpdateCompletedWorkflow" // the workflow came to its end first
	updateOverlooked = "UnprocessedUpdate"               // by a worker of another release
)

// problemOfWorkflow is about an answer of a workflow, or of its end; nil about anything else.
func problemOfWorkflow(err error) *contract.Problem {
	var answered *temporal.ApplicationError
	switch {
	case errors.As(err, &answered) && answered.Type() == updateOutlived:
		return contract.Problemf(contract.KindConflict, "", "see how it ended, and ask for a new one", "it came to its end first")
	case errors.As(err, &answered) && answered.Type() == updateOverlooked, errors.As(err, &answered) && strings.HasPrefix(answered.Message(), "unknown update"):
		return contract.Problemf(contract.KindUnavailable, "", "see that all servers and workers run the same release", "the worker does not know what it was asked for")
	case isA[*temporal.TerminatedError](err), isA[*temporal.CanceledError](err), isA[*temporal.TimeoutError](err):
		return contract.Problemf(contract.KindConflict, "", "see in Temporal's Web UI who has ended it", "its workflow was ended in Temporal")
	}
	return nil
}

// noPoller is how Temporal says that nobody has asked for a task queue's work lately. It has no type of its own.
const noPoller = "no poller seen"

// problemOfCall is about a call that Temporal did not carry out; nil when it is no such error.
func problemOfCall(err error) *contract.Problem {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) || isA[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err) {
		return retryable("trying again is safe", "the worker has not answered yet")
	}
	answer, known := answerOf(err)
	if !known {
		return nil
	}
	switch answer.Code() {
	case codes.FailedPrecondition:
		if strings.Contains(answer.Message(), noPoller) {
			return nobodyWorks()
		}
		return retryable("see the workflow in Temporal's Web UI: somebody may have paused it", "Temporal does not let the workflow take this now")
	case codes.DeadlineExceeded, codes.Canceled, codes.Aborted:
		return retryable("trying again is safe", "the worker has not answered yet")
	case codes.Unavailable:
		return retryable("see that Temporal runs; trying again is safe", "Temporal can't be reached, or is starting")
	case codes.ResourceExhausted:
		return retryable("try again later; if it stays so, raise the limits of Temporal's namespace", "Temporal has too much to do, or the workflow has been told too much")
	case codes.PermissionDenied, codes.Unauthenticated:
		return retryable("give the server's account the right to write to Temporal's namespace, and look at its API key or certificate",
			"Temporal does not let the server do this")
	case codes.NotFound:
		return retryable("look at temporal.namespace in curfew.yaml", "Temporal does not have the namespace")
	case codes.Unimplemented:
		return retryable("upgrade Temporal to the version that docs/run.md names", "this Temporal can't do what it was asked for")
	case codes.InvalidArgument:
		if isA[*serviceerror.QueryFailed](err) {
			return retryable("trying again is safe", "the worker could not answer")
		}
		return nil // what Curfew has sent is wrong
	case codes.OK, codes.AlreadyExists, codes.OutOfRange:
		return nil
	case codes.Unknown, codes.Internal, codes.DataLoss:
	}
	return retryable("see Temporal's own log; trying again is safe", "Temporal has failed")
}

func nobodyWorks() *contract.Problem {
	return retryable("start a worker, `curfew worker`, or see in its log why it does not reach Temporal; then try again",
		"no worker is at work: none has asked Temporal for tasks lately")
}

// unanswered says what an error of a call means that a worker has to answer. Temporal waits in silence for a worker that was
// never there, so it is asked for those that it knows.
func (s *Starter) unanswered(ctx context.Context, err error, id string) error {
	explained := problemOf(err, id)
	if problem, _ := contract.ProblemOf(explained); problem.Kind != contract.KindUnavailable || ctx.Err() != nil {
		return explained
	}
	if working, failed := s.workersAreAtWork(ctx); failed == nil && !working {
		return &failure{nobodyWorks(), err}
	}
	return explained
}

// answerOf is how a server has answered a call, whoever has wrapped it.
func answerOf(err error) (*status.Status, bool) {
	var answered serviceerror.ServiceError
	if errors.As(err, &answered) {
		return answered.Status(), true
	}
	return status.FromError(err)
}

func retryable(fix, fault string) *contract.Problem {
	return contract.Problemf(contract.KindUnavailable, "", fix, "%s", fault)
}

// noAnswer is true when trying again may help: nobody said no.
func noAnswer(err error) bool {
	problem := problemOfCall(err)
	return problem != nil && problem.Kind == contract.KindUnavailable
}

func isA[E error](err error) bool {
	var wanted E
	return errors.As(err, &wanted)
}
