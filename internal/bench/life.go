package bench

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"curfew/internal/bench/actions"
	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
	"curfew/workflows/contract"
)

// life: what one request leaves in Temporal, and what Temporal Cloud would bill for it.
func (r *run) life(ctx context.Context) error {
	people, err := r.world.NewPeople(1)
	if err != nil {
		return err
	}
	before, err := r.world.Counts(ctx)
	if err != nil {
		return err
	}
	status, err := r.ask(ctx, people[0], world.Automatic, r.Sizes.Life)
	if err != nil {
		return err
	}
	if err := r.ended(ctx, status.ID); err != nil {
		return err
	}
	access, err := r.accessOf(ctx, status.ID)
	if err != nil {
		return err
	}
	after, err := r.world.Counts(ctx)
	if err != nil {
		return err
	}
	calls := func(operation string) int { return int(after.Requests[operation] - before.Requests[operation]) }
	counts := actions.Counts{
		actions.Heartbeat: calls("RecordActivityTaskHeartbeat"),
		actions.Query:     calls("QueryWorkflow"),
	}
	for _, workflow := range []struct{ name, title, id string }{
		{"events-request", "events in the request's history", contract.RequestWorkflowID(status.ID)},
		{"events-grant", "events in the grant's history", access.GrantID()},
	} {
		events, err := r.history(ctx, workflow.id)
		if err != nil {
			return err
		}
		counts.Add(actions.In(events))
		r.add(report.Figure{
			Name:    workflow.name,
			Title:   workflow.title,
			Unit:    report.Events,
			Measure: report.Value(float64(len(events)), 1),
			How: fmt.Sprintf(
				"approved automatically, one target, no ticket, %s of access that ends at its deadline",
				r.Sizes.Life,
			),
		})
	}
	r.addActions(counts)
	return nil
}

func (r *run) addActions(counts actions.Counts) {
	r.add(report.Figure{
		Name: "actions", Title: "actions of Temporal Cloud for a whole life, both workflows", Unit: report.Actions,
		Measure: report.Value(float64(counts.Total()), 1),
		How:     "counted from both histories by Temporal's rule; heartbeats and queries from the SDK's metrics",
	})
	for _, kind := range actions.Kinds() {
		if counts[kind] > 0 {
			r.add(report.Figure{
				Name: "actions-" + string(kind), Title: "of these: " + string(kind), Unit: report.Actions,
				Measure: report.Value(float64(counts[kind]), 1),
			})
		}
	}
}

// accessOf is the one access that a request has asked for.
func (r *run) accessOf(ctx context.Context, id string) (contract.Access, error) {
	var status contract.Status
	value, err := r.world.Client.QueryWorkflow(ctx, contract.RequestWorkflowID(id), "", contract.QueryStatus)
	if err == nil {
		err = value.Get(&status)
	}
	if err != nil {
		return contract.Access{}, err
	}
	if len(status.Holds) != 1 {
		return contract.Access{}, fmt.Errorf("request %s has %d holds", id, len(status.Holds))
	}
	return status.Holds[0].Access, nil
}

// history is all of a workflow that has ended, which may be a moment after its request has.
func (r *run) history(ctx context.Context, id string) (events []*historypb.HistoryEvent, err error) {
	ctx, cancel := context.WithTimeout(ctx, time.Minute)
	defer cancel()
	if err := r.world.Client.GetWorkflow(ctx, id, "").Get(ctx, nil); err != nil {
		return nil, err
	}
	pages := r.world.Client.GetWorkflowHistory(ctx, id, "", false, enumspb.HISTORY_EVENT_FILTER_TYPE_ALL_EVENT)
	for pages.HasNext() {
		event, err := pages.Next()
		if err != nil {
			return nil, err
		}
		events = append(events, event)
	}
	return events, nil
}
