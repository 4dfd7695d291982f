package metrics

import (
	"context"
	"errors"
	"strings"

	"curfew/internal/reload"
	"curfew/workflows/contract"
)

// other stands for every value that is not known: what comes from outside can't make labels.
const other = "other"

// The causes of an error that no system has named.
const (
	causeCanceled = "Canceled"
	causeDeadline = "DeadlineExceeded"
)

// labels are the values that labels may have.
type labels struct {
	names    *reload.Live
	events   map[contract.EventKind]bool
	outcomes map[contract.Outcome]bool
	alarms   map[contract.AlarmKind]bool
	kinds    map[contract.Kind]bool
	states   map[contract.State]bool
	sources  map[string]bool
}

func newLabels(names *reload.Live) labels {
	return labels{
		names:    names,
		events:   setOf(contract.EventKinds()),
		outcomes: setOf(contract.Outcomes()),
		alarms:   setOf(contract.AlarmKinds()),
		kinds:    setOf(contract.Kinds()),
		states: setOf([]contract.State{
			contract.StatePending, contract.StateScheduled, contract.StateGranting, contract.StateActive,
			contract.StateRevoking, contract.StateEnded,
		}),
		sources: setOf([]string{"api", "cli", "web"}),
	}
}

func setOf[T comparable](values []T) map[T]bool {
	set := make(map[T]bool, len(values))
	for _, value := range values {
		set[value] = true
	}
	return set
}

// among is a value that a set has, or other.
func among[T ~string](set map[T]bool, value T) string {
	if set[value] {
		return string(value)
	}
	return other
}

// configured is a name that the configuration has, or other.
func configured[T any](section map[string]T, name string) string {
	if _, known := section[name]; known {
		return name
	}
	return other
}

func (l labels) template(name string) string { return configured(l.names.Current().Templates, name) }
func (l labels) target(name string) string   { return configured(l.names.Current().Targets, name) }
func (l labels) channel(name string) string  { return configured(l.names.Current().Notify, name) }
func (l labels) hook(name string) string     { return configured(l.names.Current().Hooks, name) }

// sourceHooks begins the sources of requests that scripts ask for by webhooks.
const sourceHooks = "hooks/"

// source is how a request came in: by an entry point of Curfew's own, by a webhook of a script, or by the tracker's or
// an incident system's.
func (l labels) source(name string) string {
	if hook, is := strings.CutPrefix(name, sourceHooks); is {
		return sourceHooks + l.hook(hook)
	}
	if l.sources[name] {
		return name
	}
	current := l.names.Current()
	if tracker := current.Tickets.Tracker; tracker != nil && (tracker.Kind == name || tracker.Accounts == name) {
		return name
	}
	return configured(current.Incidents, name)
}

// cause is the kind of an error.
func (l labels) cause(err error) string {
	problem, known := contract.ProblemOf(err)
	switch {
	case known:
		return among(l.kinds, problem.Kind)
	case errors.Is(err, context.Canceled):
		return causeCanceled
	case errors.Is(err, context.DeadlineExceeded):
		return causeDeadline
	}
	return other
}
