package starter_test

import (
	"context"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"
	"go.temporal.io/api/workflowservice/v1"

	"curfew/internal/people"
	"curfew/internal/sandbox"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

func TestMain(m *testing.M) { os.Exit(temporal.Main(m)) }

// ask is one that nothing is wrong with.
func ask() starter.Ask {
	return starter.Ask{
		Template:  "debug-prod",
		Requester: "alice",
		Duration:  hours(2),
		Purpose:   contract.Purpose{Reason: "the checkout hangs", Ticket: "OPS-7"},
		Source:    "api",
	}
}

func hours(n int) contract.Duration { return contract.Duration{Duration: time.Duration(n) * time.Hour} }

// requireProblem returns the problem that an error is.
func requireProblem(t *testing.T, err error, kind contract.Kind, field string) *contract.Problem {
	t.Helper()
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, "want a problem, got %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.Equal(t, field, problem.Field, problem.Error())
	require.NotEmpty(t, problem.Fix, problem.Error())
	return problem
}

func TestP9_BadInputIsRefusedByNameAndNothingIsStarted(t *testing.T) {
	t.Parallel()
	house := startertest.Alone(t)
	old := ulid.MustNew(ulid.Timestamp(time.Now().Add(-11*time.Minute)), ulid.DefaultEntropy())
	early := ulid.MustNew(ulid.Timestamp(time.Now().Add(11*time.Minute)), ulid.DefaultEntropy())

	for name, bad := range map[string]struct {
		change func(*starter.Ask)
		kind   contract.Kind
		field  string
		says   string
	}{
		"an unknown actor":            {func(a *starter.Ask) { a.Requester = "mallory" }, contract.KindForbidden, "", "directory"},
		"no template":                 {func(a *starter.Ask) { a.Template = "" }, contract.KindInvalid, "template", "curfew templates"},
		"a mistyped template":         {func(a *starter.Ask) { a.Template = "debug-prdo" }, contract.KindInvalid, "template", "did you mean debug-prod?"},
		"a template like no other":    {func(a *starter.Ask) { a.Template = strings.Repeat("x", 1<<16) }, contract.KindInvalid, "template", "curfew templates"},
		"an unknown subject":          {func(a *starter.Ask) { a.Subject = "mallory" }, contract.KindInvalid, "subject", `"mallory"`},
		"a subject without account":   {func(a *starter.Ask) { a.Subject = "erin" }, contract.KindInvalid, "subject", "erin has no account on lightrun-prod"},
		"a negative duration":         {func(a *starter.Ask) { a.Duration = hours(-1) }, contract.KindInvalid, "duration", "8h or less"},
		"too long a duration":         {func(a *starter.Ask) { a.Duration = hours(9) }, contract.KindInvalid, "duration", "9h is over the maximum of 8h; ask for 8h or less"},
		"no reason":                   {func(a *starter.Ask) { a.Reason = "" }, contract.KindInvalid, "reason", "missing"},
		"a blank reason":              {func(a *starter.Ask) { a.Reason = " \n\t" }, contract.KindInvalid, "reason", "missing"},
		"a reason of nothing to see":  {func(a *starter.Ask) { a.Reason = "\u200b\u2800" }, contract.KindInvalid, "reason", "missing"},
		"too long a reason":           {func(a *starter.Ask) { a.Reason = strings.Repeat("x", 4097) }, contract.KindInvalid, "reason", "4097 bytes"},
		"a reason that is no text":    {func(a *starter.Ask) { a.Reason = "\xff\xfe" }, contract.KindInvalid, "reason", "UTF-8"},
		"a reason with an escape":     {func(a *starter.Ask) { a.Reason = "ok\x1b[2J" }, contract.KindInvalid, "reason", "byte 2"},
		"a reason with a C1 control":  {func(a *starter.Ask) { a.Reason = "\u009b2J" }, contract.KindInvalid, "reason", "byte 0"},
		"no ticket":                   {func(a *starter.Ask) { a.Ticket = "" }, contract.KindInvalid, "ticket", "asks for a ticket"},
		"a ticket that is none":       {func(a *starter.Ask) { a.Ticket = "../../user?x=" }, contract.KindInvalid, "ticket", "OPS-7"},
		"a ticket that isn't there":   {func(a *starter.Ask) { a.Ticket = "OPS-404" }, contract.KindInvalid, "ticket", "there is no ticket OPS-404"},
		"a ticket where none belongs": {func(a *starter.Ask) { a.Template = "look-round" }, contract.KindInvalid, "ticket", "takes no ticket"},
		"a wrong optional ticket":     {func(a *starter.Ask) { a.Template = "read-logs"; a.Ticket = "OPS-404" }, contract.KindInvalid, "ticket", "there is no ticket"},
		"a test cycle beside it":      {func(a *starter.Ask) { a.Zephyr = "OPS-R12" }, contract.KindInvalid, "zephyr", "names one itself"},
		"a test cycle that is none":   {func(a *starter.Ask) { a.Ticket, a.Zephyr = "", "OPS-T1" }, contract.KindInvalid, "zephyr", "OPS-R12"},
		"no such test cycle":          {func(a *starter.Ask) { a.Ticket, a.Zephyr = "", "OPS-R404" }, contract.KindInvalid, "zephyr", "Zephyr has no OPS-R404"},
		"a test cycle of no ticket":   {func(a *starter.Ask) { a.Ticket, a.Zephyr = "", "OPS-R13" }, contract.KindInvalid, "zephyr", "linked to 0 tickets"},
		"a test cycle where no ticket belongs": {func(a *starter.Ask) {
			a.Template, a.Ticket, a.Zephyr = "look-round", "", "OPS-R12"
		}, contract.KindInvalid, "zephyr", "takes no ticket"},
		"too long an incident":        {func(a *starter.Ask) { a.Incident = strings.Repeat("x", 129) }, contract.KindInvalid, "incident", "129 bytes"},
		"an incident over two lines":  {func(a *starter.Ask) { a.Incident = "a\nb" }, contract.KindInvalid, "incident", "can't be printed"},
		"an incident that is no text": {func(a *starter.Ask) { a.Incident = "\xff" }, contract.KindInvalid, "incident", "UTF-8"},
		"an id that is none":          {func(a *starter.Ask) { a.ID = "../x" }, contract.KindInvalid, "id", "not the id"},
		"an id in small letters":      {func(a *starter.Ask) { a.ID = strings.ToLower(ulid.Make().String()) }, contract.KindInvalid, "id", "capital"},
		"an old id":                   {func(a *starter.Ask) { a.ID = old.String() }, contract.KindInvalid, "id", "11m0s off"},
		"an id from the future":       {func(a *starter.Ask) { a.ID = early.String() }, contract.KindInvalid, "id", "off"},
	} {
		t.Run(name, func(t *testing.T) {
			asked := ask()
			bad.change(&asked)
			_, err := house.Starter.Current().Start(t.Context(), asked)
			problem := requireProblem(t, err, bad.kind, bad.field)
			require.Contains(t, problem.Error(), bad.says)
			require.Less(t, len(problem.Error()), 300, "an answer is no book")
		})
	}

	good, err := house.Starter.Current().Start(t.Context(), ask())
	require.NoError(t, err)
	require.Equal(t, []string{contract.RequestWorkflowID(good.ID)}, started(t, house))
}

// started lists the workflows that were ever started, once there are any: Temporal's list lags behind its starts, but
// keeps their order.
func started(t *testing.T, house *startertest.House) []string {
	t.Helper()
	var ids []string
	require.Eventually(t, func() bool {
		list, err := house.Client.ListWorkflow(t.Context(), &workflowservice.ListWorkflowExecutionsRequest{
			Query: `WorkflowType = "` + contract.WorkflowRequest + `"`,
		})
		require.NoError(t, err)
		ids = nil
		for _, execution := range list.GetExecutions() {
			ids = append(ids, execution.GetExecution().GetWorkflowId())
		}
		return len(ids) > 0
	}, 10*time.Second, 20*time.Millisecond)
	return ids
}

func TestP9_ATrackerThatIsDownIsNamed(t *testing.T) {
	t.Parallel()
	house := startertest.Alone(t)
	house.Jira.Add(sandbox.Fault{Status: 503, RetryAfter: "7"})

	_, err := house.Starter.Current().Start(t.Context(), ask())

	problem := requireProblem(t, err, contract.KindUnavailable, "ticket")
	require.Contains(t, problem.Error(), "the tracker can't be reached")
	require.Contains(t, problem.Error(), "nothing was started")
	require.Equal(t, 7*time.Second, problem.RetryAfter.Duration)

	house.Jira.Clear()
	good, err := house.Starter.Current().Start(t.Context(), ask())
	require.NoError(t, err)
	require.Equal(t, []string{contract.RequestWorkflowID(good.ID)}, started(t, house))
}

func TestATestCycleStandsForTheTicketThatItIsLinkedTo(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	asked := ask()
	asked.Ticket, asked.Zephyr = "", "OPS-R12"

	status, err := house.Starter.Current().Start(t.Context(), asked)

	require.NoError(t, err)
	require.Equal(t, "OPS-7", status.Ticket)
	require.Equal(t, "OPS-R12", status.Zephyr)
}

func TestP9_AZephyrThatIsDownIsNamedAndNothingIsStarted(t *testing.T) {
	t.Parallel()
	house := startertest.Alone(t)
	house.Zephyr.Add(sandbox.Fault{Status: 503, RetryAfter: "7"})
	asked := ask()
	asked.Ticket, asked.Zephyr = "", "OPS-R12"

	_, err := house.Starter.Current().Start(t.Context(), asked)

	problem := requireProblem(t, err, contract.KindUnavailable, "zephyr")
	require.Contains(t, problem.Error(), "Zephyr or its tracker can't be reached, so OPS-R12 can't be checked")
	require.Equal(t, 7*time.Second, problem.RetryAfter.Duration)

	good, err := house.Starter.Current().Start(t.Context(), ask())
	require.NoError(t, err)
	require.Equal(t, []string{contract.RequestWorkflowID(good.ID)}, started(t, house))
}

func TestATemplateThatTooFewCouldApproveIsRefused(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	template := house.Config.Templates["debug-prod"]
	template.Approval.Count = 2
	house.Config.Templates["debug-prod"] = template
	asked := ask()
	asked.Requester = "carol"

	_, err := house.Starter.Current().Start(t.Context(), asked)

	problem := requireProblem(t, err, contract.KindInvalid, "template")
	require.Contains(t, problem.Error(), "only 1 reviewers")
}

func TestAskingWorksWhileWorkersAreDown(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	asked := ask()
	asked.Subject, asked.Duration, asked.Incident = "bob", contract.Duration{}, "INC-1"

	status, err := house.Starter.Current().Start(t.Context(), asked)

	require.NoError(t, err)
	require.Equal(t, contract.StatePending, status.State)
	require.Equal(t, hours(1), status.Duration, "the template's default")
	require.Equal(t, []string{"carol", "dave"}, status.Reviewers)
	require.Equal(t, 1, status.Needed)
	require.Equal(t, time.Hour, status.DecideBy.Sub(status.AskedAt))
	require.Len(t, status.Holds, 2)
	require.Equal(t, "bob", status.Holds[0].Access.Account)
	require.Equal(t, "bob@example.com", status.Holds[1].Access.Account)

	shown, err := house.Starter.Current().Get(t.Context(), "bob", status.ID)
	require.NoError(t, err)
	require.Equal(t, status, shown, "and it can be looked at")
}

func TestARequestSaysInTemporalWhatItIsAndNamesNobody(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	status, err := house.Starter.Current().Start(t.Context(), ask())
	require.NoError(t, err)

	found, err := house.Client.DescribeWorkflow(t.Context(), contract.RequestWorkflowID(status.ID), "")

	require.NoError(t, err)
	require.Equal(t, contract.TaskQueue, found.TaskQueueName)
	attributes := found.TypedSearchAttributes
	state, _ := attributes.GetKeyword(contract.KeyState)
	template, _ := attributes.GetKeyword(contract.KeyTemplate)
	targets, _ := attributes.GetKeywordList(contract.KeyTarget)
	subject, _ := attributes.GetKeyword(contract.KeySubject)
	ticket, _ := attributes.GetKeyword(contract.KeyTicket)
	require.Equal(t, []any{"pending", "debug-prod", []string{"orders-db", "lightrun-prod"}, "alice", "OPS-7"},
		[]any{state, template, targets, subject, ticket})
	summary, err := found.GetStaticSummary()
	require.NoError(t, err)
	require.Equal(t, "debug-prod for 2h", summary)
	details, err := found.GetStaticDetails()
	require.NoError(t, err)
	require.Contains(t, details, "OPS-7")
	require.NotContains(t, summary+details, "checkout")
}

func TestAskingTwiceWithOneIDIsOneRequest(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	asked := ask()
	asked.ID = ulid.Make().String()
	first, err := house.Starter.Current().Start(t.Context(), asked)
	require.NoError(t, err)

	again, err := house.Starter.Current().Start(t.Context(), asked)
	require.NoError(t, err)
	require.Equal(t, first, again)

	theirs := asked
	theirs.Requester = "bob"
	_, err = house.Starter.Current().Start(t.Context(), theirs)
	problem := requireProblem(t, err, contract.KindConflict, "id")
	require.NotContains(t, problem.Error(), "alice")
}

func TestOneIDIsNotThatOfTwoRequests(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	asked := ask()
	asked.ID = ulid.Make().String()
	_, err := house.Starter.Current().Start(t.Context(), asked)
	require.NoError(t, err)
	for name, change := range map[string]func(*starter.Ask){
		"another template": func(a *starter.Ask) { a.Template = "read-logs" },
		"another subject":  func(a *starter.Ask) { a.Subject = "bob" },
		"another duration": func(a *starter.Ask) { a.Duration = hours(3) },
		"another reason":   func(a *starter.Ask) { a.Reason = "something else" },
		"another incident": func(a *starter.Ask) { a.Incident = "P2" },
		"by a test cycle":  func(a *starter.Ask) { a.Ticket, a.Zephyr = "", "OPS-R12" },
	} {
		other := asked
		change(&other)
		_, err := house.Starter.Current().Start(t.Context(), other)
		require.Contains(t, requireProblem(t, err, contract.KindConflict, "id").Fault, "asks for something else", name)
	}
}

func TestWithoutTemporalNothingIsStartedAndTryingAgainIsSafe(t *testing.T) {
	t.Parallel()
	house := startertest.Alone(t)
	require.NoError(t, house.Starter.Ready(t.Context()))
	house.Temporal.Kill()
	ctx, cancel := context.WithTimeout(t.Context(), time.Second) // instead of the starter's own patience
	defer cancel()

	_, err := house.Starter.Current().Start(ctx, ask())

	requireProblem(t, err, contract.KindUnavailable, "")
	requireProblem(t, house.Starter.Ready(ctx), contract.KindUnavailable, "")
}

func TestATemplateWhoseLastReviewerHasLeftIsRefused(t *testing.T) {
	t.Parallel()
	house := startertest.New(t)
	house.Config.Leavers = map[string]people.Person{}
	for _, reviewer := range []string{"carol", "dave"} {
		_, err := house.Starter.Current().Start(t.Context(), ask())
		require.NoError(t, err)
		person := house.Config.People[reviewer]
		person.Left = true
		house.Config.Leavers[reviewer] = person
		delete(house.Config.People, reviewer)
	}
	_, err := house.Starter.Current().Start(t.Context(), ask())
	require.Contains(t, requireProblem(t, err, contract.KindInvalid, "template").Fault, "only 0 reviewers")
}
