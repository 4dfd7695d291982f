package worker

import (
	"go.temporal.io/sdk/activity"
	"go.temporal.io/sdk/workflow"

	"curfew/activities"
	"curfew/activities/facts"
	"curfew/activities/incident"
	"curfew/activities/lease"
	"curfew/activities/ledger"
	"curfew/activities/notify"
	"curfew/activities/policy"
	"curfew/activities/sweep"
	"curfew/activities/target"
	"curfew/activities/ticket"
	"curfew/workflows/contract"
	"curfew/workflows/delivery"
	"curfew/workflows/grant"
	"curfew/workflows/request"
	sweepflow "curfew/workflows/sweep"
)

// Registry is a worker, or a test's stand-in for one.
type Registry interface {
	RegisterWorkflowWithOptions(workflow any, options workflow.RegisterOptions)
	RegisterActivityWithOptions(activity any, options activity.RegisterOptions)
}

func registerWorkflows(r Registry) {
	// Sleeping requests go on with the code of the day: an old build need not be kept for weeks to end what it began.
	for name, run := range map[string]any{
		contract.WorkflowRequest: request.Request, contract.WorkflowGrant: grant.Grant, contract.WorkflowSweep: sweepflow.Sweep,
		contract.WorkflowDelivery: delivery.Delivery,
	} {
		r.RegisterWorkflowWithOptions(
			run,
			workflow.RegisterOptions{Name: name, VersioningBehavior: workflow.VersioningBehaviorAutoUpgrade},
		)
	}
}

func registerActivities(r Registry, o Options, targets *target.Activities) {
	registerTargetActivities(r, o, targets)
	leases := lease.New(lease.Options{
		Temporal:   o.Temporal,
		Holdings:   o.Holdings,
		Tombstones: o.Tombstones,
		Events:     o.Events,
		Config:     o.Config,
		Signer:     o.Signer,
		Verifier:   o.Verifier,
	})
	book := bookOf(o)
	rules := policy.New(policy.Options{
		Config: o.Config,
		Sources: facts.Sources{
			Groups:    o.Groups,
			Tickets:   o.Tickets,
			Incidents: o.Incidents,
			Requests:  o.Events,
		},
		Decisions:  o.Decisions,
		Tombstones: o.Tombstones,
		Alarms:     o.Alarms,
		Verifier:   o.Verifier,
		Signer:     o.Signer,
	})
	page := func(id string) string { return o.Config.Current().Server.URL + "/requests/" + id }
	tickets := ticket.New(ticket.Options{System: o.Tickets, References: o.References, Page: page})
	out := guarded(o, outgoing{
		record: book.Record, alarm: book.Alarm, comment: tickets.Comment, open: tickets.Open,
		note: incident.New(o.Incidents, page).AddNote, notify: notify.New(o.Config, o.Channels, page).Send,
	})
	registerOutgoing(r, out)
	register(r, map[string]any{
		contract.ActivityDecide: activities.RecordFirst(
			out.record, contract.Decision{Unrecorded: true}, rightly(o.clock, rules.Decide)),
		contract.ActivityPostReview:    rightlyDone(o.clock, rules.PostReview),
		contract.ActivityCheckEvidence: rules.CheckEvidence,
		contract.ActivityHold: activities.RecordFirst(
			out.record,
			contract.HoldResult{Unrecorded: true},
			leases.Hold,
		),
		contract.ActivityExtendLease:    leases.Extend,
		contract.ActivityRelease:        leases.Release,
		contract.ActivityLook:           leases.Look,
		contract.ActivityRoute:          leases.Route,
		contract.ActivityVerifyTakeOver: leases.VerifyTakeOver,
		contract.ActivityRecordEnds:     book.RecordEnds,
		contract.ActivityPlanSweep:      sweeps(o).Plan,
		contract.ActivitySweepRequests:  sweeps(o).Requests,
	})
}

// registerTargetActivities is all that workers know which serve targets on task queues of their own.
func registerTargetActivities(r Registry, o Options, targets *target.Activities) {
	register(r, map[string]any{
		contract.ActivityGrant:       rightly(o.clock, targets.Grant),
		contract.ActivityEnd:         targets.End,
		contract.ActivityDetectDrift: targets.DetectDrift,
		contract.ActivityTakeOver:    targets.TakeOver,
		contract.ActivityIssue:       rightly(o.clock, targets.Issue),
		contract.ActivitySweepTarget: sweeps(o).Target,
		contract.ActivitySweepRemove: sweeps(o).Remove,
	})
}

func bookOf(o Options) *ledger.Activities {
	return ledger.New(o.Events, o.Tombstones, o.Holdings, o.Alarms, recordObserver(o))
}

// recordObserver is nil, and not an interface that holds nil, where nobody is told.
func recordObserver(o Options) ledger.RecordObserver {
	if o.Observer == nil {
		return nil
	}
	return o.Observer
}

func targetActivities(o Options) *target.Activities {
	options := target.Options{
		Targets: o.Targets, Holdings: o.Holdings, Tombstones: o.Tombstones, Decisions: o.Decisions, Alarms: o.Alarms,
		Verifier: o.Verifier, Log: o.Log,
	}
	if o.Observer != nil {
		options.Observer = o.Observer
	}
	return target.New(options)
}

func sweeps(o Options) *sweep.Activities {
	return sweep.New(sweep.Options{
		Config:     o.Config.Current(),
		Temporal:   o.Temporal,
		Targets:    o.Targets,
		Events:     o.Events,
		Holdings:   o.Holdings,
		Tombstones: o.Tombstones,
		Record:     recordFor(o),
		Alarms:     o.Alarms,
		Log:        o.Log,
	})
}

func register(r Registry, all map[string]any) {
	for name, run := range all {
		r.RegisterActivityWithOptions(run, activity.RegisterOptions{Name: name})
	}
}
