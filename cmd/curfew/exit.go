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
	exitStanding    = 5
	exitDeclined    = 6
	exitAsked       = 7
	exitRemains     = 8
)

func exitCodesTopic() *cobra.Command {
	return &cobra.Command{
		Use:   "exit-codes",
		Short: "What the exit codes mean",
		Long: `0  success; with "request --wait" and "ensure": you have access
1  unexpected failure
2  refused: the input is wrong, or you may not do this
3  the server cannot be reached or cannot answer: try again; "config check": a system that the file names cannot be used
4  the request that curfew waited for has ended without access
5  the request stays open, and curfew no longer waits for it: "ensure --no-wait", or Ctrl-C while waiting
6  you declined a prompt: nothing was changed
7  "ensure --exit-code": you have access, and curfew had to request it
8  "revoke": the access is still there, or Curfew has not seen it gone; the message says why`,
	}
}

// ending is how a run ends that has not failed, and yet has not led to what was asked for.
type ending struct {
	code int
	says string
}

// Error is what people are told.
func (e *ending) Error() string { return e.says }

// errNoAccess ends the waiting for access when there will be none.
var errNoAccess = &ending{exitNoAccess, "the request has ended without access"}

// errAsked tells a script that the access is new.
var errAsked = &ending{exitAsked, "the access had to be requested"}

// exitCode is what a script sees of an error. What cobra says about flags and arguments is bad input.
func exitCode(err error, understood bool) int {
	if err == nil {
		return exitDone
	}
	var end *ending
	if errors.As(err, &end) {
		return end.code
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
	case contract.KindCapacity,
		contract.KindTooMany,
		contract.KindFrozen,
		contract.KindUnavailable,
		contract.KindInternal:
		return exitUnreachable
	default:
		return exitRefused
	}
}

// complain says on stderr what went wrong, a line for each thing. The text may come from elsewhere.
func (p *program) complain(err error) {
	lines, mark := []string{err.Error()}, "error: "
	var end *ending
	var mistakes config.Errors
	if errors.As(err, &end) {
		mark = ""
	} else if problem, ok := contract.ProblemOf(err); ok {
		lines = []string{problem.Error()}
	} else if errors.As(err, &mistakes) {
		lines = strings.Split(mistakes.Error(), "\n")
	}
	for _, line := range lines {
		_, _ = io.WriteString(p.stderr, mark+printable(line)+"\n") // there is nowhere else to say it
	}
}
