package starter

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// pollInterval is how often Watch looks into the ledger.
const pollInterval = 500 * time.Millisecond

// Get returns a request's status: the workflow's own when a worker answers, what the ledger has of it otherwise.
// Requests that the actor is no part of are not found, like those that don't exist.
func (s *Starter) Get(ctx context.Context, actor, id string) (contract.Status, error) {
	s = s.snapshot()
	status, err := s.find(ctx, actor, id, OperationShow)
	if err != nil {
		return status, err
	}
	return s.shown(ctx, s.withEnding(ctx, status)), nil
}

// find looks a request up for an operation that the actor may do.
func (s *Starter) find(ctx context.Context, actor, id string, op Operation) (contract.Status, error) {
	if err := cmp.Or(s.known(actor), checkID(id)); err != nil {
		return contract.Status{}, err
	}
	status, err := s.look(ctx, id)
	if err != nil {
		return contract.Status{}, err
	}
	if err := s.allowOn(ctx, actor, op, status); err != nil {
		return contract.Status{}, err
	}
	return status, nil
}

// Events returns the ledger's status of a request and its events in order. A request that the ledger has not heard of
// yet has no events.
func (s *Starter) Events(ctx context.Context, actor, id string) (contract.Status, []contract.Event, error) {
	s = s.snapshot()
	if err := cmp.Or(s.known(actor), checkID(id)); err != nil {
		return contract.Status{}, nil, err
	}
	status, events, err := s.events.Request(ctx, id)
	if errors.Is(err, ledger.ErrNotFound) {
		status, err = s.find(ctx, actor, id, OperationEvents)
		return s.named(status), nil, err
	}
	if err != nil {
		return contract.Status{}, nil, unreadable(err)
	}
	if err := s.allowOn(ctx, actor, OperationEvents, status); err != nil {
		return contract.Status{}, nil, err
	}
	events = s.shownEvents(status, events)
	return s.named(s.withEnding(ctx, status)), events, nil
}

// Decisions returns what the policy has decided about a request and its extensions, oldest first.
func (s *Starter) Decisions(ctx context.Context, actor, id string) ([]ledger.Decision, error) {
	s = s.snapshot()
	if _, err := s.find(ctx, actor, id, OperationDecisions); err != nil {
		return nil, err
	}
	decisions, err := s.journal.DecisionsOf(ctx, id)
	if err != nil {
		return nil, unreadable(err)
	}
	return decisions, nil
}

// Watch tells a request's events after a number as they come, until it has ended, which is no error. It looks twice a
// second and calls tell each time, also without news, so that the caller can see to its own connection. Errors of tell
// and of the context end the watch as they are.
func (s *Starter) Watch(
	ctx context.Context, actor, id string, after int, tell func(contract.Status, []contract.Event) error,
) error {
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	for {
		status, events, err := s.Events(ctx, actor, id)
		if err != nil {
			return err
		}
		news := slices.DeleteFunc(events, func(event contract.Event) bool { return event.Seq <= after })
		if len(news) > 0 {
			after = news[len(news)-1].Seq
		}
		if err := tell(status, news); err != nil {
			return err
		}
		if status.State == contract.StateEnded {
			return nil
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.C:
		}
	}
}

// look finds a request's status wherever there is one, whoever may see it.
func (s *Starter) look(ctx context.Context, id string) (contract.Status, error) {
	status, unanswered := s.query(ctx, id)
	if unanswered == nil {
		return status, nil
	}
	status, _, err := s.events.Request(ctx, id)
	switch {
	case err == nil:
		return status, nil
	case !errors.Is(err, ledger.ErrNotFound):
		return contract.Status{}, unreadable(err)
	case isA[*serviceerror.NotFound](unanswered):
		return contract.Status{}, notFound(id)
	}
	return s.firstStatus(ctx, id)
}

func (s *Starter) query(ctx context.Context, id string) (contract.Status, error) {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	var status contract.Status
	answer, err := s.temporal.QueryWorkflow(ctx, contract.RequestWorkflowID(id), "", contract.QueryStatus)
	if err != nil {
		return status, err
	}
	err = answer.Get(&status)
	return status, err
}

// firstStatus is all there is while workers are down and the ledger has not heard of the request.
func (s *Starter) firstStatus(ctx context.Context, id string) (contract.Status, error) {
	request, err := s.firstRequest(ctx, id)
	if err != nil {
		return contract.Status{}, err
	}
	return s.asAsked(ctx, request.Fact), nil
}

// firstRequest reads what was asked from the workflow's first event, for which no worker is needed.
func (s *Starter) firstRequest(ctx context.Context, id string) (contract.Sealed[contract.Request], error) {
	none := contract.Sealed[contract.Request]{}
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	history := s.temporal.GetWorkflowHistory(ctx, contract.RequestWorkflowID(id), "", false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !history.HasNext() {
		return none, notFound(id)
	}
	first, err := history.Next()
	if err != nil {
		return none, problemOf(err, id)
	}
	var input contract.RequestInput
	if err := s.converter.FromPayloads(first.GetWorkflowExecutionStartedEventAttributes().GetInput(), &input); err != nil {
		return none, problemOf(fmt.Errorf("read the input of request %s: %w", id, err), id)
	}
	return input.Request, nil
}
