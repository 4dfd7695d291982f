package main

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"curfew/internal/testserver/pace"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// firstRequest waits until the only request of the house is in Temporal.
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
	}, pace.Patience(), 20*time.Millisecond)
	status, err := s.Starter.Current().Get(t.Context(), "alice", id)
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
	s.Record(
		t,
		status,
		contract.Event{Seq: 1, Kind: contract.EventRequested, Actor: "alice"},
		contract.Event{Seq: 2, Kind: kind, Actor: "carol"},
	)
}

func TestWaitingEndsWithAccessOrWithoutIt(t *testing.T) {
	t.Parallel()
	for outcome, code := range map[contract.EventKind]int{contract.EventGranted: 0, contract.EventDenied: 4} {
		t.Run(string(outcome), func(t *testing.T) {
			t.Parallel()
			s := in(t, startertest.Alone(t))
			done := make(chan result, 1)
			go func() { done <- s.run(t, "alice", append(goodRequest, "--wait", "-o", "json")...) }()
			status := s.firstRequest(t)
			s.decide(t, status, outcome)

			var ran result
			select {
			case ran = <-done:
			case <-time.After(30 * time.Second):
				require.FailNow(t, "still waiting")
			}
			require.Equal(t, code, ran.code, ran.errors)
			var shown contract.Status
			require.NoError(t, json.Unmarshal([]byte(ran.out), &shown), "one document: %s", ran.out)
			require.Equal(t, status.ID, shown.ID)
		})
	}
}
