// Package wait is how Curfew's workflows wait: for something that happens, for a time at most, with a name on the
// timer.
package wait

import (
	"time"

	"go.temporal.io/sdk/workflow"
)

// For waits until happened is true, or for a while. It says whether it happened.
//
// The timer is canceled either way: workflow.AwaitWithOptions alone leaves it running when the condition wins
// (SDKFlagCancelAwaitTimerOnCondition is off in SDK v1.50), and a request that is extended a hundred times would leave
// a hundred timers.
func For(ctx workflow.Context, while time.Duration, summary string, happened func() bool) bool {
	if while <= 0 {
		return happened()
	}
	timed, stop := workflow.WithCancel(ctx)
	defer stop()
	options := workflow.AwaitOptions{Timeout: while, TimerOptions: workflow.TimerOptions{Summary: summary}}
	ok, err := workflow.AwaitWithOptions(timed, options, happened)
	return ok && err == nil
}
