package promises

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/sandbox"
	"curfew/starter"
	"curfew/workflows/contract"
)

var wholeStory = []string{
	"Access requested by Alice (alice)",
	"Access approved by Bob (bob)",
	"Access granted",
	"Access has ended at its deadline",
}

func TestP8ATicketThatIsDownDelaysNothingAndLosesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(alice, "debug", 2*time.Second).ID
	h.jiraFaults.Add(sandbox.Fault{Method: "POST", Status: 503, RetryAfter: "1"})
	h.approve(bob, id)
	status := h.await(id, contract.StateEnded)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.False(t, h.canDebug("alice@example.org"))
	h.jiraFaults.Clear()
	h.ended(id)
	require.Equal(t, wholeStory, h.headlines(id))
}

func TestP8ACommentWhoseReplyIsLostIsWrittenOnce(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	for range wholeStory {
		h.jiraFaults.Add(
			sandbox.Fault{Method: "POST", Path: "/rest/api/2/issue/" + key + "/comment", Times: 1, LoseReply: true},
		)
	}
	id := h.active(alice, "debug", 2*time.Second).ID
	h.ended(id)
	require.Equal(t, wholeStory, h.headlines(id))
}

// deafLedger takes no approval until it is told to.
type deafLedger struct {
	ledger.Events
	hears chan struct{}
}

func (d deafLedger) Append(ctx context.Context, events []contract.Event, status contract.Status) error {
	approval := func(event contract.Event) bool { return event.Kind == contract.EventApproved }
	select {
	case <-d.hears:
	default:
		if slices.ContainsFunc(events, approval) {
			return errors.New("the disk is full")
		}
	}
	return d.Events.Append(ctx, events, status)
}

func TestP8NothingIsGrantedThatTheLedgerDoesNotKnow(t *testing.T) {
	t.Parallel()
	for template, reviewers := range map[string][]string{"debug": {bob}, "both": {bob, carol}} {
		t.Run(template, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t)
			hears := make(chan struct{})
			h.workWith(deafLedger{h.ledger, hears})
			id := h.ask(alice, template, time.Hour).ID
			var status contract.Status
			for _, reviewer := range reviewers {
				status = h.approve(reviewer, id)
			}
			require.Equal(t, contract.StateGranting, status.State)
			require.Never(t, func() bool { return h.canDebug("alice@example.org") }, 2*time.Second, 50*time.Millisecond)
			close(hears)
			h.await(id, contract.StateActive)
			require.True(t, h.canDebug("alice@example.org"))
		})
	}
}

func TestP8TheLedgerHasEveryEventInOrder(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "both", 2*time.Second).ID
	ended := h.ended(id)
	status, events, err := h.ledger.Request(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, ended.Outcome, status.Outcome)
	var kinds []contract.EventKind
	for i, event := range events {
		require.Equal(t, i+1, event.Seq)
		kinds = append(kinds, event.Kind)
	}
	require.Equal(t, []contract.EventKind{
		contract.EventRequested,
		contract.EventReviewed,
		contract.EventApproved,
		contract.EventGranted,
		contract.EventExpired,
	}, kinds)
}

func TestP6NobodyApprovesTheirOwnRequest(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.ask(carol, "debug", time.Hour).ID // carol is a reviewer of this template
	_, err := h.starter.Current().Review(
		t.Context(),
		carol,
		id,
		starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "trust me"},
	)
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, contract.KindForbidden, problem.Kind)

	// Nor past the API, straight to the workflow.
	require.Error(t, h.updateReview(id, carol))
	require.Error(t, h.updateReview(id, dave), "nor a stranger")
	status := h.await(id, contract.StatePending)
	require.Empty(t, status.Reviews)
	require.False(t, h.canDebug("carol@example.org"))
}
