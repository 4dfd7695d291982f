package web

import (
	"slices"
	"time"

	"curfew/starter"
	"curfew/workflows/contract"
)

// offers are what a page offers somebody to do with a request as it stands: of what the starter lets them do, that
// which makes sense now.
type offers struct{ Review, PostReview, Extend, End, Cancel, Certify bool }

func (v visit) may(status contract.Status) offers {
	may := v.starter.May(v.r.Context(), v.person, status)
	can := func(op starter.Operation) bool { return slices.Contains(may, op) }
	review := can(starter.OperationReview) && isAsked(status, v.person)
	sign := review && status.NeedsPostReview() && (status.State != contract.StateActive || status.Extension == nil)
	return offers{
		Review: review && !sign, PostReview: sign,
		Extend:  can(starter.OperationExtend) && status.Extension == nil && leftToExtend(status) > 0,
		End:     can(starter.OperationRevoke) && status.State != contract.StateRevoking,
		Cancel:  can(starter.OperationCancel),
		Certify: can(starter.OperationCertify) && v.onSSH(status),
	}
}

// waitsFor is true when a request waits for this person's review.
func (v visit) waitsFor(status contract.Status) bool {
	offered := v.may(status)
	return offered.Review || offered.PostReview
}

// isAsked is false for who has reviewed a request, or asks for the extension that waits.
func isAsked(status contract.Status, person string) bool {
	if status.State == contract.StatePending {
		return !slices.ContainsFunc(status.Reviews, func(r contract.Review) bool { return r.Reviewer == person })
	}
	return status.Extension == nil || status.Extension.By != person
}

func (v visit) onSSH(status contract.Status) bool {
	return slices.ContainsFunc(
		status.Holds,
		func(h contract.HoldState) bool { return v.starter.Config().Targets[h.Access.Target].Kind == "ssh" },
	)
}

// leftToExtend is how much longer access may last at most.
func leftToExtend(status contract.Status) time.Duration {
	if status.GrantedAt == nil || status.Until == nil {
		return 0
	}
	return status.GrantedAt.Add(status.MaxDuration.Duration).Sub(*status.Until)
}
