// Package sweep is the regular look at every target: what carries Curfew's mark there, against the live grants. It
// reports first; it removes only orphans, only when the configuration says so, and never many at once.
package sweep

import (
	"fmt"
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
)

// Sweep looks at every target, at all of them at once, and returns what it found.
func Sweep(ctx workflow.Context, in contract.SweepInput) (contract.SweepReport, error) {
	plan, err := makePlan(ctx, in)
	if err != nil {
		return contract.SweepReport{}, err
	}
	report := contract.SweepReport{DryRun: in.DryRun}
	requests := lookAtRequests(ctx, contract.SweepRequestsInput(in))
	looks := make([]workflow.Future, len(plan.Targets))
	for i, target := range plan.Targets {
		looks[i] = look(ctx, target, contract.SweepTargetInput{Target: target.Name, DryRun: in.DryRun})
	}
	orphans := 0
	for i, target := range plan.Targets {
		var result contract.SweepResult
		if err := looks[i].Get(ctx, &result); err != nil {
			result = contract.SweepResult{Target: target.Name, Problem: contract.AsProblem(err).Error()}
		}
		report.Targets = append(report.Targets, result)
		orphans += len(result.Orphans)
	}
	var swept contract.SweptRequests
	if err := requests.Get(ctx, &swept); err != nil {
		swept = contract.SweptRequests{Problem: contract.AsProblem(err).Error()}
	}
	report.Requests = swept
	switch {
	case in.DryRun || !plan.Remove || orphans == 0:
	case orphans > plan.MaxRemovals:
		stop(ctx, &report, orphans, plan.MaxRemovals)
	default:
		removeAll(ctx, &report, plan)
	}
	return report, nil
}

// stop removes nothing: so many orphans mean rather that Curfew has lost track than that they are some.
func stop(ctx workflow.Context, report *contract.SweepReport, orphans, most int) {
	report.Stopped = fmt.Sprintf(
		"%d accesses carry Curfew's mark without a live grant, and a sweep may remove %d: none was removed. "+
			"See whether Temporal's database and the ledger are whole; raise sweep.maxRemovals only if they are.",
		orphans,
		most,
	)
	now := workflow.Now(ctx)
	stopped := contract.Alarm{
		// Once a day, however often the sweep runs.
		ID:   fmt.Sprintf("%s/%s", contract.AlarmSweepStopped, now.UTC().Format(time.DateOnly)),
		Kind: contract.AlarmSweepStopped, At: now, Actor: contract.ActorSweep, Text: report.Stopped,
	}
	if err := step.RecordAlarm(ctx, contract.AlarmInput{Alarm: stopped}).Get(ctx, nil); err != nil {
		workflow.GetLogger(ctx).Error("the ledger did not take the alarm of a sweep that stopped", "error", err)
	}
}

func removeAll(ctx workflow.Context, report *contract.SweepReport, plan contract.SweepPlan) {
	removals := map[int]workflow.Future{}
	for i, target := range plan.Targets {
		if orphans := report.Targets[i].Orphans; len(orphans) > 0 {
			removals[i] = remove(ctx, target, contract.SweepRemoveInput{Target: target.Name, Orphans: orphans})
		}
	}
	for i := range plan.Targets {
		removal, under := removals[i]
		if !under {
			continue
		}
		result := &report.Targets[i]
		var after contract.SweepResult
		if err := removal.Get(ctx, &after); err != nil {
			result.Problem = contract.AsProblem(err).Error()
			continue
		}
		for _, orphan := range after.Orphans {
			if orphan.Removed {
				report.Removed++
			}
		}
		result.Orphans = after.Orphans
	}
}
