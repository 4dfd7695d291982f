package page

import (
	"math"
	"net/http"
	"strconv"

	"go.uber.org/zap"

	"curfew/starter/answer"
)

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
	problem, status := answer.Problem(err)
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
