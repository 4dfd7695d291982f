// Package contract is everything that two processes must agree on: names, payloads, workflow ids, error types and
// search-attribute keys. Payload fields may be added; none is ever renamed or given another meaning, because a
// request that sleeps for weeks is woken by code of a later release.
package contract

// Every name that Curfew shares with a Temporal server. A Go rename never changes one of these.
const (
	// Namespace is the Temporal namespace that Curfew runs in unless the configuration says otherwise.
	Namespace = "curfew"
	// TaskQueue is where requests and grants are worked on.
	TaskQueue = "curfew"
	// TaskQueueServer is where servers act on what sources of webhooks have told. No target's task queue is called so.
	TaskQueueServer = "curfew-server"
	// TaskQueueClock never has any work: Temporal notes when it is polled, and so tells what its clock says.
	TaskQueueClock = "curfew-clock"

	WorkflowRequest  = "curfew.Request"
	WorkflowGrant    = "curfew.Grant"
	WorkflowSweep    = "curfew.Sweep"
	WorkflowDelivery = "curfew.Delivery"
	// ScheduleSweep is the Temporal Schedule that starts sweeps.
	ScheduleSweep = "curfew-sweep"
	// SweepWorkflowStart is how the ids of sweeps begin.
	SweepWorkflowStart = "sweep/"

	// Messages of curfew.Request. A signal shares its update's name: same intent, told without waiting for an answer.
	UpdateReview = "review"
	UpdateExtend = "extend"
	UpdateRevoke = "revoke"
	UpdateCancel = "cancel"
	SignalRevoke = "revoke"
	SignalExtend = "extend"
	// SignalNoticed comes from a grant: something happened to the access while it was live.
	SignalNoticed = "noticed"
	QueryStatus   = "status" // of a grant too
	// SignalRestate asks a request or a grant to put on record again what it knows, because the ledger may have lost
	// it.
	SignalRestate = "restate"
	// QueryRequest answers the request as it was sealed: what a reviewer is shown.
	QueryRequest = "request"

	// Messages of curfew.Grant.
	UpdateHold        = "hold"
	UpdateExtendLease = "extend"
	UpdateRelease     = "release"
	UpdateRetry       = "retry"
	UpdateTakeOver    = "takeOver"
	UpdateIssue       = "issue"

	ActivityDecide          = "policy.Decide"
	ActivityPostReview      = "policy.PostReview"
	ActivityCheckEvidence   = "policy.CheckEvidence"
	ActivityHold            = "lease.Hold"
	ActivityExtendLease     = "lease.Extend"
	ActivityRelease         = "lease.Release"
	ActivityLook            = "lease.Look"
	ActivityRoute           = "lease.Route"
	ActivityVerifyTakeOver  = "lease.VerifyTakeOver"
	ActivityGrant           = "target.Grant"
	ActivityEnd             = "target.End"
	ActivityDetectDrift     = "target.DetectDrift"
	ActivityTakeOver        = "target.TakeOver"
	ActivityIssue           = "target.Issue"
	ActivityRecord          = "ledger.Record"
	ActivityAlarm           = "ledger.Alarm"
	ActivityRecordEnds      = "ledger.RecordEnds"
	ActivityCommentTicket   = "ticket.Comment"
	ActivityOpenTicket      = "ticket.Open"
	ActivityAddIncidentNote = "incident.AddNote"
	ActivityNotify          = "notify.Send"
	requestWorkflowStart    = "request/"
	grantWorkflowStart      = "grant/"

	ActivityPlanSweep     = "sweep.Plan"
	ActivitySweepTarget   = "sweep.Target"
	ActivitySweepRemove   = "sweep.Remove"
	ActivitySweepRequests = "sweep.Requests"

	ActivityDeliver       = "hooks.Deliver"
	deliveryWorkflowStart = "delivery/"
)
