package starter

import (
	"context"
	"fmt"
	"time"

	enumspb "go.temporal.io/api/enums/v1"
	"go.temporal.io/api/serviceerror"
	"go.temporal.io/sdk/client"
	"go.temporal.io/sdk/temporal"

	"curfew/activities/ledger"
	"curfew/internal/policy"
	"curfew/internal/seal"
	"curfew/workflows/contract"
)

// workflowTaskTimeout bounds how long a request stands still when the worker that was thinking about it dies.
const workflowTaskTimeout = 5 * time.Second

// Ask is what a person asks for.
type Ask struct {
	// ID is a ULID that the client made, so that asking again after a lost reply is not a second request. It must be
	// younger than ten minutes. Empty: the starter makes one.
	ID        string
	Template  string
	Requester string // the authenticated actor
	Subject   string // empty: the requester
	Duration  contract.Duration
	contract.Purpose
	// StartAt is when the access is to begin; zero: as soon as it is approved.
	StartAt time.Time
	// BreakGlass asks to open at once, where the template allows it to a group.
	BreakGlass bool
	Source     string // how it came in: api, cli …

	derived bool // the id is a derived one, and may be of any age
}

// Start checks what is asked for and starts a request; nothing is started on bad input. The answer doesn't wait for a
// worker. Asking for the same twice with one id answers with the first request's status.
func (s *Snapshot) Start(ctx context.Context, ask Ask) (contract.Status, error) {
	if err := s.clock.Check(); err != nil { // before anything is said of the age of an id
		return contract.Status{}, err
	}
	request, err := s.check(ctx, ask, now())
	if err != nil {
		return contract.Status{}, err
	}
	if full := s.hasRoom(ctx, request); full != nil {
		if status, err := s.askedBefore(ctx, request); err == nil { // it was asked for when there was room
			return status, nil
		}
		return contract.Status{}, full
	}
	fresh, err := s.launch(ctx, request)
	switch {
	case err != nil:
		return contract.Status{}, err
	case !fresh:
		return s.askedBefore(ctx, request)
	}
	return s.named(s.asAsked(ctx, request)), nil
}

const (
	// mostPending is how many requests of one person may wait for a decision, as far as the ledger knows. Those that a
	// source starts in their name are counted by themselves, for each source: neither keeps the other from being asked
	// for.
	mostPending = 100
	// pendingLooked bounds how many are looked at.
	pendingLooked = 500
)

// hasRoom refuses a person, and a source in a person's name, who asks for more than anybody decides.
func (s *Snapshot) hasRoom(ctx context.Context, asked contract.Request) error {
	pending, err := s.events.Requests(
		ctx,
		ledger.Filter{Person: asked.Requester, State: contract.StatePending, Limit: pendingLooked},
	)
	if err != nil {
		return unreadable(err)
	}
	own := 0
	for _, status := range pending {
		if status.Requester == asked.Requester && startedBy(status.Source) == startedBy(asked.Source) {
			own++
		}
	}
	if own < mostPending {
		return nil
	}
	return contract.TooMany("%d requests of %s wait for a decision", own, s.person(asked.Requester)).
		Advise("wait until they are decided, or cancel some")
}

// The sources of requests that people ask for themselves. A system that starts requests is a source by the name that
// people's accounts on it have, and SourceHooks begins those of programs; the name of the webhook follows.
const (
	SourceAPI   = "api"
	SourceCLI   = "cli"
	SourceWeb   = "web"
	SourceHooks = "hooks/"
)

// startedBy is the source that starts requests by itself; empty for what people ask for themselves.
func startedBy(source string) string {
	switch source {
	case SourceAPI, SourceCLI, SourceWeb:
		return ""
	}
	return source
}

// launch seals a request and starts its workflow; it is not fresh when there is one under its id.
func (s *Snapshot) launch(ctx context.Context, request contract.Request) (fresh bool, err error) {
	sealedFact, err := sealed(s.shared, seal.OfRequest(request), request)
	if err != nil {
		return false, err
	}
	ctx, cancel := context.WithTimeout(ctx, answerWithin)
	defer cancel()
	_, err = s.temporal.ExecuteWorkflow(ctx, startOptions(request), contract.WorkflowRequest,
		contract.RequestInput{Request: sealedFact})
	switch {
	case err == nil:
		return true, nil
	case isA[*serviceerror.WorkflowExecutionAlreadyStarted](err):
		return false, nil
	case noAnswer(err):
		return false, unavailable(err, "Temporal has not answered yet")
	}
	return false, problemOf(err, request.ID)
}

// Check says what is wrong with an ask, as Start would, and starts nothing.
func (s *Snapshot) Check(ctx context.Context, ask Ask) error {
	_, err := s.check(ctx, ask, now())
	return err
}

