package starter

import (
	"context"
	"time"

	"go.temporal.io/sdk/temporal"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

// shown is a status as people read it: with everybody's name, and with what the server knows better than the request,
// which learns of its access when it asks.
func (s *Snapshot) shown(ctx context.Context, status contract.Status) contract.Status {
	status = s.withKeepers(ctx, s.withFailures(ctx, status))
	return s.named(status)
}

func (s *Snapshot) named(status contract.Status) contract.Status {
	status.Names = s.config.Names(status.People()...)
	status.Why = story.Named(status.Why, s.config.Name)
	status.Summary = story.Standing(story.Case{Status: status, Now: now()})
	return status
}

// shownEvents are events as people read them.
func (s *Snapshot) shownEvents(status contract.Status, events []contract.Event) []contract.Event {
	people := status.People()
	for _, event := range events {
		people = append(people, event.Actor)
	}
	status.Names = s.config.Names(people...)
	for i := range events {
		events[i].Detail = story.Named(events[i].Detail, s.config.Name)
		events[i].Headline = story.Headline(story.Case{Event: events[i], Status: status})
	}
	return events
}

const (
	// mostKeepers bounds how many requests are followed that hold access up one after the other.
	mostKeepers = 10
	// failingWithin bounds how long it takes to find out why an end fails. It is left out otherwise.
	failingWithin = 2 * time.Second
	// failingAfter is how long an end may take before it is looked into.
	failingAfter = 2 * time.Second
)

// withKeepers looks at what has become of access that another request held up when this one ended: that may have been
// extended since, or have ended.
func (s *Snapshot) withKeepers(ctx context.Context, status contract.Status) contract.Status {
	for i, hold := range status.Holds {
		for range mostKeepers {
			if status.State != contract.StateEnded || hold.HeldUntil == nil || hold.HeldBy == "" {
				break
			}
			keeper, _, err := s.events.Request(ctx, hold.HeldBy)
			if err != nil || keeper.Subject != status.Subject {
				break
			}
			if keeper.State != contract.StateEnded {
				if keeper.Until != nil {
					hold.HeldUntil = keeper.Until
				}
				break
			}
			its := holdOn(keeper, hold.Access)
			hold.GoneAt, hold.RemovedAt, hold.TakenOver = its.GoneAt, its.RemovedAt, its.TakenOver
			hold.HeldBy, hold.HeldUntil = its.HeldBy, its.HeldUntil
		}
		status.Holds[i] = hold
	}
	return status
}

func holdOn(status contract.Status, access contract.Access) contract.HoldState {
	for _, hold := range status.Holds {
		if hold.Access.GrantID() == access.GrantID() {
			return hold
		}
	}
	return contract.HoldState{}
}

// withFailures adds what a target answers to a revoke that fails, seconds after it was due. The request learns of it
// when its revoke is stuck.
func (s *Snapshot) withFailures(ctx context.Context, status contract.Status) contract.Status {
	if !isOverdue(status) {
		return status
	}
	ctx, cancel := context.WithTimeout(ctx, failingWithin)
	defer cancel()
	for i, hold := range status.Holds {
		if hold.GoneAt != nil || hold.Standing || hold.TakenOver != nil || hold.RemovedAt != nil ||
			hold.HeldUntil != nil {
			continue
		}
		if fault := s.failureOf(ctx, hold.Access.GrantID()); fault != "" {
			status.Holds[i].Problem = fault
		}
	}
	return status
}

// isOverdue is true of access that should be gone, and is not seen to be.
func isOverdue(status contract.Status) bool {
	switch status.State {
	case contract.StateRevoking:
		return true
	case contract.StateGranting, contract.StateActive:
		return status.Ending != nil || status.Stuck ||
			status.Until != nil && now().After(status.Until.Add(failingAfter))
	default:
		return false
	}
}

// failureOf is what the end of a grant has failed with the last time, in the words of its target; empty when it has not
// failed.
func (s *Snapshot) failureOf(ctx context.Context, grant string) string {
	described, err := s.temporal.DescribeWorkflowExecution(ctx, grant, "")
	if err != nil {
		return ""
	}
	failures := temporal.NewDefaultFailureConverter(temporal.DefaultFailureConverterOptions{DataConverter: s.converter})
	for _, pending := range described.GetPendingActivities() {
		if pending.GetActivityType().GetName() != contract.ActivityEnd || pending.GetLastFailure() == nil {
			continue
		}
		return contract.AsProblem(failures.FailureToError(pending.GetLastFailure())).Error()
	}
	return ""
}
