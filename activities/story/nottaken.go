package story

import (
	"net/http"

	"curfew/workflows/contract"
)

// NotTaken is what a system that works has answered to one entry. It may never take this entry, and yet take a plainer
// form of it, or the next.
type NotTaken struct{ *contract.Problem }

// Unwrap is the problem.
func (n *NotTaken) Unwrap() error { return n.Problem }

// Refused tells answers about one entry from those about all of them, by the status of HTTP with which an entry was
// refused. Own is true when the system itself has answered, and not something between us and it, like a filter of
// texts.
func Refused(problem *contract.Problem, status int, own bool) error {
	if problem == nil {
		return nil
	}
	switch status {
	case http.StatusBadRequest,
		http.StatusUnprocessableEntity,
		http.StatusInternalServerError,
		http.StatusInsufficientStorage:
		return &NotTaken{problem}
	case http.StatusForbidden, http.StatusNotAcceptable:
		if !own {
			return &NotTaken{problem}
		}
	}
	return problem
}
