package request

import (
	"fmt"
	"strings"
	"time"

	"go.temporal.io/sdk/temporal"
	"go.temporal.io/sdk/workflow"

	"curfew/workflows/contract"
)

// published is what the search attributes say now, so that they are written only when they change.
type published struct {
	state    contract.State
	deadline time.Time
	stuck    bool
	ticket   string
}

// show publishes to Temporal's Web UI where the request is.
func (r *run) show(ctx workflow.Context) {
	workflow.SetCurrentDetails(ctx, r.details())
	now := published{
		state:    r.status.State,
		stuck:    r.status.Stuck,
		deadline: r.published.deadline,
		ticket:   r.status.Ticket,
	}
	if r.status.Until != nil {
		now.deadline = *r.status.Until
	}
	var changes []temporal.SearchAttributeUpdate
	if now.state != r.published.state && now.state != contract.StatePending { // the request was started as pending
		changes = append(changes, contract.KeyState.ValueSet(string(now.state)))
	}
	if !now.deadline.Equal(r.published.deadline) {
		changes = append(changes, contract.KeyDeadline.ValueSet(now.deadline))
	}
	if now.stuck != r.published.stuck {
		changes = append(changes, contract.KeyStuck.ValueSet(now.stuck))
	}
	if now.ticket != r.published.ticket { // it was opened later
		changes = append(changes, contract.KeyTicket.ValueSet(now.ticket))
	}
	r.published = now
	if len(changes) == 0 {
		return
	}
	if err := workflow.UpsertTypedSearchAttributes(ctx, changes...); err != nil {
		workflow.GetLogger(ctx).Error("search attributes were not updated", "error", err)
	}
}

// details is the request in Markdown: who, what, until when, and what it waits for.
func (r *run) details() string {
	s := r.status
	var text strings.Builder
	fmt.Fprintf(&text, "### %s\n\n", r.headline())
	fmt.Fprintf(
		&text,
		"| template | %s |\n|---|---|\n| subject | %s |\n| requester | %s |\n",
		s.Template,
		s.Subject,
		s.Requester,
	)
	if s.Ticket != "" {
		fmt.Fprintf(&text, "| ticket | %s |\n", s.Ticket)
	}
	if s.Until != nil {
		fmt.Fprintf(&text, "| until | %s |\n", clock(*s.Until))
	}
	text.WriteString("\n")
	for _, hold := range s.Holds {
		fmt.Fprintf(
			&text,
			"- %s `%s` as `%s`: %s\n",
			hold.Access.Target,
			hold.Access.Entitlement,
			hold.Access.Account,
			held(hold),
		)
	}
	if s.Why != "" {
		fmt.Fprintf(&text, "\n%s\n", s.Why)
	}
	return text.String()
}

func (r *run) headline() string {
	s := r.status
	switch {
	case s.Stuck:
		return "Stuck: the access could not be taken away"
	case s.State == contract.StatePending:
		return fmt.Sprintf("Waiting for %s: %d of %d approvals", strings.Join(s.Reviewers, ", "), s.Approvals, s.Needed)
	case s.State == contract.StateActive && s.Extension != nil:
		return fmt.Sprintf("Active until %s; an extension by %s waits for %s",
			clock(*s.Until), s.Extension.Duration, strings.Join(s.Reviewers, ", "))
	case s.State == contract.StateActive:
		return "Active until " + clock(*s.Until)
	case s.State == contract.StateEnded:
		return "Ended: " + string(s.Outcome)
	}
	return strings.ToUpper(string(s.State[:1])) + string(s.State[1:])
}

// standings are how one entitlement stands, each with the fact that it needs. The first that holds is said.
var standings = [...]struct {
	is   func(contract.HoldState) bool
	says func(contract.HoldState) string
}{
	{
		func(h contract.HoldState) bool { return h.Problem != "" },
		func(h contract.HoldState) string { return h.Problem },
	},
	{func(h contract.HoldState) bool { return h.TakenOver != nil }, func(h contract.HoldState) string {
		return "**may still be there**: Curfew could not take it away, " + h.TakenOver.By + " answers for it: " + h.TakenOver.Reason
	}},
	{
		func(h contract.HoldState) bool { return h.Standing },
		func(contract.HoldState) string { return "was there before, and stays" },
	},
	{func(h contract.HoldState) bool { return h.HeldUntil != nil }, func(h contract.HoldState) string {
		return h.Access.Person + " still has it through request " + h.HeldBy + " until " + clock(*h.HeldUntil)
	}},
	{func(h contract.HoldState) bool { return h.RemovedAt != nil }, func(h contract.HoldState) string {
		return "removed at " + clock(*h.RemovedAt) +
			"; Curfew **can't confirm** that it is gone, which the template accepts"
	}},
	{func(h contract.HoldState) bool { return h.GoneAt != nil && h.AlreadyAbsent }, func(h contract.HoldState) string {
		return "gone, seen at " + clock(*h.GoneAt) + "; it was not there any more when Curfew came to take it away"
	}},
	{func(h contract.HoldState) bool { return h.GoneAt != nil && h.Sessions > 0 }, func(h contract.HoldState) string {
		return fmt.Sprintf("gone, seen at %s; %d open sessions were ended", clock(*h.GoneAt), h.Sessions)
	}},
	{
		func(h contract.HoldState) bool { return h.GoneAt != nil },
		func(h contract.HoldState) string { return "gone, seen at " + clock(*h.GoneAt) },
	},
	{func(h contract.HoldState) bool { return h.Held }, func(contract.HoldState) string { return "held" }},
}

func held(hold contract.HoldState) string {
	for _, standing := range standings {
		if standing.is(hold) {
			return standing.says(hold)
		}
	}
	return "not held"
}

// holdOutcomes says of each entitlement what became of it.
func (r *run) holdOutcomes() string {
	lines := make([]string, len(r.status.Holds))
	for i, hold := range r.status.Holds {
		lines[i] = hold.Access.Target + ": " + held(hold)
	}
	return strings.Join(lines, "\n")
}

// standing says which entitlements the subject had before.
func (r *run) standing() string {
	var lines []string
	for _, hold := range r.status.Holds {
		if hold.Standing {
			lines = append(lines, hold.Access.Target+": was there before, and stays")
		}
	}
	return strings.Join(append([]string{"Until " + clock(*r.status.Until) + "."}, lines...), "\n")
}

// kinds names a batch of events in a summary of at most 200 bytes.
func kinds(events []contract.Event) string {
	names := make([]string, len(events))
	for i, event := range events {
		names[i] = string(event.Kind)
	}
	return contract.Shorten(strings.Join(names, ", "), 150)
}

func clock(at time.Time) string { return at.UTC().Format("2006-01-02 15:04:05 UTC") }

// maxSaid is how much of a stranger's text is kept.
const maxSaid = 4096

func clip(text string) string { return contract.Shorten(text, maxSaid) }
