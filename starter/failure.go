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

	"curfew/starter/answer"
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
	return &failure{contract.Unavailable("%s", fault).Advise("trying again is safe"), cause}
}

func unreadable(cause error) error { return unavailable(cause, "the ledger can't be read") }

func notFound(id string) error {
	return contract.NotFound("there is no request %s that you can see", id).
		At("id").
		Advise("`curfew list` shows the requests that you can see")
}

func hasEnded(status contract.Status) error {
	return contract.Conflict("the request has ended: it is %s", status.Outcome).Advise("ask for a new one")
}

// problemOf says what an error of Temporal's means to the person who asked. Whatever Temporal answers has a remedy;
// what is left is a fault in Curfew.
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
		problem = answer.Internal()
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
		return contract.Conflict("it came to its end first").Advise("see how it ended, and ask for a new one")
	case errors.As(err, &answered) && answered.Type() == updateOverlooked,
		errors.As(err, &answered) && strings.HasPrefix(answered.Message(), "unknown update"):
		return contract.Unavailable("the worker does not know what it was asked for").
			Advise("see that all servers and workers run the same release")
	case isA[*temporal.TerminatedError](err), isA[*temporal.CanceledError](err), isA[*temporal.TimeoutError](err):
		return contract.Conflict("its workflow was ended in Temporal").
			Advise("see in Temporal's Web UI who has ended it")
	}
	return nil
}

// noPoller is how Temporal says that nobody has asked for a task queue's work lately. It has no type of its own.
const noPoller = "no poller seen"

// problemOfCall is about a call that Temporal did not carry out; nil when it is no such error.
func problemOfCall(err error) *contract.Problem {
	if errors.Is(err, context.DeadlineExceeded) || errors.Is(err, context.Canceled) ||
		isA[*client.WorkflowUpdateServiceTimeoutOrCanceledError](err) {
		return contract.Unavailable("the worker has not answered yet").Advise("trying again is safe")
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
		return contract.Unavailable("Temporal does not let the workflow take this now").
			Advise("see the workflow in Temporal's Web UI: somebody may have paused it")
	case codes.DeadlineExceeded, codes.Canceled, codes.Aborted:
		return contract.Unavailable("the worker has not answered yet").Advise("trying again is safe")
	case codes.Unavailable:
		return contract.Unavailable("Temporal can't be reached, or is starting").
			Advise("see that Temporal runs; trying again is safe")
	case codes.ResourceExhausted:
		return contract.Unavailable("Temporal has too much to do, or the workflow has been told too much").
			Advise("try again later; if it stays so, raise the limits of Temporal's namespace")
	case codes.PermissionDenied, codes.Unauthenticated:
		return contract.Unavailable("Temporal does not let the server do this").
			Advise("give the server's account the right to write to Temporal's namespace, and look at its API key or certificate")
	case codes.NotFound:
		return contract.Unavailable("Temporal does not have the namespace").
			Advise("look at temporal.namespace in curfew.yaml")
	case codes.Unimplemented:
		return contract.Unavailable("this Temporal can't do what it was asked for").
			Advise("upgrade Temporal to the version that docs/run.md names")
	case codes.InvalidArgument:
		if isA[*serviceerror.QueryFailed](err) {
			return contract.Unavailable("the worker could not answer").Advise("trying again is safe")
		}
		return nil // what Curfew has sent is wrong
	case codes.OK, codes.AlreadyExists, codes.OutOfRange:
		return nil
	case codes.Unknown, codes.Internal, codes.DataLoss:
	}
	return contract.Unavailable("Temporal has failed").Advise("see Temporal's own log; trying again is safe")
}

func nobodyWorks() *contract.Problem {
	return contract.Unavailable("no worker is at work: none has asked Temporal for tasks lately").
		Advise("start a worker, `curfew worker`, or see in its log why it does not reach Temporal; then try again")
}

// unanswered says what an error of a call means that a worker has to answer. Temporal waits in silence for a worker
// that was never there, so it is asked for those that it knows.
func (s *Snapshot) unanswered(ctx context.Context, err error, id string) error {
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

// noAnswer is true when trying again may help: nobody said no.
func noAnswer(err error) bool {
	problem := problemOfCall(err)
	return problem != nil && problem.Kind == contract.KindUnavailable
}

func isA[E error](err error) bool {
	var wanted E
	return errors.As(err, &wanted)
}
