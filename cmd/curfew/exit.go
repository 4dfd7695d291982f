package main

import (
	"errors"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"curfew/internal/config"
	"curfew/workflows/contract"
)

// The exit codes, as `curfew help exit-codes` explains them.
const (
	exitDone        = 0
	exitFailed      = 1
	exitRefused     = 2
	exitUnreachable = 3
	exitNoAccess    = 4
)

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `0  done
1  an unexpected failure
2  refused: the input is wrong, or you may not do this
3  the server can't be reached or can't answer: try again
4  "request --wait" has seen the request end without access`,
	}
}

// errNoAccess ends `request --wait` when there will be no access.
var errNoAccess = errors.New("the request has ended without access")

// exitCode is what a script sees of an error. What cobra says about flags and arguments is bad input.
func exitCode(err error, understood bool) int {
	if err == nil {
		return exitDone
	}
	if errors.Is(err, errNoAccess) {
		return exitNoAccess
	}
	var mistakes config.Errors
	problem, ok := contract.ProblemOf(err)
	switch {
	case errors.As(err, &mistakes):
		return exitRefused
	case !ok && understood:
		return exitFailed
	case !ok:
		return exitRefused
	}
	switch problem.Kind {
	case contract.KindCapacity, contract.KindUnavailable, contract.KindInternal:
		return exitUnreachable
	default:
		return exitRefused
	}
}

// complain says on stderr what went wrong, a line for each thing. The text may come from elsewhere.
func (p *program) complain(err error) {
	lines := []string{err.Error()}
	var mistakes config.Errors
	if problem, ok := contract.ProblemOf(err); ok {
		lines = []string{problem.Error()}
	} else if errors.As(err, &mistakes) {
		lines = strings.Split(mistakes.Error(), "\n")
	}
	for _, line := range lines {
		_, _ = io.WriteString(p.stderr, "error: "+printable(line)+"\n") // there is nowhere else to say it
	}
}

func usageError(field, fix, fault string, args ...any) error {
	return contract.Problemf(contract.KindInvalid, field, fix, fault, args...)
}
