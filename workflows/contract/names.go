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

	WorkflowRequest = "curfew.Request"
	WorkflowGrant   = "curfew.Grant"

	// Messages of curfew.Request. A signal shares its update's name: same intent, told without waiting for an answer.
	UpdateReview = "review"
	UpdateExtend = "extend"
	UpdateRevoke = "revoke"
	UpdateCancel = "cancel"
	SignalRevoke = "revoke"
	SignalExtend = "extend"
	QueryStatus  = "status"

	// Messages of curfew.Grant.
	UpdateHold        = "hold"
	UpdateExtendLease = "extend"
	UpdateRelease     = "release"

	ActivityDecide       = "policy.Decide"
	ActivityHold         = "lease.Hold"
	ActivityExtendLease  = "lease.Extend"
	ActivityRelease      = "lease.Release"
	ActivityGrant        = "target.Grant"
	ActivityEnd          = "target.End"
	ActivityRecord       = "ledger.Record"
	ActivityTellTicket   = "ticket.Tell"
	requestWorkflowStart = "request/"
	grantWorkflowStart   = "grant/"
)
