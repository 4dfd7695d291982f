package promises

import (
	"flag"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/client"

	"curfew/internal/sandbox"
	"curfew/internal/sandbox/pagerduty"
	"curfew/internal/sandbox/slack"
	"curfew/starter"
	"curfew/workflows/contract"
	"curfew/workflows/grant"
	"curfew/workflows/replaytest"
	"curfew/workflows/request"
	"curfew/workflows/sweep"
)

// record keeps the histories of these scenarios as a release's, for the replay tests of all later code.
var record = flag.String("record", "", "keep the histories as those of this `release`")

// scenarios play a request to some point of its life and return its id.
var scenarios = map[string]func(*house) string{
	"pending":   func(h *house) string { return h.do(h.ask(alice, "both", time.Hour).ID, h.reviewed) },
	"asleep":    func(h *house) string { return h.active(alice, "both", time.Hour).ID },
	"withdrawn": func(h *house) string { return h.do(h.ask(alice, "both", time.Hour).ID, h.cancel) },
	"revoked":   func(h *house) string { return h.do(h.active(alice, "both", time.Hour).ID, h.revoke) },
	"expired": func(h *house) string {
		id := h.active(alice, "both", 2*time.Second).ID
		h.ended(id)
		return id
	},
	"extended": func(h *house) string { return h.do(h.active(alice, "both", time.Hour).ID, h.extend, h.revoke) },
	"extension asked by a signal": func(h *house) string {
		return h.do(h.active(alice, "debug", time.Hour).ID, h.signalExtend, h.approveExtension, h.revoke)
	},
	"denied": func(h *house) string {
		id := h.ask(alice, "debug", time.Hour).ID
		_, err := h.starter.Current().Review(
			h.t.Context(),
			bob,
			id,
			starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: "not now"},
		)
		require.NoError(h.t, err)
		h.ended(id)
		return id
	},
	"failed": func(h *house) string {
		h.lightrunFaults.Add(sandbox.Fault{Method: "POST", Status: 400})
		id := h.ask(alice, "debug", time.Hour).ID
		h.approve(bob, id)
		h.ended(id)
		return id
	},
	"canceled": func(h *house) string {
		id := h.active(alice, "debug", time.Hour).ID
		require.NoError(h.t, h.client.CancelWorkflow(h.t.Context(), contract.RequestWorkflowID(id), ""))
		h.ended(id)
		return id
	},
	"restored": func(h *house) string {
		id := h.active(alice, "kept", 2*time.Minute).ID
		h.database.takeAway(h.database.alice)
		h.tells(id, "Access that somebody else took away was given again")
		return h.do(id, h.revoke)
	},
	"taken over": func(h *house) string {
		id, grant := h.stuck()
		_, err := h.starter.Current().RetryStuck(h.t.Context(), erin, grant.ID)
		require.NoError(h.t, err)
		_, err = h.starter.Current().TakeOver(h.t.Context(), frank, grant.ID, "the company was closed")
		require.NoError(h.t, err)
		h.ended(id)
		return id
	},
	"scheduled": func(h *house) string {
		id := h.asks(starter.Ask{StartAt: time.Now().Add(2 * time.Second), Purpose: contract.Purpose{Ticket: key}})
		h.approve(bob, id)
		h.await(id, contract.StateActive)
		return h.do(id, h.revoke)
	},
	"break-glass": func(h *house) string {
		id := h.asks(starter.Ask{BreakGlass: true})
		h.await(id, contract.StateActive)
		_, err := h.starter.Current().Revoke(h.t.Context(), alice, id, "done")
		require.NoError(h.t, err)
		h.await(id, contract.StateEnded)
		h.approve(carol, id)
		h.ended(id)
		return id
	},
	"ended with its ticket": func(h *house) string {
		id := h.asks(starter.Ask{Purpose: contract.Purpose{Ticket: key}})
		require.NoError(h.t, h.jira.Transition(key, "Done"))
		h.approve(bob, id)
		h.ended(id)
		return id
	},
	"narrated in chat": func(h *house) string { return h.do(h.active(alice, "debug", time.Hour).ID, h.revoke) },
	"on call": func(h *house) string {
		const incident = "PT4KHLK"
		h.pagerduty.Trigger(
			pagerduty.Incident{ID: incident, Service: shop, Title: "The checkout hangs", Assignees: []string{pagedA}},
		)
		status, err := h.starter.Current().Start(h.t.Context(), starter.Ask{
			Template:  "oncall",
			Requester: alice,
			Purpose:   contract.Purpose{Reason: "the checkout hangs", Incident: incident},
			Source:    "test",
		})
		require.NoError(h.t, err)
		h.await(status.ID, contract.StateActive)
		return h.do(status.ID, h.revoke)
	},
	"overlapping": func(h *house) string {
		other := h.active(alice, "both", time.Hour).ID
		return h.do(h.do(h.active(alice, "both", 2*time.Hour).ID, h.revoke), func(string) { h.revoke(other) })
	},
}

