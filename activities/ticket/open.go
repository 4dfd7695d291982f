package ticket

import (
	"context"
	"fmt"

	"curfew/activities/narrate"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// Open is the activity contract.ActivityOpenTicket: a ticket for a request that names none, once. It is the request's
// first entry there, and what the tracker can't take of it is left out.
func (a *Activities) Open(ctx context.Context, in contract.OpenTicketInput) (contract.OpenTicketResult, error) {
	if a.System == nil {
		return contract.OpenTicketResult{}, noTracker(in.Project)
	}
	first := []contract.Event{{Request: in.Status.ID, Kind: contract.EventTicketOpened, At: in.Status.AskedAt}}
	written, key, err := narrate.Write(ctx, first, in.Status, "",
		func(ctx context.Context, entry narrate.Entry, key *string) (err error) {
			*key, err = a.System.Open(ctx, opening(in, entry.Status))
			return err
		})
	if err == nil && key == "" && written.Blocked == "" {
		err = contract.Denied("%s", written.LeftOut[0].Why).
			At("ticket").
			Advise("see that Curfew's account may open tickets in " + in.Project).
			Application()
	}
	return contract.OpenTicketResult{Written: written, Ticket: key}, err
}

func opening(in contract.OpenTicketInput, status contract.Status) Opening {
	access := "access"
	if status.BreakGlass {
		access = "break-glass access"
	}
	return Opening{
		Request: in.Status.ID,
		Project: in.Project,
		Type:    in.Type,
		Text:    status.Reason,
		Summary: fmt.Sprintf(
			"Curfew %s: %s requested by %s",
			status.Template,
			access,
			story.Person(status.Names, status.Requester),
		),
	}
}
