package promises

import (
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"
	commonpb "go.temporal.io/api/common/v1"
	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/workflowservice/v1"

	"curfew/internal/sandbox"
	"curfew/starter"
	"curfew/workflows/contract"
)

// soon has a template whose access may begin later, and one that waits for a moment only.
func soon(h *house) {
	h.templates += `
  later:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    startWithin: 24h
    approval: {count: 1, from: [bob, carol]}
  fleeting:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    pending: 2s
    approval: {count: 1, from: [bob, carol]}
`
}

// chains are all that a request's history shows: what was decided, and what its grants were shown.
func (h *house) chains(id string) []contract.Chain {
	h.t.Helper()
	var chains []contract.Chain
	asked := map[int64]contract.DecideInput{}
	for _, event := range h.history(contract.RequestWorkflowID(id)).Events {
		scheduled := event.GetActivityTaskScheduledEventAttributes()
		switch scheduled.GetActivityType().GetName() {
		case contract.ActivityDecide:
			var in contract.DecideInput
			h.decode(scheduled.GetInput(), &in)
			asked[event.GetEventId()] = in
		case contract.ActivityHold, contract.ActivityExtendLease:
			var in contract.HoldInput
			h.decode(scheduled.GetInput(), &in)
			chains = append(chains, in.Chain)
		}
		completed := event.GetActivityTaskCompletedEventAttributes()
		if in, ok := asked[completed.GetScheduledEventId()]; ok {
			var decision contract.Decision
			h.decode(completed.GetResult(), &decision)
			chain := contract.Chain{Grounds: contract.Grounds{Request: in.Request, Reviews: in.Reviews}}
			if decision.Fact != nil {
				chain.Decision = *decision.Fact
			}
			chains = append(chains, chain)
		}
	}
	return chains
}

