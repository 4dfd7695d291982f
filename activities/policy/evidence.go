package policy

import (
	"cmp"
	"context"
	"fmt"

	"curfew/activities"
	"curfew/workflows/contract"
)

// CheckEvidence is the activity contract.ActivityGrounds: it says whether the ticket is closed or the incident
// resolved. One that can't be found, or whose system is not configured any more, is not over: the deadline stays.
func (a *Activities) CheckEvidence(ctx context.Context, in contract.EvidenceInput) (contract.EvidenceResult, error) {
	if in.Ticket != "" && a.sources.Tickets != nil {
		found, err := a.sources.Tickets.Find(ctx, in.Ticket)
		switch {
		case err != nil && !isMissing(err):
			return contract.EvidenceResult{}, activities.Error(err)
		case err == nil && found.Done:
			return contract.EvidenceResult{
				Over: true,
				By:   contract.ActorTicket,
				Why: fmt.Sprintf(
					"The ticket %s is %q.",
					found.Key,
					contract.Shorten(cmp.Or(found.ShownStatus, found.Status), longestStatus),
				),
			}, nil
		}
	}
	if system := a.sources.Incidents.For(in.Incident); in.Incident != "" && system != nil {
		found, err := system.Find(ctx, in.Incident)
		switch {
		case err != nil && !isMissing(err):
			return contract.EvidenceResult{}, activities.Error(err)
		case err == nil && !found.Open:
			return contract.EvidenceResult{
				Over: true,
				By:   contract.ActorIncident,
				Why:  "The incident " + in.Incident + " is resolved.",
			}, nil
		}
	}
	return contract.EvidenceResult{}, nil
}

// longestStatus bounds what is repeated of a tracker's text, in bytes.
const longestStatus = 80

func isMissing(err error) bool {
	problem, ok := contract.ProblemOf(err)
	return ok && problem.Kind == contract.KindNotFound
}
