// Package provenance stands before everything that is recorded, written or sent for a workflow. Activities run for
// anybody who can write to Temporal, under whatever workflow id they choose. So what people are said to have done must
// bear its seal, what targets are said to have done must agree with their holdings, and what was requested is drawn
// from the sealed request.
package provenance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"

	"go.temporal.io/sdk/activity"

	"curfew/activities"
	"curfew/activities/ledger"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// Options of a Guard.
type Options struct {
	Verifier *seal.Verifier
	Events   ledger.Events
	Holdings ledger.Holdings
	// Decisions are what the policy has decided; nil where nothing is known of it.
	Decisions ledger.Decisions
	Alarms    ledger.Alarms
}

// Guard stands before activities. Each of its methods takes an activity and returns the guarded one.
type Guard struct{ Options }

// New makes a guard. It minds who has said what, and not by whose clock: what was said is recorded, also where clocks
// differ.
func New(o Options) *Guard {
	o.Verifier = o.Verifier.AnyDate()
	return &Guard{o}
}

// Record guards contract.ActivityRecord. A request that nobody has sealed is recorded as nobody's.
func (g *Guard) Record(
	next func(context.Context, contract.RecordInput) (contract.RecordResult, error),
) func(context.Context, contract.RecordInput) (contract.RecordResult, error) {
	return func(ctx context.Context, in contract.RecordInput) (contract.RecordResult, error) {
		s, err := g.verify(ctx, telling{in.Events, in.Status, in.Provenance}, true)
		if err != nil {
			return contract.RecordResult{}, activities.Error(err)
		}
		in.Events, in.Status = s.events, s.status
		return next(ctx, in)
	}
}

// Comment guards contract.ActivityCommentTicket. open is the activity that opens tickets, and finds what it has opened.
func (g *Guard) Comment(
	next func(context.Context, contract.CommentInput) (contract.Written, error),
	open func(context.Context, contract.OpenTicketInput) (contract.OpenTicketResult, error),
) func(context.Context, contract.CommentInput) (contract.Written, error) {
	return func(ctx context.Context, in contract.CommentInput) (contract.Written, error) {
		s, err := g.verify(ctx, telling{in.Events, in.Status, in.Provenance}, false)
		if err == nil {
			err = g.ownTicket(ctx, in.Ticket, s, open)
		}
		if err != nil {
			return contract.Written{}, activities.Error(err)
		}
		in.Events, in.Status = s.events, s.status
		return next(ctx, in)
	}
}

// Open guards contract.ActivityOpenTicket.
func (g *Guard) Open(
	next func(context.Context, contract.OpenTicketInput) (contract.OpenTicketResult, error),
) func(context.Context, contract.OpenTicketInput) (contract.OpenTicketResult, error) {
	return func(ctx context.Context, in contract.OpenTicketInput) (contract.OpenTicketResult, error) {
		s, err := g.verify(ctx, telling{nil, in.Status, in.Provenance}, false)
		if err == nil &&
			!mayOpen(in.Provenance.Chain.Request.Fact, contract.TicketPlace{Project: in.Project, Type: in.Type}) {
			err = g.refuse(ctx, in.Status.ID, "it opens no ticket in %.40q", in.Project)
		}
		if err != nil {
			return contract.OpenTicketResult{}, activities.Error(err)
		}
		in.Status = s.status
		return next(ctx, in)
	}
}

// AddNote guards contract.ActivityAddIncidentNote.
func (g *Guard) AddNote(
	next func(context.Context, contract.AddNoteInput) (contract.Written, error),
) func(context.Context, contract.AddNoteInput) (contract.Written, error) {
	return func(ctx context.Context, in contract.AddNoteInput) (contract.Written, error) {
		s, err := g.verify(ctx, telling{in.Events, in.Status, in.Provenance}, false)
		if err == nil && in.Incident != s.status.Incident {
			err = g.refuse(ctx, in.Status.ID, "it belongs to another incident than %.40q", in.Incident)
		}
		if err != nil {
			return contract.Written{}, activities.Error(err)
		}
		in.Events, in.Status = s.events, s.status
		return next(ctx, in)
	}
}

// Notify guards contract.ActivityNotify.
func (g *Guard) Notify(
	next func(context.Context, contract.NotifyInput) (contract.NotifyResult, error),
) func(context.Context, contract.NotifyInput) (contract.NotifyResult, error) {
	return func(ctx context.Context, in contract.NotifyInput) (contract.NotifyResult, error) {
		s, err := g.verify(ctx, telling{in.Events, in.Status, in.Provenance}, false)
		if err != nil {
			return contract.NotifyResult{}, activities.Error(err)
		}
		in.Events, in.Status = s.events, s.status
		return next(ctx, in)
	}
}

// refuse tells operators what somebody without a key wanted, once, and returns the problem.
func (g *Guard) refuse(ctx context.Context, request, fault string, args ...any) error {
	problem := contract.Forbidden(fault, args...).At("provenance").Advise("see which workflow has said so")
	return g.alarmed(ctx, request, problem.Fault, problem)
}

// alarmed raises the alarm about a problem; the same about one thing once.
func (g *Guard) alarmed(ctx context.Context, request, what string, problem *contract.Problem) error {
	sum := sha256.Sum256([]byte(what))
	request = contract.Shorten(request, 64)
	var requests []string
	if request != "" {
		requests = []string{request}
	}
	err := g.Alarms.Raise(ctx, contract.Alarm{
		ID:       fmt.Sprintf("%s/%s/%s", contract.AlarmForged, request, hex.EncodeToString(sum[:8])),
		Kind:     contract.AlarmForged,
		At:       now(ctx),
		Requests: requests,
		Actor:    contract.ActorCurfew,
		Text: fmt.Sprintf("The workflow %s wanted something recorded, written or sent that nobody vouches for: %v",
			contract.Shorten(workflowOf(ctx), 256), problem),
	})
	if err != nil {
		return err
	}
	return problem
}

// Of is for what is told again of a workflow that has ended, as its own history has it.
func Of(ctx context.Context, workflow string) context.Context {
	return context.WithValue(ctx, teller{}, workflow)
}

type teller struct{}

func workflowOf(ctx context.Context) string {
	if workflow, known := ctx.Value(teller{}).(string); known {
		return workflow
	}
	return activity.GetInfo(ctx).WorkflowExecution.ID
}
