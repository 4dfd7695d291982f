package provenance

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"curfew/activities/ledger"
	"curfew/activities/story"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// telling is what a workflow wants recorded, written or sent.
type telling struct {
	events     []contract.Event
	status     contract.Status
	provenance contract.Provenance
}

// verify returns a telling as it may be told. It refuses a workflow of another name than the request's, which is a
// filter and no proof; and then whatever is not proven. recorded is true when it goes into the ledger.
func (g *Guard) verify(ctx context.Context, t telling, recorded bool) (telling, error) {
	id := t.status.ID
	if workflowOf(ctx) != contract.RequestWorkflowID(id) || t.provenance.Chain.Request.Fact.ID != id {
		return t, g.refuse(ctx, id, "it is not the workflow of the request %q", contract.Shorten(id, 64))
	}
	proven, err := g.Verifier.Proven(t.provenance)
	if err != nil {
		known, findable := g.known(ctx, t.provenance)
		switch {
		case findable != nil:
			return t, findable
		case known == nil && recorded:
			return g.anonymous(ctx, t, contract.AsProblem(err))
		case known == nil:
			return t, g.alarmed(ctx, id, t.provenance.Chain.Request.Seal, contract.AsProblem(err))
		}
		proven = *known
	}
	t.status, err = g.keptUp(ctx, drawn(t.status, proven))
	if err != nil {
		return t, err
	}
	t.status.Until = within(t.status.Until, seal.Latest(t.provenance.Chain.Grounds).Add(patience))
	t.events = slices.Clone(t.events)
	for i := range t.events {
		if err := g.attribute(ctx, &t.events[i], proven); err != nil {
			return t, err
		}
	}
	return t, g.compare(ctx, t, proven, recorded)
}

// known finds a request whose seal counts no more, because its key was retired meanwhile, in the ledger: there it was
// sealed when it was recorded. It is nil when the ledger has none, or another one.
func (g *Guard) known(ctx context.Context, p contract.Provenance) (*seal.Proven, error) {
	request := p.Chain.Request.Fact
	status, _, err := g.Events.Request(ctx, request.ID)
	switch {
	case errors.Is(err, ledger.ErrNotFound):
		return nil, nil
	case err != nil:
		return nil, err
	case !sameRequest(status, request):
		return nil, nil
	}
	proven := g.Verifier.Words(p, request.ID)
	proven.Request, proven.Reviews = request, append(proven.Reviews, status.Reviews...)
	return &proven, nil
}

func sameRequest(status contract.Status, request contract.Request) bool {
	return status.Requester == request.Requester &&
		status.Subject == request.Subject &&
		status.Template == request.Template &&
		status.Reason == request.Reason &&
		status.AskedAt.Equal(request.AskedAt) &&
		status.MaxDuration == request.MaxDuration() &&
		slices.EqualFunc(
			status.Holds,
			request.Terms.Accesses,
			func(hold contract.HoldState, access contract.Access) bool {
				return hold.Access.GrantID() == access.GrantID()
			},
		)
}

// withoutAccess are the kinds of events that a request has that was refused.
var withoutAccess = []contract.EventKind{
	contract.EventRequested, contract.EventDenied, contract.EventFailed, contract.EventLapsed, contract.EventWithdrawn,
}

// anonymous is the story of a request that nobody has sealed: it is recorded as nobody's, and as nothing but refused.
// One that the ledger has by somebody stays as it is.
func (g *Guard) anonymous(ctx context.Context, t telling, problem *contract.Problem) (telling, error) {
	recorded, _, err := g.Events.Request(ctx, t.status.ID)
	if err != nil && !errors.Is(err, ledger.ErrNotFound) {
		return t, err
	}
	taken := err == nil && recorded.Requester != contract.ActorSignal
	other := slices.ContainsFunc(
		t.events,
		func(event contract.Event) bool { return !slices.Contains(withoutAccess, event.Kind) },
	)
	if taken || other {
		return t, g.alarmed(ctx, t.status.ID, t.provenance.Chain.Request.Seal, problem)
	}
	t.events = slices.Clone(t.events)
	for i := range t.events {
		if !contract.IsSystem(t.events[i].Actor) {
			t.events[i].Actor = contract.ActorSignal
		}
	}
	t.status = contract.Status{
		ID:        t.status.ID,
		State:     t.status.State,
		Outcome:   t.status.Outcome,
		Why:       t.status.Why,
		AskedAt:   t.status.AskedAt,
		EndedAt:   t.status.EndedAt,
		Seq:       t.status.Seq,
		Template:  contract.Shorten(t.status.Template, 64),
		Requester: contract.ActorSignal,
		Subject:   contract.ActorSignal,
		Purpose:   contract.Purpose{Reason: contract.Shorten(t.status.Reason, 256)},
	}
	return t, g.alarmedOnly(ctx, t, problem)
}

