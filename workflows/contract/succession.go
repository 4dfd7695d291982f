package contract

import "slices"

// stages are the states in the order in which a request passes them.
var stages = []State{StatePending, StateScheduled, StateGranting, StateActive, StateRevoking, StateEnded}

// undecided are the outcomes of requests that were never approved.
var undecided = []Outcome{OutcomeDenied, OutcomeWithdrawn, OutcomeLapsed}

// MayFollow is true when a request that was at an earlier status can have come to this one. It is false of what a
// workflow says that has forgotten something: it was reset, or Temporal was restored from an older copy.
func (s Status) MayFollow(earlier Status) bool {
	switch {
	case earlier.State == StateEnded:
		return s.State == StateEnded && s.Outcome == earlier.Outcome &&
			(earlier.EndedAt == nil || s.EndedAt != nil && s.EndedAt.Equal(*earlier.EndedAt))
	case slices.Index(stages, s.State) < slices.Index(stages, earlier.State):
		return false
	case earlier.GrantedAt != nil:
		return s.GrantedAt != nil && s.GrantedAt.Equal(*earlier.GrantedAt)
	case slices.Index(stages, earlier.State) >= slices.Index(stages, StateGranting):
		return !slices.Contains(undecided, s.Outcome)
	}
	return true
}
