package ticket

import (
	"context"
	"fmt"

	"curfew/activities"
	"curfew/workflows/contract"
)

// Open is the activity contract.ActivityOpenTicket: a ticket for a break-glass request that names none, once.
func (a *Activities) Open(ctx context.Context, in contract.OpenTicketInput) (contract.OpenTicketResult, error) {
	if a.System == nil {
		return contract.OpenTicketResult{}, noTracker(in.Project)
	}
	key, err := a.System.Open(ctx, Opening{
		Request: in.Status.ID, Project: in.Project, Type: in.Type, Text: in.Status.Reason,
		Summary: fmt.Sprintf("Curfew %s: break-glass access by %s", in.Status.Template, in.Status.Requester),
	})
	return contract.OpenTicketResult{Ticket: key}, activities.Error(err)
}
