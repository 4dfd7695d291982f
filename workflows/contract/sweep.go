package contract

import "time"

// SweepInput starts curfew.Sweep.
type SweepInput struct {
	// DryRun removes nothing and raises no alarm, whatever the configuration says.
	DryRun bool `json:"dryRun,omitempty"`
}

// SweepPlan is what the configuration of the day says of sweeps; the activity "sweep.Plan" answers it.
type SweepPlan struct {
	Targets []SweepTarget `json:"targets"`
	Remove  bool          `json:"remove,omitempty"`
	// MaxRemovals is how many orphans a sweep may remove; when there are more, it removes none.
	MaxRemovals int `json:"maxRemovals,omitempty"`
}

// SweepTarget is a target, and the workers that reach it.
type SweepTarget struct {
	Name      string `json:"name"`
	TaskQueue string `json:"taskQueue,omitempty"`
}

// SweepTargetInput is the activity "sweep.Target": compare what a target holds with the live grants.
type SweepTargetInput struct {
	Target string `json:"target"`
	DryRun bool   `json:"dryRun,omitempty"`
}

// SweepRemoveInput is the activity "sweep.Remove": take away orphans that are orphans still.
type SweepRemoveInput struct {
	Target  string   `json:"target"`
	Orphans []Orphan `json:"orphans"`
}

// SweepReport is what a sweep has found, target by target.
type SweepReport struct {
	DryRun  bool          `json:"dryRun,omitempty"`
	Targets []SweepResult `json:"targets"`
	Removed int           `json:"removed"`
	// Stopped says why nothing was removed although it was to be.
	Stopped string `json:"stopped,omitempty"`
	// Requests is what was found of the requests themselves.
	Requests SweptRequests `json:"requests"`
}

// SweepRequestsInput is the activity "sweep.Requests": compare the requests that have not ended, as far as the ledger
// knows, with the workflows that run.
type SweepRequestsInput struct {
	DryRun bool `json:"dryRun,omitempty"`
}

// SweptRequests is what was found of the requests.
type SweptRequests struct {
	// Untracked are the ids of requests that have not ended and have no workflow.
	Untracked []string `json:"untracked,omitempty"`
	// Closed are those of them whose access is gone: the sweep has written their end into the ledger.
	Closed []string `json:"closed,omitempty"`
	// Restated are the requests and grants that Temporal knows more of than the ledger does: it is written again.
	Restated []string `json:"restated,omitempty"`
	Problem  string   `json:"problem,omitempty"` // why not all were looked at
}

// SweepResult is what was found at one target.
type SweepResult struct {
	Target string `json:"target"`
	// Live is how many accesses are held up as they should be.
	Live int `json:"live"`
	// Listed is true when the target tells by itself what carries Curfew's mark.
	Listed     bool     `json:"listed,omitempty"`
	Orphans    []Orphan `json:"orphans,omitempty"`
	Drifted    []string `json:"drifted,omitempty"`    // grants whose live access is not there
	Reappeared []string `json:"reappeared,omitempty"` // grants whose access is there again after its revoke
	Problem    string   `json:"problem,omitempty"`    // why it could not be looked at
}

// Orphan is access that carries Curfew's mark and that no live grant holds up.
type Orphan struct {
	Key     string    `json:"key"`
	Account string    `json:"account,omitempty"`
	Until   time.Time `json:"until,omitzero"` // the end that the target itself will enforce
	Removed bool      `json:"removed,omitempty"`
}
