package main

import (
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"curfew/workflows/contract"
)

const errNoSpace = syscall.ENOSPC

// firstRequest waits until the house's first request is in Temporal: requests are told apart by the house's ticket.
func (s *shell) firstRequest(t *testing.T) contract.Status {
	t.Helper()
	var id string
	require.Eventually(t, func() bool {
		list, err := s.Client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{})
		require.NoError(t, err)
		for _, execution := range list.GetExecutions() {
			id = strings.TrimPrefix(execution.GetExecution().GetWorkflowId(), "request/")
		}
		return id != ""
	}, 10*time.Second, 20*time.Millisecond)
	status, err := s.Starter.Get(t.Context(), "alice", id)
	require.NoError(t, err)
	return status
}

// decide records what a worker would have recorded.
func (s *shell) decide(t *testing.T, status contract.Status, kind contract.EventKind) {
	t.Helper()
	at := time.Now().UTC()
	status.Seq = 2
	status.State, status.GrantedAt = contract.StateActive, &at
	if kind == contract.EventDenied {
		status.State, status.Outcome, status.GrantedAt, status.EndedAt = contract.StateEnded, contract.OutcomeDenied, nil, &at
	}
	s.Record(t, status, contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"}, contract.Event{Seq: 2, Kind: kind, Actor: "carol"})
}