// houses are what a scenario needs of its house.
var houses = map[string]func(*house){
	"restored": keeps(
		looking,
	),
	"scheduled":             ruled,
	"break-glass":           ruled,
	"ended with its ticket": ruled,
	"on call":               paged,
	"narrated in chat":      chatted(new(*slack.Server)),
}

func TestP2ASleepingRequestIsWokenByTheCodeOfTheDay(t *testing.T) {
	t.Parallel()
	for name, play := range scenarios {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			options := []func(*house){}
			if option, has := houses[name]; has {
				options = append(options, option)
			}
			h := newHouse(t, options...)
			h.work()
			id := play(h)
			history := h.history(contract.RequestWorkflowID(id))
			require.NoError(t, replaytest.Replay(contract.WorkflowRequest, request.Request, history))
			h.keep("request", name, history)
			for _, access := range h.accesses(id) {
				history := h.history(access.GrantID())
				if len(history.Events) == 0 {
					continue // a request that was never approved has no grant
				}
				require.NoError(t, replaytest.Replay(contract.WorkflowGrant, grant.Grant, history))
				h.keep("grant", name+" "+access.Target, history)
			}
		})
	}
}

func TestASweepIsReplayedByTheCodeOfTheDay(t *testing.T) {
	t.Parallel()
	for name, settings := range map[string]string{
		"removes": "sweep: {remove: true}",
		"stops":   "sweep: {remove: true, maxRemovals: 1}",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, keeps(settings))
			h.work()
			for n := range 2 {
				h.leave(n)
			}
			run, err := h.client.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{
				ID: contract.SweepWorkflowStart + name, TaskQueue: contract.TaskQueue,
			}, contract.WorkflowSweep, contract.SweepInput{})
			require.NoError(t, err)
			require.NoError(t, run.Get(t.Context(), nil))
			history := h.history(run.GetID())
			require.NoError(t, replaytest.Replay(contract.WorkflowSweep, sweep.Sweep, history))
			h.keep("sweep", name, history)
		})
	}
}

func (h *house) keep(workflow, scenario string, history *historypb.History) {
	h.t.Helper()
	if *record != "" {
		name := strings.ReplaceAll(scenario, " ", "-") + ".json.gz"
		require.NoError(
			h.t,
			replaytest.Write(
				filepath.Join("..", "..", "workflows", workflow, "testdata", "replay", *record, name),
				history,
			),
		)
	}
}

// history is what the server has of a workflow's newest run; empty when there was none.
func (h *house) history(workflow string) *historypb.History {
	h.t.Helper()
	history := &historypb.History{}
	events := h.client.GetWorkflowHistory(
		h.t.Context(),
		workflow,
		"",
		false,
		enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT,
	)
	for events.HasNext() {
		event, err := events.Next()
		if err != nil {
			return &historypb.History{}
		}
		history.Events = append(history.Events, event)
	}
	return history
}

func (h *house) accesses(id string) (accesses []contract.Access) {
	h.t.Helper()
	value, err := h.client.QueryWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.QueryStatus)
	require.NoError(h.t, err)
	var status contract.Status
	require.NoError(h.t, value.Get(&status))
	for _, hold := range status.Holds {
		accesses = append(accesses, hold.Access)
	}
	return accesses
}

// do plays steps with a request and returns its id.
func (h *house) do(id string, steps ...func(id string)) string {
	for _, step := range steps {
		step(id)
	}
	return id
}

func (h *house) revoke(id string) {
	h.t.Helper()
	_, err := h.starter.Current().Revoke(h.t.Context(), alice, id, "done")
	require.NoError(h.t, err)
	h.ended(id)
}

// reviewed has one of two reviewers approve.
func (h *house) reviewed(id string) {
	h.t.Helper()
	require.Equal(h.t, contract.StatePending, h.approve(bob, id).State)
}

func (h *house) cancel(id string) {
	h.t.Helper()
	_, err := h.starter.Current().Cancel(h.t.Context(), alice, id, "not needed")
	require.NoError(h.t, err)
	h.ended(id)
}

func (h *house) extend(id string) {
	h.t.Helper()
	_, err := h.starter.Current().
		Extend(h.t.Context(), alice, id, contract.Duration{Duration: time.Hour}, "not done yet")
	require.NoError(h.t, err)
}

func (h *house) signalExtend(id string) {
	h.t.Helper()
	require.NoError(
		h.t,
		h.client.SignalWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.SignalExtend,
			map[string]string{"by": "incident tool", "duration": "30m", "reason": "not done yet"}),
	)
	require.Eventually(
		h.t,
		func() bool { return h.await(id, contract.StateActive).Extension != nil },
		patience,
		50*time.Millisecond,
	)
}

func (h *house) approveExtension(id string) {
	h.t.Helper()
	before := *h.await(id, contract.StateActive).Until
	h.approve(bob, id)
	require.Eventually(
		h.t,
		func() bool { return h.await(id, contract.StateActive).Until.After(before) },
		patience,
		50*time.Millisecond,
	)
}
