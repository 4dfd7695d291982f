package starter

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"sync"

	"go.temporal.io/api/serviceerror"
	"go.temporal.io/api/workflowservice/v1"
	"golang.org/x/sync/errgroup"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

const (
	// mostStuck is how many stuck grants are listed: when there are more, one cause is behind them. So many more are
	// asked for, because not all that call themselves stuck are grants that answer.
	mostStuck      = 200
	mostStuckPages = 5
	// askedAtOnce is how many grants are asked at the same time. One that does not answer holds up no other.
	askedAtOnce = 20
)

// Stuck returns the grants whose revoke is past its alarm time, and after them those that can't be asked, with the
// reason.
func (s *Snapshot) Stuck(ctx context.Context, actor string) ([]contract.GrantStatus, error) {
	if err := s.allow(actor, OperationStuck); err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	stuck, unanswered := []contract.GrantStatus{}, []contract.GrantStatus{}
	var token []byte
	for range mostStuckPages {
		found, err := s.temporal.ListWorkflow(ctx, &workflowservice.ListWorkflowExecutionsRequest{
			PageSize: mostStuck, NextPageToken: token,
			Query: fmt.Sprintf("WorkflowType = '%s' AND ExecutionStatus = 'Running' AND %s = true",
				contract.WorkflowGrant, contract.KeyStuck.GetName()),
		})
		if err != nil && len(stuck)+len(unanswered) == 0 {
			return nil, unavailable(err, "Temporal can't be asked which grants are stuck")
		}
		var grants []string
		for _, execution := range found.GetExecutions() {
			grants = append(grants, execution.GetExecution().GetWorkflowId())
		}
		for _, status := range s.askGrants(ctx, grants) {
			switch {
			case status.Unanswered != "":
				unanswered = append(unanswered, status)
			case status.Stuck: // the list lags behind a little
				stuck = append(stuck, status)
			}
		}
		token = found.GetNextPageToken()
		if len(token) == 0 || len(stuck) >= mostStuck {
			break
		}
	}
	all := slices.Concat(s.withStuckRequests(ctx, stuck, unanswered), unanswered)
	for i := range all {
		all[i] = s.namedGrant(all[i])
	}
	return all, nil
}

// withStuckRequests adds what requests wait for that are stuck, although their grants do not say that they are: a grant
// that is gone, say, or does not end what it says is over.
func (s *Snapshot) withStuckRequests(
	ctx context.Context,
	stuck, unanswered []contract.GrantStatus,
) []contract.GrantStatus {
	requests, err := s.events.Requests(ctx, ledger.Filter{Stuck: true, Limit: mostStuck})
	if err != nil {
		return stuck // the grants are listed without the ledger
	}
	listed := map[string]bool{}
	for _, grant := range slices.Concat(stuck, unanswered) {
		listed[grant.ID] = true
	}
	for _, request := range requests {
		for _, hold := range request.Holds {
			grant := hold.Access.GrantID()
			if hold.Problem == "" || listed[grant] || len(stuck) >= mostStuck {
				continue
			}
			listed[grant] = true
			status := s.askGrant(ctx, grant)
			if status.Stuck {
				stuck = append(stuck, status)
				continue
			}
			status = contract.GrantStatus{
				ID: grant, Access: hold.Access, Stuck: true, Requests: []string{request.ID},
				Problem: cmp.Or(s.failureOf(ctx, grant), status.Unanswered, hold.Problem),
			}
			if request.Until != nil {
				status.Since = *request.Until
			}
			stuck = append(stuck, status)
		}
	}
	return stuck
}

// askGrants asks grants how they stand, at the same time and no longer than one may take each.
func (s *Snapshot) askGrants(ctx context.Context, grants []string) []contract.GrantStatus {
	var (
		all      errgroup.Group
		mu       sync.Mutex
		answered []contract.GrantStatus
	)
	all.SetLimit(askedAtOnce)
	for _, grant := range grants {
		all.Go(func() error {
			status := s.askGrant(ctx, grant)
			mu.Lock()
			defer mu.Unlock()
			answered = append(answered, status)
			return nil
		})
	}
	_ = all.Wait() // none fails
	slices.SortFunc(answered, func(a, b contract.GrantStatus) int { return a.Since.Compare(b.Since) })
	return answered
}

// askGrant asks a grant how it stands. An answer about another access is none: anybody can start a workflow that
// answers.
func (s *Snapshot) askGrant(ctx context.Context, grant string) contract.GrantStatus {
	ctx, cancel := context.WithTimeout(ctx, statusWithin)
	defer cancel()
	var status contract.GrantStatus
	answer, err := s.temporal.QueryWorkflow(ctx, grant, "", contract.QueryStatus)
	if err == nil {
		err = answer.Get(&status)
	}
	switch {
	case isA[*serviceerror.NotFound](err):
		return contract.GrantStatus{ID: grant} // it has come to its end meanwhile
	case err != nil:
		return contract.GrantStatus{ID: grant, Unanswered: contract.AsProblem(grantProblem(err, grant)).Error()}
	case status.ID != grant || status.Access.GrantID() != grant:
		return contract.GrantStatus{ID: grant, Unanswered: "it answers for another access than its own"}
	}
	return status
}
