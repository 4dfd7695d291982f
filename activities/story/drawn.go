package story

import "curfew/workflows/contract"

// Drawn is a status whose every word about what was requested is the request's own: who, what, how long and why. What
// has become of it stays as it is told.
func Drawn(status contract.Status, request contract.Request) contract.Status {
	status.ID, status.Template = request.ID, request.Template
	status.Requester, status.Subject = request.Requester, request.Subject
	opened := status.Ticket
	status.Purpose = request.Purpose
	status.AskedAt, status.BreakGlass, status.MaxDuration = request.AskedAt, request.BreakGlass, request.MaxDuration()
	status.StartAt = nil
	if !request.StartAt.IsZero() {
		status.StartAt = &request.StartAt
	}
	if status.Duration.Duration <= 0 || status.Duration.Duration > request.Duration.Duration {
		status.Duration = request.Duration // a reviewer may have shortened it
	}
	if status.Ticket == "" {
		status.Ticket = opened
	}
	holds := make([]contract.HoldState, len(request.Terms.Accesses))
	for i, access := range request.Terms.Accesses {
		if i < len(status.Holds) {
			holds[i] = status.Holds[i]
		}
		holds[i].Access = access
	}
	status.Holds = holds
	return status
}
