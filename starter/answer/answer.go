// Package answer says how a problem is answered over HTTP, to programs and to browsers alike.
package answer

import (
	"net/http"

	"curfew/workflows/contract"
)

// Status is that of a kind of problem.
func Status(kind contract.Kind) int {
	if status, known := statuses[kind]; known {
		return status
	}
	return http.StatusInternalServerError
}

// statuses of the kinds.
var statuses = map[contract.Kind]int{
	contract.KindInvalid:     http.StatusUnprocessableEntity,
	contract.KindForbidden:   http.StatusForbidden,
	contract.KindNotFound:    http.StatusNotFound,
	contract.KindConflict:    http.StatusConflict,
	contract.KindDenied:      http.StatusForbidden,
	contract.KindClosed:      http.StatusConflict,
	contract.KindOverdue:     http.StatusConflict,
	contract.KindCapacity:    http.StatusServiceUnavailable,
	contract.KindTooMany:     http.StatusTooManyRequests,
	contract.KindFrozen:      http.StatusServiceUnavailable,
	contract.KindUnavailable: http.StatusServiceUnavailable,
	contract.KindInternal:    http.StatusInternalServerError,
}

// Internal is what a caller may know of a fault of Curfew's own.
func Internal() *contract.Problem {
	return contract.Internal("something went wrong inside Curfew").Advise("the server's log says more")
}

// Problem is what a caller may know of an error, and the status that goes with it.
func Problem(err error) (*contract.Problem, int) {
	problem, ok := contract.ProblemOf(err)
	if !ok {
		problem = Internal()
	}
	return problem, Status(problem.Kind)
}
