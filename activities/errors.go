// Package activities holds what all ports share: how their errors become Temporal's.
package activities

import (
	"errors"
	"slices"

	"curfew/workflows/contract"
)

// Error turns what a port or adapter failed with into the error an activity returns. Retry policies go by the kind of
// the problem; an error without one is tried again.
func Error(err error) error {
	var problem *contract.Problem
	if errors.As(err, &problem) {
		return problem.Application()
	}
	return err
}

// Passes is true for an error that trying again may help.
func Passes(err error) bool {
	problem, known := contract.ProblemOf(err)
	return !known || !slices.Contains(contract.Final, string(problem.Kind))
}
