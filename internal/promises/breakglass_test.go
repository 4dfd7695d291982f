package promises

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/converter"

	"curfew/starter"
	"curfew/workflows/contract"
)

// ruled has a template with a start that can be scheduled, glass that can be broken, and an end with the ticket.
func ruled(h *house) {
	h.upkeep = "groups: {ops: [bob, carol], oncall: [alice, bob]}"
	h.templates = `
  ruled:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    startWithin: 24h
    endWith: [ticket]
    approvals: [{name: ops, groups: [ops]}]
    breakGlass: {groups: [oncall], maxDuration: 30m, reviewWithin: 1h, ticket: {project: OPS, type: Task}}
`
}

func (h *house) asks(ask starter.Ask) string {
	h.t.Helper()
	ask.Template, ask.Requester, ask.Reason, ask.Source = "ruled", alice, "orders are late", "test"
	status, err := h.starter.Current().Start(h.t.Context(), ask)
	require.NoError(h.t, err)
	return status.ID
}

func TestP1AScheduledRequestGivesNothingBeforeItsStart(t *testing.T) {
	t.Parallel()
	h := newHouse(t, ruled)
	h.work()
	start := time.Now().Add(10 * time.Second) // long enough to be approved before, on a busy machine too
	id := h.asks(starter.Ask{StartAt: start, Purpose: contract.Purpose{Ticket: key}})
	h.approve(bob, id)
	h.await(id, contract.StateScheduled)
	h.requireNoAccess()
	status := h.await(id, contract.StateActive)
	require.True(t, h.canDebug("alice@example.org"))
	require.False(t, status.GrantedAt.Before(start.Truncate(time.Second)))
	decisions, err := h.starter.Current().Decisions(t.Context(), alice, id)
	require.NoError(t, err)
	require.Equal(t, contract.RulingGrant, decisions[len(decisions)-1].Ruling)
	require.False(
		t,
		decisions[len(decisions)-1].At.Before(start.Truncate(time.Second)),
		"it was decided again when it came due",
	)
	h.revoke(id)
	h.requireNoAccess()
}

func TestP6BreakGlassAccessIsReviewedByASecondPerson(t *testing.T) {
	t.Parallel()
	h := newHouse(t, ruled)
	h.work()
	id := h.asks(starter.Ask{BreakGlass: true})
	status := h.await(id, contract.StateActive)
	require.True(t, h.canDebug("alice@example.org"))
	require.LessOrEqual(
		t,
		status.Until.Sub(*status.GrantedAt),
		30*time.Minute+time.Second,
		"glass opens for a short while only",
	)

	sign := starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "it was needed"}
	_, err := h.starter.Current().Review(t.Context(), alice, id, sign)
	require.Error(t, err, "nobody signs their own")
	_, err = h.starter.Current().Review(t.Context(), dave, id, sign)
	require.Error(t, err, "a stranger signs nothing")
	require.ErrorContains(t, h.updateReview(id, carol), "no seal", "P7: nobody signs in another's name")
	require.Contains(t, h.alarm(contract.AlarmForged).Requests, id)

	_, err = h.starter.Current().Revoke(t.Context(), alice, id, "done")
	require.NoError(t, err)
	require.True(t, h.await(id, contract.StateEnded).NeedsPostReview(), "it stays open")
	h.requireNoAccess()
	_, err = h.starter.Current().Review(t.Context(), carol, id, sign)
	require.NoError(t, err)
	ended := h.ended(id)
	require.Equal(t, carol, ended.PostReview.Reviewer)
	require.NotEmpty(t, ended.Ticket, "a ticket was opened, because there was none")
	described, err := h.client.DescribeWorkflowExecution(t.Context(), contract.RequestWorkflowID(id), "")
	require.NoError(t, err)
	var found string
	require.NoError(t, converter.GetDefaultDataConverter().FromPayload(
		described.GetWorkflowExecutionInfo().GetSearchAttributes().GetIndexedFields()[contract.KeyTicket.GetName()], &found),
	)
	require.Equal(t, ended.Ticket, found, "the request is found by it in Temporal")
	var told []string
	for _, comment := range h.jira.Comments(ended.Ticket) {
		line, _, _ := strings.Cut(comment.Body, "\n")
		told = append(told, strings.ReplaceAll(strings.Trim(line, "*"), `\`, ""))
	}
	require.Equal(t, []string{
		"Access requested by Alice (alice)",
		"Opened without approval (break-glass by Alice (alice))",
		"Opening without approval (break-glass by Alice (alice))",
		"Access granted",
		"Access is being ended by Alice (alice)",
		"Access was ended early by Alice (alice)",
		"Break-glass access reviewed by Carol (carol): it was in order",
	}, told)
}

func TestP2AccessEndsWhenItsTicketIsClosed(t *testing.T) {
	t.Parallel()
	h := newHouse(t, ruled)
	h.work()
	id := h.asks(starter.Ask{Purpose: contract.Purpose{Ticket: key}})
	require.NoError(t, h.jira.Transition(key, "Done"))
	h.approve(bob, id)
	ended := h.ended(id)
	require.Equal(t, contract.OutcomeRevoked, ended.Outcome)
	h.requireNoAccess()
	require.Contains(t, h.headlines(id), "Access was ended early by the end of its ticket")
}

func TestWhoeverUsesBreakGlassAccessAgainIsSeenByReviewersAndOperators(t *testing.T) {
	t.Parallel()
	h := newHouse(t, ruled)
	h.work()
	first := h.asks(starter.Ask{BreakGlass: true})
	h.await(first, contract.StateActive)
	_, err := h.starter.Current().Revoke(t.Context(), alice, first, "done")
	require.NoError(t, err)
	require.True(t, h.await(first, contract.StateEnded).NeedsPostReview())
	again := h.asks(starter.Ask{BreakGlass: true})
	status := h.await(again, contract.StateActive)
	require.NotNil(t, status.ContinuousSince, "a pause of seconds is no break")
	_, events, err := h.ledger.Request(t.Context(), again)
	require.NoError(t, err)
	var used, approved string
	for _, event := range events {
		if event.Kind == contract.EventBreakGlassUsed {
			used = event.Detail
		}
		if event.Kind == contract.EventApproved {
			approved = event.Detail
		}
	}
	require.Contains(
		t,
		used,
		"It is used again: nobody has reviewed "+first+" yet.",
		"those who were skipped are notified of this event",
	)
	require.Contains(t, approved, "without a break, since ")
	require.Equal(t, []string{again, first}, h.alarm(contract.AlarmBreakGlassAgain).Requests)
	for _, id := range []string{first, again} {
		_, err = h.starter.Current().Review(
			t.Context(),
			carol,
			id,
			starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "it was needed"},
		)
		require.NoError(t, err)
	}
	_, err = h.starter.Current().Revoke(t.Context(), alice, again, "done")
	require.NoError(t, err)
	h.ended(again)
}