func startOptions(request contract.Request) client.StartWorkflowOptions {
	return client.StartWorkflowOptions{
		ID:                                       contract.RequestWorkflowID(request.ID),
		TaskQueue:                                contract.TaskQueue,
		WorkflowTaskTimeout:                      workflowTaskTimeout,
		WorkflowIDReusePolicy:                    enumspb.WORKFLOW_ID_REUSE_POLICY_REJECT_DUPLICATE,
		WorkflowIDConflictPolicy:                 enumspb.WORKFLOW_ID_CONFLICT_POLICY_FAIL,
		WorkflowExecutionErrorWhenAlreadyStarted: true, // without it, FAIL answers with the run that exists
		TypedSearchAttributes:                    searchAttributes(request),
		StaticSummary:                            summary(request),
		StaticDetails:                            details(request),
	}
}

func searchAttributes(request contract.Request) temporal.SearchAttributes {
	targets := make([]string, 0, len(request.Terms.Accesses))
	for _, access := range request.Terms.Accesses {
		targets = append(targets, access.Target)
	}
	updates := []temporal.SearchAttributeUpdate{
		contract.KeyState.ValueSet(string(contract.StatePending)),
		contract.KeyTemplate.ValueSet(request.Template),
		contract.KeyTarget.ValueSet(distinct(targets)),
		contract.KeySubject.ValueSet(request.Subject),
	}
	if request.Ticket != "" {
		updates = append(updates, contract.KeyTicket.ValueSet(request.Ticket))
	}
	return temporal.NewSearchAttributes(updates...)
}

// summary is one line in Temporal's lists, well below its 200 bytes. It names no person: not every namespace encrypts
// it.
func summary(request contract.Request) string {
	return fmt.Sprintf("%s for %s", request.Template, request.Duration)
}

// details is Markdown for Temporal's Web UI.
func details(request contract.Request) string {
	text := fmt.Sprintf("**Template** `%s`", request.Template)
	if request.Ticket != "" {
		text += fmt.Sprintf("\n\n**Ticket** `%s`", request.Ticket)
	}
	return text
}

// asAsked is the status of a request that no worker has seen yet.
func (s *Snapshot) asAsked(ctx context.Context, request contract.Request) contract.Status {
	holds := make([]contract.HoldState, 0, len(request.Terms.Accesses))
	for _, access := range request.Terms.Accesses {
		holds = append(holds, contract.HoldState{Access: access})
	}
	decideBy := request.AskedAt.Add(request.Terms.PendingFor.Duration)
	known, _ := s.facts(ctx, request) // of a group that can't be told now, nobody
	reviewers, needed := policy.Reviewers(known)
	return contract.Status{
		ID:          request.ID,
		State:       contract.StatePending,
		Template:    request.Template,
		Requester:   request.Requester,
		Subject:     request.Subject,
		Duration:    request.Duration,
		Purpose:     request.Purpose,
		AskedAt:     request.AskedAt,
		StartAt:     start(request),
		Source:      request.Source,
		BreakGlass:  request.BreakGlass,
		DecideBy:    &decideBy,
		Needed:      needed,
		Reviewers:   others(reviewers),
		MaxDuration: request.MaxDuration(),
		Holds:       holds,
	}
}

func start(request contract.Request) *time.Time {
	if request.StartAt.IsZero() {
		return nil
	}
	return &request.StartAt
}

// askedBefore answers a repeated ask. Whose request an id belongs to is nobody else's business; and an id is that of
// one request, so who asks for something else with it has to make another.
func (s *Snapshot) askedBefore(ctx context.Context, request contract.Request) (contract.Status, error) {
	first, err := s.firstRequest(ctx, request.ID)
	if err != nil {
		return contract.Status{}, err
	}
	if first.Fact.Requester != request.Requester {
		return contract.Status{}, contract.Conflict("the id is taken").At("id").Advise("make a new id, or leave it out")
	}
	if !sameAsk(first.Fact, request) {
		return contract.Status{}, contract.Conflict("it is that of your request for %s, which asks for something else", first.Fact.Template).
			At("id").
			Advise("look at that request; to make another one, make a new id, or leave it out")
	}
	status, err := s.look(ctx, request.ID)
	if err != nil {
		return contract.Status{}, err
	}
	return s.shown(ctx, status), nil
}

// sameAsk is true when both say the same of what is asked for. The ticket of one that was named by something else is
// read again each time.
func sameAsk(first, again contract.Request) bool {
	if first.Zephyr != "" {
		again.Ticket = first.Ticket
	}
	return first.Template == again.Template && first.Subject == again.Subject && first.Duration == again.Duration &&
		first.Purpose == again.Purpose && first.StartAt.Equal(again.StartAt) && first.BreakGlass == again.BreakGlass
}
