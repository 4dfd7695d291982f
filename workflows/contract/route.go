package contract

// RouteInput is the local activity "lease.Route" of a grant: which of these leases carry their seals, and whose workers
// reach the target?
type RouteInput struct {
	Access Access      `json:"access"`
	Holds  []HoldInput `json:"holds,omitempty"`
}

// Route answers it.
type Route struct {
	// TaskQueue names the workers that reach the target today, as Access.TaskQueue does.
	TaskQueue string `json:"taskQueue,omitempty"`
	// Refused says of each hold, in their order, why nobody vouches for it; nil for those that are sealed.
	Refused []*Problem `json:"refused,omitempty"`
}
