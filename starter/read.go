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
	"go.temporal.io/sdk/client"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// pollInterval is how often Watch looks into the ledger.
const pollInterval = 500 * time.Millisecond

// Get returns a request's status: the workflow's own when a worker answers, what the ledger has of it otherwise.
// Requests that the actor is no part of are not found, like those that don't exist.
func (s *Snapshot) Get(ctx context.Context, actor, id string) (contract.Status, error) {
	status, err := s.find(ctx, actor, id, OperationShow)
	if err != nil {
		return status, err
	}
	return s.shown(ctx, s.withEnding(ctx, status)), nil
}

// find looks a request up for an operation that the actor may do.
func (s *Snapshot) find(ctx context.Context, actor, id string, op Operation) (contract.Status, error) {
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
func (s *Snapshot) Events(ctx context.Context, actor, id string) (contract.Status, []contract.Event, error) {
	status, events, err := s.story(ctx, actor, id)
	if err != nil {
		return contract.Status{}, nil, err
	}
	return s.tracked(ctx, status), events, nil
}

// story is what the ledger alone has, which is asked for again and again while somebody watches.
func (s *Snapshot) story(ctx context.Context, actor, id string) (contract.Status, []contract.Event, error) {
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
	status.Lost = contract.Gaps(events)
	events = s.shownEvents(status, events)
	return s.named(s.withEnding(ctx, status)), events, nil
}

// Decisions returns what the policy has decided about a request and its extensions, oldest first.
func (s *Snapshot) Decisions(ctx context.Context, actor, id string) ([]ledger.Decision, error) {
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
// and of the context end the watch as they are. Each look goes by the configuration of its moment: whoever may not see
// the request any more does not see what comes.
func (s *Starter) Watch(
	ctx context.Context, actor, id string, after int, tell func(contract.Status, []contract.Event) error,
) error {
	look := time.NewTicker(pollInterval)
	defer look.Stop()
	for {
		status, events, err := s.Current().story(ctx, actor, id)
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

// look finds a request's status wherever there is one, whoever may see it: the workflow's own, unless it has forgotten
// what the ledger knows; else the ledger's.
func (s *Snapshot) look(ctx context.Context, id string) (contract.Status, error) {
	recorded, events, unrecorded := s.events.Request(ctx, id) // first, because the workflow goes on meanwhile
	known := unrecorded == nil
	status, running, unanswered := s.query(ctx, id)
	switch {
	case unanswered == nil && (!known || !forgets(status, recorded)):
		status.Untracked = !running && s.mayBeUntracked(status)
		status.Lost = contract.Gaps(events)
		return status, nil
	case known:
		recorded.Lost = contract.Gaps(events)
		recorded.Untracked = (unanswered == nil || isA[*serviceerror.NotFound](unanswered)) &&
			s.mayBeUntracked(recorded)
		return recorded, nil
	case !errors.Is(unrecorded, ledger.ErrNotFound):
		return contract.Status{}, unreadable(unrecorded)
	case isA[*serviceerror.NotFound](unanswered):
		return contract.Status{}, notFound(id)
	}
	return s.firstStatus(ctx, id)
}

// forgets is true of a workflow's status that is older than the ledger's, or of another life: it was reset, or Temporal
// was restored from an older copy.
func forgets(status, recorded contract.Status) bool {
	return status.Seq < recorded.Seq || !status.MayFollow(recorded)
}

// query asks a request's workflow, and says whether it runs: one that was terminated answers too.
func (s *Snapshot) query(ctx context.Context, id string) (status contract.Status, running bool, err error) {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	ask := client.QueryWorkflowWithOptionsRequest{
		WorkflowID: contract.RequestWorkflowID(id), QueryType: contract.QueryStatus,
		QueryRejectCondition: enumspb.QUERY_REJECT_CONDITION_NOT_OPEN,
	}
	answer, err := s.temporal.QueryWorkflowWithOptions(ctx, &ask)
	if err == nil && answer.QueryRejected != nil {
		ask.QueryRejectCondition = enumspb.QUERY_REJECT_CONDITION_NONE
		answer, err = s.temporal.QueryWorkflowWithOptions(ctx, &ask)
	} else {
		running = true
	}
	if err == nil {
		err = answer.QueryResult.Get(&status)
	}
	return status, running, err
}

// firstStatus is all there is while workers are down and the ledger has not heard of the request.
func (s *Snapshot) firstStatus(ctx context.Context, id string) (contract.Status, error) {
	request, err := s.firstRequest(ctx, id)
	if err != nil {
		return contract.Status{}, err
	}
	return s.asAsked(ctx, request.Fact), nil
}

// firstRequest reads what was asked from the workflow's first event, for which no worker is needed.
func (s *Snapshot) firstRequest(ctx context.Context, id string) (contract.Sealed[contract.Request], error) {
	none := contract.Sealed[contract.Request]{}
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	var input contract.RequestInput
	found, err := s.firstInput(ctx, contract.RequestWorkflowID(id), &input)
	switch {
	case err != nil:
		return none, problemOf(err, id)
	case !found:
		return none, notFound(id)
	}
	return input.Request, nil
}

// firstInput reads what a workflow was started with.
func (s *shared) firstInput(ctx context.Context, workflow string, into any) (found bool, err error) {
	history := s.temporal.GetWorkflowHistory(ctx, workflow, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	if !history.HasNext() {
		return false, nil
	}
	first, err := history.Next()
	if err != nil {
		return false, err
	}
	input := first.GetWorkflowExecutionStartedEventAttributes().GetInput()
	if err := s.converter.FromPayloads(input, into); err != nil {
		return false, fmt.Errorf("read the input of %s: %w", workflow, err)
	}
	return true, nil
}
