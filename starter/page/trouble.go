package page

import (
	"cmp"
	"math"
	"net/http"
	"strconv"

	"go.uber.org/zap"

	"curfew/workflows/contract"
)

// statuses of the kinds of problems.
var statuses = map[contract.Kind]int{
	contract.KindInvalid:     http.StatusBadRequest,
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

// Explain is what a browser may be told of an error, and the status that goes with it.
func Explain(err error) (status int, problem *contract.Problem) {
	problem, ok := contract.ProblemOf(err)
	if !ok {
		problem = contract.Internal("something went wrong inside Curfew").Advise("the server's log says more")
	}
	return cmp.Or(statuses[problem.Kind], http.StatusInternalServerError), problem
}

// Troubled is an error for somebody who has signed in.
type Troubled struct {
	Viewer *Viewer
	Err    error
}

// Error is for the log.
func (t *Troubled) Error() string { return t.Err.Error() }

// Unwrap is the error itself.
func (t *Troubled) Unwrap() error { return t.Err }

// trouble shows what went wrong, and a way on.
func (f *Frame) trouble(w http.ResponseWriter, r *http.Request, err error) {
	status, problem := Explain(err)
	f.Log(r, status, err)
	if wait := problem.RetryAfter; wait.Duration > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	view := View{Title: "That did not work", Content: problem}
	if known, ok := err.(*Troubled); ok { //nolint:errorlint // whoever handles a page wraps last
		view.Viewer = known.Viewer
	}
	if status == http.StatusNotFound {
		view.Title = "Not found"
	}
	if err := f.Show(w, status, troubled, view); err != nil {
		f.log.Error("show a page", zap.Error(err))
	}
}

// Log keeps a record of what a browser could not be given, without what it sent.
func (f *Frame) Log(r *http.Request, status int, err error) {
	write := f.log.Info
	if status >= http.StatusInternalServerError {
		write = f.log.Error
	}
	write("a page was refused", zap.String("page", r.Pattern), zap.Int("status", status), zap.Error(err))
}
