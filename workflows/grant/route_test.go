package grant

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/converter"

	"curfew/workflows/contract"
)

// queues are the task queues of the activities that a grant has started at its target.
func (g *target) queues() map[string]bool {
	queues := map[string]bool{}
	g.env.SetOnActivityStartedListener(func(info *activity.Info, _ context.Context, _ converter.EncodedValues) {
		if info.ActivityType.Name == contract.ActivityGrant || info.ActivityType.Name == contract.ActivityEnd {
			queues[info.TaskQueue] = true
		}
	})
	return queues
}

func (g *target) holdOn(queue, request string, lasts time.Duration) *answered {
	access := reporting
	access.TaskQueue = queue
	return g.update(
		contract.UpdateHold,
		contract.HoldInput{Access: access, Lease: contract.Lease{Request: request, Until: g.env.Now().Add(lasts)}},
	)
}

func TestP7AnUnvouchedHoldDoesNotSayWhoseWorkersReachTheTarget(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{queue: "inner", unsealed: map[string]bool{"forged": true}})
	queues := g.queues()
	var forged, genuine *answered
	g.at(0, func() {
		forged = g.holdOn("nowhere", "forged", time.Hour)
		genuine = g.holdOn("nowhere", "genuine", time.Minute)
	})
	g.at(20*time.Second, func() { g.holdOn("nowhere", "forged", time.Hour) })
	g.run(t)
	require.ErrorContains(t, forged.failed, "nobody vouches for it")
	require.NoError(t, genuine.failed)
	require.Equal(t, map[string]bool{contract.TargetTaskQueue("inner"): true}, queues)
	require.Equal(t, []contract.AlarmKind{contract.AlarmForged}, g.kinds(), "the same forgery is told once")
}

func TestAGrantThatBeginsWithAReleaseLooksForTheWayItself(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{queue: "inner"})
	queues := g.queues()
	g.at(0, func() { g.release("01R") })
	in := contract.GrantInput{Access: reporting}
	in.Access.TaskQueue = "nowhere"
	g.env.ExecuteWorkflow(Grant, in)
	require.NoError(t, g.env.GetWorkflowError())
	require.Equal(t, map[string]bool{contract.TargetTaskQueue("inner"): true}, queues)
}

func TestLiveAccessFollowsATargetThatMoves(t *testing.T) {
	t.Parallel()
	g := newTarget(t, &target{queue: "old"})
	g.at(0, func() { g.hold("01R", time.Hour) })
	g.at(time.Minute, func() { g.queue = "new" })
	var queues map[string]bool
	g.at(2*time.Minute, func() { queues = g.queues(); g.extend("01R", 2*time.Hour) })
	g.run(t)
	require.Equal(t, map[string]bool{contract.TargetTaskQueue("new"): true}, queues)
}
