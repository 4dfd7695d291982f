package grant

import (
	"fmt"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/step"
)

// alarms counts what the ledger has not taken yet: alarms, and ends. Telling it holds nothing up but the end of the
// workflow.
type alarms struct{ raised, recorded int }

func (a alarms) delivered() bool { return a.raised == a.recorded }

// raiseAlarm puts something into the ledger that concerns operators, for as long as it takes.
func (g *run) raiseAlarm(ctx workflow.Context, kind contract.AlarmKind, text string) {
	g.raise(ctx, contract.AlarmInput{Alarm: g.alarm(ctx, kind, text)})
}

func (g *run) alarm(ctx workflow.Context, kind contract.AlarmKind, text string) contract.Alarm {
	return contract.Alarm{
		ID:       fmt.Sprintf("%s/%d/%s/%d", g.access.GrantID(), g.token.Epoch, kind, workflow.Now(ctx).Unix()),
		Kind:     kind,
		At:       workflow.Now(ctx),
		Target:   g.access.Target,
		Grant:    g.access.GrantID(),
		Requests: g.requests,
		Text:     text,
	}
}

func (g *run) raise(ctx workflow.Context, alarm contract.AlarmInput) {
	g.alarms.raised++
	workflow.Go(ctx, func(ctx workflow.Context) {
		if err := step.RecordAlarm(ctx, alarm).Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Error("the ledger refused an alarm", "alarm", alarm.ID, "error", err)
		}
		g.alarms.recorded++
	})
}

// recordEnds puts ends on record that the target's workers could not, for as long as it takes.
func (g *run) recordEnds(ctx workflow.Context, owed []string) {
	if len(owed) == 0 {
		return
	}
	g.alarms.raised++
	in := contract.RecordEndsInput{Grant: g.access.GrantID(), Requests: owed}
	workflow.Go(ctx, func(ctx workflow.Context) {
		if err := recordEnds(ctx, in).Get(ctx, nil); err != nil {
			workflow.GetLogger(ctx).Error("the ledger refused ends", "error", err)
		}
		g.alarms.recorded++
	})
}
