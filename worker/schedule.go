package worker

import (
	"context"
	"errors"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"
	"go.uber.org/zap"

	"curfew/workflows/contract"
)

// scheduleWithin bounds what is asked of Temporal when a worker starts.
const scheduleWithin = 15 * time.Second

// scheduleSweeps lets Temporal start a sweep as often as the configuration says. Every worker does so when it starts;
// the last word counts.
func scheduleSweeps(ctx context.Context, o Options) {
	ctx, cancel := context.WithTimeout(ctx, scheduleWithin)
	defer cancel()
	spec := client.ScheduleSpec{
		Intervals: []client.ScheduleIntervalSpec{{Every: o.Config.Current().Sweep.Every.Duration}},
	}
	_, err := o.Temporal.ScheduleClient().Create(ctx, client.ScheduleOptions{
		ID: contract.ScheduleSweep, Spec: spec, Overlap: enumspb.SCHEDULE_OVERLAP_POLICY_SKIP,
		// A sweep that was missed is not made up for: the next one sees the same.
		CatchupWindow: time.Minute,
		Action: &client.ScheduleWorkflowAction{
			ID:        contract.SweepWorkflowStart + "scheduled",
			Workflow:  contract.WorkflowSweep,
			TaskQueue: contract.TaskQueue,
			Args:      []any{contract.SweepInput{}},
		},
	})
	if errors.Is(err, temporal.ErrScheduleAlreadyRunning) {
		err = reschedule(ctx, o.Temporal.ScheduleClient(), spec)
	}
	if err != nil {
		o.Log.Error("sweeps could not be scheduled; the next worker that starts tries again", zap.Error(err))
	}
}

func reschedule(ctx context.Context, schedules client.ScheduleClient, spec client.ScheduleSpec) error {
	return schedules.GetHandle(ctx, contract.ScheduleSweep).Update(ctx, client.ScheduleUpdateOptions{
		DoUpdate: func(in client.ScheduleUpdateInput) (*client.ScheduleUpdate, error) {
			schedule := in.Description.Schedule
			schedule.Spec = &spec
			return &client.ScheduleUpdate{Schedule: &schedule}, nil
		},
	})
}
