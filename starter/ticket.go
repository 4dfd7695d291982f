package starter

import (
	"context"
	"slices"

	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

// checkTicketRule wants a ticket or what stands for one, as the template says, and not both.
func (s *Snapshot) checkTicketRule(rule string, request contract.Request) error {
	key, stands := request.Ticket, request.Zephyr
	switch {
	case key == "" && stands == "" && request.BreakGlass:
		return nil // it is opened when there is none
	case key == "" && stands == "" && rule == config.TicketRequired:
		return contract.Invalid("the template asks for a ticket").
			At("ticket").
			Advise("give the key of the ticket that this is for, like OPS-7")
	case key == "" && stands == "":
		return nil
	case rule == config.TicketNone && key != "":
		return contract.Invalid("the template takes no ticket").At("ticket").Advise("leave it out")
	case rule == config.TicketNone:
		return contract.Invalid("the template takes no ticket").At("zephyr").Advise("leave it out")
	case key != "" && stands != "":
		return contract.Invalid("it names a ticket, and the request names one itself").
			At("zephyr").
			Advise("leave it out, or the ticket")
	case stands != "" && s.references == nil:
		return contract.Invalid("no Zephyr is configured").At("zephyr").Advise("name the ticket itself")
	case stands == "" && !s.isKey(key):
		return contract.Invalid("%q is not a ticket's key", shortened(key)).At("ticket").Advise("write it like OPS-7")
	}
	return nil
}

// isKey is true for what can be a ticket's key: at the tracker, or at any while none is configured.
func (s *Snapshot) isKey(key string) bool {
	return ticket.ValidKey(key) && (s.tickets == nil || s.tickets.Recognizes(key))
}

// ticketOf is the ticket that a request names, or that what it names is linked to.
func (s *Snapshot) ticketOf(ctx context.Context, request contract.Request) (string, error) {
	if request.Zephyr == "" {
		return request.Ticket, nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	key, err := s.references.Resolve(ctx, request.Zephyr)
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindNotFound {
		return "", contract.Invalid("%s", problem.Fault).At("zephyr").Advise(problem.Fix)
	}
	if err != nil {
		return "", refusedLookUp(err, "zephyr", "Zephyr or its tracker", request.Zephyr)
	}
	return key, nil
}

func (s *Snapshot) checkTicketExists(ctx context.Context, key string) error {
	if key == "" || s.tickets == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err := s.tickets.Find(ctx, key)
	if err == nil {
		return nil
	}
	if problem, known := contract.ProblemOf(err); known && problem.Kind == contract.KindNotFound {
		return contract.Invalid("there is no ticket %s", key).At("ticket").Advise("check the key in the tracker")
	}
	return refusedLookUp(err, "ticket", "the tracker", key)
}

// refusedLookUp is about a look-up that failed: for good, or because the system can't be reached.
func refusedLookUp(err error, field, system, key string) error {
	problem, known := contract.ProblemOf(err)
	if known && slices.Contains(contract.Final, string(problem.Kind)) {
		return &failure{problem, err}
	}
	down := contract.Unavailable("%s can't be reached, so %s can't be checked", system, shortened(key)).
		At(field).
		Advise("nothing was started: try again")
	if known {
		down.RetryAfter = problem.RetryAfter
	}
	return &failure{down, err}
}