// lives are the ways in which a request comes to wait, or to its end; each returns its id.
var lives = map[string]func(*house) string{
	"waits for a review": func(h *house) string {
		id := h.ask(alice, "debug", time.Hour).ID
		h.await(id, contract.StatePending)
		h.requireDecided(id)
		return id
	},
	"waits for its start": func(h *house) string { return h.scheduled() },
	"was canceled before its start": func(h *house) string {
		id := h.scheduled()
		_, err := h.starter.Current().Cancel(h.t.Context(), alice, id, "never mind")
		require.NoError(h.t, err)
		require.Equal(h.t, contract.OutcomeWithdrawn, h.ended(id).Outcome)
		return id
	},
	"was denied": func(h *house) string {
		id := h.ask(alice, "debug", time.Hour).ID
		_, err := h.starter.Current().Review(
			h.t.Context(),
			bob,
			id,
			starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: "not now"},
		)
		require.NoError(h.t, err)
		require.Equal(h.t, contract.OutcomeDenied, h.ended(id).Outcome)
		return id
	},
	"was withdrawn": func(h *house) string {
		id := h.ask(alice, "debug", time.Hour).ID
		h.await(id, contract.StatePending)
		h.requireDecided(id)
		_, err := h.starter.Current().Cancel(h.t.Context(), alice, id, "never mind")
		require.NoError(h.t, err)
		require.Equal(h.t, contract.OutcomeWithdrawn, h.ended(id).Outcome)
		return id
	},
	"has lapsed": func(h *house) string {
		id := h.ask(alice, "fleeting", time.Hour).ID
		require.Equal(h.t, contract.OutcomeLapsed, h.ended(id).Outcome)
		return id
	},
	"could not be granted": func(h *house) string {
		h.lightrunFaults.Add(sandbox.Fault{Method: "POST", Status: 400})
		id := h.ask(alice, "debug", time.Hour).ID
		h.approve(bob, id)
		require.Equal(h.t, contract.OutcomeFailed, h.ended(id).Outcome)
		h.lightrunFaults.Clear()
		return id
	},
	"has expired": func(h *house) string {
		id := h.active(alice, "debug", 2*time.Second).ID
		require.Equal(h.t, contract.OutcomeExpired, h.ended(id).Outcome)
		return id
	},
	"was revoked": func(h *house) string {
		id := h.active(alice, "debug", time.Hour).ID
		_, err := h.starter.Current().Revoke(h.t.Context(), bob, id, "it looks odd")
		require.NoError(h.t, err)
		require.Equal(h.t, contract.OutcomeRevoked, h.ended(id).Outcome)
		return id
	},
	"was revoked by a signal while its grant was terminated": func(h *house) string {
		status := h.active(alice, "debug", time.Hour)
		h.terminate(status.Holds[0].Access.GrantID())
		require.NoError(
			h.t,
			h.client.SignalWorkflow(
				h.t.Context(),
				contract.RequestWorkflowID(status.ID),
				"",
				contract.SignalRevoke,
				"enough",
			),
		)
		require.Equal(h.t, contract.OutcomeRevoked, h.ended(status.ID).Outcome)
		return status.ID
	},
	"was revoked while its target was down": func(h *house) string {
		id := h.active(alice, "debug", time.Hour).ID
		h.lightrunFaults.Add(sandbox.Fault{Down: true})
		require.NoError(
			h.t,
			h.client.SignalWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.SignalRevoke, "enough"),
		)
		require.Eventually(h.t, func() bool {
			_, err := h.ledger.TombstoneOf(h.t.Context(), id)
			return err == nil
		}, patience, 20*time.Millisecond)
		h.lightrunFaults.Clear()
		require.Equal(h.t, contract.OutcomeRevoked, h.ended(id).Outcome)
		return id
	},
	"was extended and has ended": func(h *house) string {
		id := h.active(alice, "debug", time.Hour).ID
		_, err := h.starter.Current().
			Extend(h.t.Context(), alice, id, contract.Duration{Duration: time.Hour}, "not done")
		require.NoError(h.t, err)
		_, err = h.starter.Current().Revoke(h.t.Context(), alice, id, "done")
		require.NoError(h.t, err)
		require.Equal(h.t, contract.OutcomeRevoked, h.ended(id).Outcome)
		return id
	},
	"had its grant canceled": func(h *house) string {
		status := h.active(alice, "debug", time.Hour)
		grant := status.Holds[0].Access.GrantID()
		require.NoError(h.t, h.client.CancelWorkflow(h.t.Context(), grant, ""))
		require.NoError(h.t, h.client.GetWorkflow(h.t.Context(), grant, "").Get(h.t.Context(), nil))
		return status.ID
	},
	"was canceled": func(h *house) string {
		id := h.active(alice, "debug", time.Hour).ID
		require.NoError(h.t, h.client.CancelWorkflow(h.t.Context(), contract.RequestWorkflowID(id), ""))
		require.Equal(h.t, contract.OutcomeRevoked, h.ended(id).Outcome)
		return id
	},
	"was taken over": func(h *house) string {
		id, grant := h.stuck()
		_, err := h.starter.Current().TakeOver(h.t.Context(), frank, grant.ID, "the target is scrapped")
		require.NoError(h.t, err)
		require.Equal(h.t, contract.OutcomeTakenOver, h.ended(id).Outcome)
		h.lightrunFaults.Clear()
		for _, access := range h.lightrun.Live() {
			require.NoError(h.t, h.removeAccess(access.Name)) // as the one who took it over has promised
		}
		return id
	},
}

// scheduled is a request that was approved and begins in an hour.
func (h *house) scheduled() string {
	h.t.Helper()
	status, err := h.starter.Current().Start(h.t.Context(), starter.Ask{
		Template:  "later",
		Requester: alice,
		Duration:  contract.Duration{Duration: time.Hour},
		Purpose:   contract.Purpose{Reason: "orders are late", Ticket: key},
		StartAt:   time.Now().Add(time.Hour),
		Source:    "test",
	})
	require.NoError(h.t, err)
	h.approve(bob, status.ID)
	h.await(status.ID, contract.StateScheduled)
	return status.ID
}

