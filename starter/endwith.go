package starter

import (
	"context"
	"fmt"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// endedAtOnce is how many requests are told at the same time to end.
	endedAtOnce = 16
	pageOfEnds  = 100
)

// EndWithIncident ends the access that was given for an incident and takes back what waits for a decision, where the
// terms say that it ends with the incident. It returns those that it has ended, and is safe to repeat.
func (s *Snapshot) EndWithIncident(ctx context.Context, incident string) ([]string, error) {
	return s.endWith(
		ctx,
		ledger.Filter{Incident: incident},
		func(terms contract.Terms) bool { return terms.EndWithIncident },
		contract.End{By: contract.ActorIncident, Reason: fmt.Sprintf("The incident %s is resolved.", incident)},
	)
}

// EndWithTicket does the same for a ticket that was closed.
func (s *Snapshot) EndWithTicket(ctx context.Context, ticket string) ([]string, error) {
	return s.endWith(ctx, ledger.Filter{Ticket: ticket}, func(terms contract.Terms) bool { return terms.EndWithTicket },
		contract.End{By: contract.ActorTicket, Reason: fmt.Sprintf("The ticket %s is closed.", ticket)})
}

func (s *Snapshot) endWith(
	ctx context.Context, filter ledger.Filter, with func(contract.Terms) bool, end contract.End,
) ([]string, error) {
	open, err := s.OpenRequests(ctx, filter)
	if err != nil {
		return nil, err
	}
	var (
		all   errgroup.Group
		mu    sync.Mutex
		ended []string
	)
	all.SetLimit(endedAtOnce)
	for _, status := range open {
		all.Go(func() error {
			done, err := s.endEarly(ctx, status.ID, with, end)
			mu.Lock()
			defer mu.Unlock()
			if done {
				ended = append(ended, status.ID)
			}
			return err
		})
	}
	err = all.Wait()
	slices.Sort(ended)
	return ended, err
}

// OpenRequests are all requests that fit a filter and that have not ended, as far as the ledger knows, whoever may see
// them. It is for entry points that act in nobody's name. It reads none of those that have ended, however many there
// are; a request that goes on meanwhile is found in its next state.
func (s *Snapshot) OpenRequests(ctx context.Context, filter ledger.Filter) ([]contract.Status, error) {
	states := contract.OpenStates()
	if filter.State != "" {
		states = []contract.State{filter.State}
	}
	var open []contract.Status
	found := map[string]bool{}
	for _, filter.State = range states {
		all, err := s.inState(ctx, filter)
		if err != nil {
			return nil, err
		}
		for _, status := range all {
			if !found[status.ID] {
				open = append(open, status)
			}
			found[status.ID] = true
		}
	}
	return open, nil
}

// inState reads all pages of a list.
func (s *Snapshot) inState(ctx context.Context, filter ledger.Filter) (all []contract.Status, err error) {
	filter.Limit = pageOfEnds
	for {
		page, err := s.events.Requests(ctx, filter)
		if err != nil {
			return nil, unreadable(err)
		}
		all = append(all, page...)
		if len(page) < pageOfEnds {
			return all, nil
		}
		filter.Before = page[len(page)-1].ID
	}
}

// endEarly ends one request, if its terms are such. The terms are read from the request itself, and need no seal:
// whoever could forge them can end the access anyway.
func (s *Snapshot) endEarly(
	ctx context.Context,
	id string,
	with func(contract.Terms) bool,
	end contract.End,
) (bool, error) {
	request, err := s.firstRequest(ctx, id)
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindNotFound {
		return false, nil // Temporal has forgotten it: nothing is left to end
	}
	if err != nil || !with(request.Fact.Terms) {
		return false, err
	}
	status, err := s.look(ctx, id)
	if err != nil || status.State == contract.StateEnded {
		return false, err
	}
	name := contract.UpdateRevoke
	if status.State == contract.StatePending || status.State == contract.StateScheduled {
		name = contract.UpdateCancel
	}
	end.Request, end.At = id, now()
	_, err = s.endNow(ctx, status, name, end)
	return err == nil, err
}