// alarmedOnly raises the alarm about what is recorded all the same.
func (g *Guard) alarmedOnly(ctx context.Context, t telling, problem *contract.Problem) error {
	err := g.alarmed(ctx, t.status.ID, t.provenance.Chain.Request.Seal, problem)
	if errors.Is(err, problem) {
		return nil
	}
	return err
}

// drawn is a status in which everything about what was requested is the request's own, and everything that people said
// is proven.
func drawn(status contract.Status, proven seal.Proven) contract.Status {
	status = story.Drawn(status, proven.Request)
	status.Names = nil                                                                 // whoever shows it asks the directory
	status.Ending, status.Untracked, status.Lost, status.Summary = nil, false, nil, "" // the server's to say, when it shows it
	if proven.Request.Ticket == "" && !placedIn(proven.Request, status.Ticket) {
		status.Ticket = ""
	}
	status.Reviews = slices.DeleteFunc(slices.Clone(status.Reviews), func(review contract.Review) bool {
		return !slices.ContainsFunc(
			proven.Reviews,
			func(known contract.Review) bool { return sameReview(known, review) },
		)
	})
	if review := status.PostReview; review != nil &&
		!slices.ContainsFunc(proven.Reviews, func(known contract.Review) bool { return sameReview(known, *review) }) {
		status.PostReview = nil
	}
	if x := status.Extension; x != nil && !contract.IsSystem(x.By) && !slices.ContainsFunc(proven.Extensions, x.Same) {
		anonymous := *x
		anonymous.By = contract.ActorSignal
		status.Extension = &anonymous
	}
	for i := range status.Holds {
		if by := status.Holds[i].TakenOver; by != nil && !tookOver(proven, status.Holds[i].Access) {
			status.Holds[i].TakenOver = nil
		}
	}
	return status
}

// within is an end, or the latest that a request allows.
func within(until *time.Time, latest time.Time) *time.Time {
	if until == nil || !until.After(latest) {
		return until
	}
	return &latest
}

func sameReview(a, b contract.Review) bool {
	return a.Reviewer == b.Reviewer && a.Verdict == b.Verdict && a.Reason == b.Reason && a.Duration == b.Duration &&
		a.At.Equal(b.At)
}

func tookOver(proven seal.Proven, access contract.Access) bool {
	return slices.ContainsFunc(
		proven.TakeOvers,
		func(by contract.TakeOver) bool { return by.Grant == access.GrantID() },
	)
}

// ownTicket refuses to write on a ticket that is neither the request's own nor the one that was opened for it.
func (g *Guard) ownTicket(
	ctx context.Context,
	key string,
	t telling,
	open func(context.Context, contract.OpenTicketInput) (contract.OpenTicketResult, error),
) error {
	request := t.provenance.Chain.Request.Fact
	other := func() error { return g.refuse(ctx, request.ID, "it belongs to another ticket than %.40q", key) }
	switch {
	case request.Ticket == key:
		return nil
	case request.Ticket != "" || !placedIn(request, key):
		return other()
	}
	project, _, _ := strings.Cut(key, "-")
	for _, place := range places(request) {
		if place.Project != project {
			continue
		}
		opened, err := open(ctx, contract.OpenTicketInput{Project: place.Project, Type: place.Type, Status: t.status})
		if err != nil {
			return err
		}
		if opened.Ticket == key {
			return nil
		}
	}
	return other()
}

// places are where a ticket may be opened for a request.
func places(request contract.Request) []contract.TicketPlace {
	places := []contract.TicketPlace{request.Terms.Rules.Ticket.Open}
	if request.BreakGlass {
		places = append(places, request.Terms.Rules.BreakGlass.Ticket)
	}
	return slices.DeleteFunc(places, func(place contract.TicketPlace) bool { return place.Project == "" })
}

func mayOpen(request contract.Request, place contract.TicketPlace) bool {
	return request.Ticket == "" && slices.Contains(places(request), place)
}

// placedIn is true of a key that a ticket can have which was opened for a request.
func placedIn(request contract.Request, key string) bool {
	project, _, _ := strings.Cut(key, "-")
	return slices.ContainsFunc(
		places(request),
		func(place contract.TicketPlace) bool { return place.Project == project },
	)
}

// patience is how long a target may go on remembering what a request has used up.
const patience = time.Minute
