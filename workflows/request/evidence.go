package request

import (
	"time"

	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
	"curfew/workflows/wait"
)

const (
	// shortestEvidenceInterval is how soon the ticket and the incident of access are looked at again; access that lasts
	// long is looked at more seldom, so that its history stays short.
	shortestEvidenceInterval = time.Minute
	evidenceChecks           = 250
)

// watchEvidence ends the access when its ticket is closed or its incident resolved, where the template says so.
// Webhooks tell that at once; this is for those that never arrive. A system that does not answer ends nothing.
func (r *run) watchEvidence(ctx workflow.Context) {
	nothing := contract.EvidenceInput{}
	if r.evidence() == nothing && !(r.fact().Terms.EndWithTicket && r.opening.Project != "") {
		return
	}
	over := func() bool { return r.status.State != contract.StateActive || r.endRequest != nil }
	every := max(shortestEvidenceInterval, r.status.Duration.Duration/evidenceChecks)
	workflow.Go(ctx, func(ctx workflow.Context) {
		for !over() && !workflow.GetInfo(ctx).GetContinueAsNewSuggested() {
			if in := r.evidence(); in != nothing {
				var result contract.EvidenceResult
				if err := checkEvidence(ctx, in).Get(ctx, &result); err == nil && result.Over {
					r.endBy(result.By, result.Why)
					return
				}
			}
			wait.For(ctx, every, "Check the ticket and the incident", over)
		}
	})
}

// evidence are what the access ends with, as far as there is one: a ticket may be opened later.
func (r *run) evidence() (in contract.EvidenceInput) {
	if r.fact().Terms.EndWithTicket {
		in.Ticket = r.status.Ticket
	}
	if r.fact().Terms.EndWithIncident {
		in.Incident = r.fact().Incident
	}
	return in
}
