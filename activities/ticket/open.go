package ticket

import (
	"context"
	"fmt"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Open is the activity contract.ActivityOpenTicket: a ticket for a request that names none, once.
func (a *Activities) Open(ctx context.Context, in contract.OpenTicketInput) (contract.OpenTicketResult, error) {
	if a.System == nil {
		return contract.OpenTicketResult{}, noTracker(in.Project)
	}
	access := "access"
	if in.Status.BreakGlass {
		access = "break-glass access"
	}
	key, err := a.System.Open(ctx, Opening{
		Request: in.Status.ID, Project: in.Project, Type: in.Type, Text: in.Status.Reason,
		Summary: fmt.Sprintf("Curfew %s: %s requested by %s", in.Status.Template, access, in.Status.Requester),
	})
	return contract.OpenTicketResult{Ticket: key}, activities.Error(err)
}
