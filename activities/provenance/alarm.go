package provenance

import (
	"context"
	"slices"
	"strings"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Alarm guards contract.ActivityAlarm: a workflow raises alarms about itself, and names people only with their seals.
func (g *Guard) Alarm(
	next func(context.Context, contract.AlarmInput) error,
) func(context.Context, contract.AlarmInput) error {
	return func(ctx context.Context, in contract.AlarmInput) error {
		workflow := workflowOf(ctx)
		var err error
		switch {
		case !ownID(in.Alarm, workflow):
			err = g.refuse(ctx, "", "it raises an alarm under the id %.80q, which is not its own", in.ID)
		case in.Kind == contract.AlarmForged && in.Grant == "":
			err = g.only(ctx, in, contract.ActorCurfew, contract.AlarmForged)
		case len(in.Requests) == 1 && workflow == contract.RequestWorkflowID(in.Requests[0]):
			err = g.alarmOfRequest(ctx, &in)
		case contract.IsGrantID(workflow) && in.Grant == workflow:
			err = g.alarmOfGrant(ctx, &in)
		case strings.HasPrefix(workflow, contract.SweepWorkflowStart) || strings.HasPrefix(workflow, contract.ScheduleSweep):
			err = g.only(ctx, in, contract.ActorSweep, contract.AlarmSweepStopped)
		case contract.IsDeliveryID(workflow):
			err = g.only(ctx, in, contract.ActorCurfew, contract.AlarmHook)
		default:
			err = g.refuse(
				ctx,
				"",
				"it raises the alarm %q, which is not its own",
				contract.Shorten(string(in.Kind), 32),
			)
		}
		if err != nil {
			return activities.Error(err)
		}
		in.Text = "The workflow " + contract.Shorten(workflow, 256) + " says: " + in.Text
		return next(ctx, in)
	}
}

// ownID is true when no other workflow raises an alarm under this id: it would be the same alarm.
func ownID(alarm contract.Alarm, workflow string) bool {
	kind := string(alarm.Kind) + "/"
	return strings.HasPrefix(alarm.ID, workflow+"/") || alarm.ID == kind+contract.Shorten(workflow, 256) ||
		len(alarm.Requests) == 1 && workflow == contract.RequestWorkflowID(alarm.Requests[0]) &&
			strings.HasPrefix(alarm.ID, kind+alarm.Requests[0]+"/") ||
		strings.HasPrefix(alarm.ID, string(contract.AlarmSweepStopped)+"/") && alarm.Kind == contract.AlarmSweepStopped
}

// only refuses other kinds of alarms, and other actors.
func (g *Guard) only(ctx context.Context, in contract.AlarmInput, actor string, kinds ...contract.AlarmKind) error {
	if slices.Contains(kinds, in.Kind) && in.Actor == actor {
		return nil
	}
	return g.refuse(
		ctx,
		strings.Join(in.Requests, " "),
		"it raises the alarm %q, which is not its own",
		contract.Shorten(string(in.Kind), 32),
	)
}

func (g *Guard) alarmOfRequest(ctx context.Context, in *contract.AlarmInput) error {
	if in.Kind == contract.AlarmBreakGlassReviewOverdue {
		request := in.Request.Fact
		_, err := g.Verifier.Proven(
			contract.Provenance{Chain: contract.Chain{Grounds: contract.Grounds{Request: in.Request}}},
		)
		if err != nil || request.ID != in.Requests[0] || !request.BreakGlass {
			return g.refuse(ctx, in.Requests[0], "nobody has used break-glass access by it")
		}
	}
	if in.Kind == contract.AlarmStuck {
		if err := g.holdsSomething(ctx, in); err != nil {
			return err
		}
	}
	return g.only(
		ctx,
		*in,
		contract.ActorCurfew,
		contract.AlarmStuck,
		contract.AlarmBreakGlassReviewOverdue,
		contract.AlarmNotRecorded,
		contract.AlarmForged,
		contract.AlarmLeftOut,
	)
}

// holdsSomething refuses the alarm of a request that says its access is stuck when nothing of it is held.
func (g *Guard) holdsSomething(ctx context.Context, in *contract.AlarmInput) error {
	request := in.Request.Fact
	_, err := g.Verifier.Proven(
		contract.Provenance{Chain: contract.Chain{Grounds: contract.Grounds{Request: in.Request}}},
	)
	if err != nil || request.ID != in.Requests[0] {
		return g.refuse(ctx, in.Requests[0], "it is no request that the server has sealed")
	}
	for _, access := range request.Terms.Accesses {
		holding, err := g.holding(ctx, access.GrantID())
		if err != nil {
			return err
		}
		if holding.Open {
			in.Target = access.Target
			return nil
		}
	}
	return g.refuse(ctx, in.Requests[0], "nothing is held by it, so nothing is stuck")
}

func (g *Guard) alarmOfGrant(ctx context.Context, in *contract.AlarmInput) error {
	switch in.Kind {
	default:
	case contract.AlarmForged:
		return g.only(ctx, *in, contract.ActorCurfew, contract.AlarmForged)
	case contract.AlarmTakenOver:
		by := in.TakeOver.Fact
		proven := g.Verifier.Words(
			contract.Provenance{TakeOvers: []contract.Sealed[contract.TakeOver]{in.TakeOver}},
			"",
		)
		if len(proven.TakeOvers) == 0 || by.Grant != in.Grant {
			return g.refuse(ctx, "", "nobody has taken %s over", in.Grant)
		}
		return g.only(ctx, *in, by.By, contract.AlarmTakenOver)
	case contract.AlarmStuck:
		// Whether it is still there is for the ledger to see: an honest alarm may come when it is gone.
		holding, err := g.holding(ctx, in.Grant)
		if err != nil {
			return err
		}
		in.Target = holding.Access.Target
	}
	return g.only(ctx, *in, "", contract.AlarmStuck)
}
