package replaytest_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/worker"
	"go.temporal.io/sdk/workflow"

	"curfew/internal/testserver/temporal"
	"curfew/workflows/replaytest"
)

const (
	reminder = "test.Reminder"
	remind   = "test.Remind"
	// changeAskFirst came with v0.2.0: somebody is asked before the wait.
	changeAskFirst = "ask-first"
	// askFirst is its version.
	askFirst workflow.Version = 1
)

// before is the workflow of v0.1.0: it waits, and reminds.
func before(ctx workflow.Context) (string, error) {
	if err := workflow.Sleep(ctx, 10*time.Millisecond); err != nil {
		return "", err
	}
	return say(ctx, "reminded")
}

// careless asks first, and so has other commands than the histories of v0.1.0.
func careless(ctx workflow.Context) (string, error) {
	if _, err := say(ctx, "asked"); err != nil {
		return "", err
	}
	return before(ctx)
}

// after asks first as well, in workflows that have not begun before.
func after(ctx workflow.Context) (string, error) {
	if workflow.GetVersion(ctx, changeAskFirst, workflow.DefaultVersion, askFirst) == workflow.DefaultVersion {
		return before(ctx)
	}
	return careless(ctx)
}

func say(ctx workflow.Context, what string) (said string, err error) {
	ctx = workflow.WithActivityOptions(ctx, workflow.ActivityOptions{StartToCloseTimeout: time.Minute})
	err = workflow.ExecuteActivity(ctx, remind, what).Get(ctx, &said)
	return said, err
}

func TestAChangeBehindAVersionLetsSleepingWorkflowsGoOn(t *testing.T) {
	t.Parallel()
	c := temporal.Start(t).Client(t)
	old := recorded(t, c, "old", before)
	require.NoError(t, replaytest.Replay(reminder, before, old))
	require.Error(t, replaytest.Replay(reminder, careless, old), "a sleeping workflow would stop here")
	require.NoError(t, replaytest.Replay(reminder, after, old), "the branch of before")

	fresh := recorded(t, c, "fresh", after)
	require.NoError(t, replaytest.Replay(reminder, after, fresh), "the branch of after")
	require.Error(t, replaytest.Replay(reminder, before, fresh), "the history shows the new branch")
	require.Equal(t, 1, activities(old))
	require.Equal(t, 2, activities(fresh))
}

// recorded runs a workflow to its end, and returns its history.
func recorded(t *testing.T, c client.Client, queue string, run any) *historypb.History {
	t.Helper()
	w := worker.New(c, queue, worker.Options{})
	w.RegisterWorkflowWithOptions(run, workflow.RegisterOptions{Name: reminder})
	w.RegisterActivityWithOptions(
		func(what string) (string, error) { return what, nil },
		activity.RegisterOptions{Name: remind},
	)
	require.NoError(t, w.Start())
	t.Cleanup(w.Stop)
	begun, err := c.ExecuteWorkflow(t.Context(), client.StartWorkflowOptions{ID: queue, TaskQueue: queue}, reminder)
	require.NoError(t, err)
	require.NoError(t, begun.Get(t.Context(), nil))
	history := &historypb.History{}
	events := c.GetWorkflowHistory(t.Context(), queue, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for events.HasNext() {
		event, err := events.Next()
		require.NoError(t, err)
		history.Events = append(history.Events, event)
	}
	return history
}

func activities(history *historypb.History) (count int) {
	for _, event := range history.GetEvents() {
		if event.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_SCHEDULED {
			count++
		}
	}
	return count
}