// requireDecided waits until the policy has looked at a request.
func (h *house) requireDecided(id string) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		decisions, err := h.ledger.DecisionsOf(h.t.Context(), id)
		return err == nil && len(decisions) > 0
	}, patience, 20*time.Millisecond)
}

// The intruder has the whole history of a request, and asks the grant for everything that it shows.
func TestP7NoChainFromTheHistoryOfARequestThatWaitsOrHasEndedGivesAccess(t *testing.T) {
	t.Parallel()
	for name, live := range lives {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, soon)
			h.work()
			id := live(h)
			require.Eventually(t, func() bool { return len(h.chains(id)) > 0 }, patience, 20*time.Millisecond)
			for _, chain := range h.chains(id) {
				for _, lasts := range []time.Duration{time.Minute, time.Hour, 365 * 24 * time.Hour} {
					require.Error(t, h.hold(contract.HoldInput{
						Access: chain.Request.Fact.Terms.Accesses[0],
						Chain:  chain,
						Lease:  contract.Lease{Request: id, Until: time.Now().Add(lasts)},
					}))
					h.requireNoAccess()
				}
			}
		})
	}
}

func TestP7AResetOfARequestThatEndedGivesNothing(t *testing.T) {
	t.Parallel()
	for name, live := range lives {
		if name == "waits for a review" || name == "waits for its start" || name == "had its grant canceled" {
			continue // it goes on
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, soon)
			h.work()
			id := live(h)
			for _, task := range h.tasks(id) {
				h.reset(id, task)
				h.settled(id)
				h.requireNoAccess()
			}
		})
	}
}

// tasks are the ends of the steps of a request, from the first to that before the last; a few of them.
func (h *house) tasks(id string) []int64 {
	h.t.Helper()
	var tasks []int64
	for _, event := range h.history(contract.RequestWorkflowID(id)).Events {
		if event.GetEventType() == enumspb.EVENT_TYPE_WORKFLOW_TASK_COMPLETED {
			tasks = append(tasks, event.GetEventId())
		}
	}
	require.NotEmpty(h.t, tasks)
	some := []int64{tasks[0]}
	if len(tasks) > 3 {
		some = append(some, tasks[len(tasks)/3], tasks[len(tasks)/2])
	}
	return some
}

// reset begins the first run of a request anew from one of its steps, with what was sent to it later.
func (h *house) reset(id string, task int64) {
	h.t.Helper()
	var first string
	described, err := h.client.DescribeWorkflowExecution(h.t.Context(), contract.RequestWorkflowID(id), "")
	require.NoError(h.t, err)
	first = described.GetWorkflowExecutionInfo().GetFirstRunId()
	_, err = h.client.ResetWorkflowExecution(h.t.Context(), &workflowservice.ResetWorkflowExecutionRequest{
		Namespace: contract.Namespace,
		WorkflowExecution: &commonpb.WorkflowExecution{
			WorkflowId: contract.RequestWorkflowID(id),
			RunId:      first,
		},
		Reason:                    "to have it again",
		WorkflowTaskFinishEventId: task,
		RequestId:                 uuid.NewString(),
		ResetReapplyExcludeTypes:  []enumspb.ResetReapplyExcludeType{enumspb.RESET_REAPPLY_EXCLUDE_TYPE_SIGNAL},
	})
	require.NoError(h.t, err)
}

// settled waits until the run that was reset has ended, or does nothing any more.
func (h *house) settled(id string) {
	h.t.Helper()
	quiet := 0
	require.Eventually(h.t, func() bool {
		described, err := h.client.DescribeWorkflowExecution(h.t.Context(), contract.RequestWorkflowID(id), "")
		if err != nil {
			return false
		}
		quiet++
		if len(described.GetPendingActivities()) > 0 || described.GetPendingWorkflowTask() != nil {
			quiet = 0
		}
		return quiet == 20 ||
			described.GetWorkflowExecutionInfo().GetStatus() != enumspb.WORKFLOW_EXECUTION_STATUS_RUNNING
	}, patience, 50*time.Millisecond, "the run that was reset never comes to rest")
}
