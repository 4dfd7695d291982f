package notify_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/notify"
	"curfew/activities/notify/notifytest"
	"curfew/workflows/contract"
)

func TestFactsAreAllThatAReviewerMustHaveSeen(t *testing.T) {
	t.Parallel()
	status := notifytest.Status()
	start := time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC)
	status.StartAt, status.DecideBy, status.ReviewDue, status.ContinuousSince = &start, &start, &start, &start
	status.Reviews[0].Duration.Duration = 30 * time.Minute
	require.Equal(t, []notify.Fact{
		{Name: "State", Value: "pending"},
		{Name: "Template", Value: "debug-prod"},
		{Name: "Requester", Value: "ann"},
		{Name: "Subject", Value: "ann"},
		{Name: "Access", Value: `orders-db as ann_db: {"role":"repair"}`},
		{Name: "Access", Value: `lightrun-prod as ann@example.com: {"roles":["Standard"]}`},
		{Name: "Duration", Value: "1h"},
		{Name: "Had before, without a break since", Value: "2036-01-02 03:04:05 UTC"},
		{Name: "Begins", Value: "2036-01-02 03:04:05 UTC"},
		{Name: "Ticket", Value: "OPS-7"},
		{Name: "Incident", Value: "PABC123"},
		{Name: "Reviews", Value: "1 of 2 approvals, approve by carol for 30m at most"},
		{Name: "Decide by", Value: "2036-01-02 03:04:05 UTC"},
		{Name: "Break-glass review due", Value: "2036-01-02 03:04:05 UTC"},
	}, notify.Facts(status))
	require.Equal(t, []notify.Quote{{Name: "Reason", Text: "look at the orders"}}, notify.Quotes(status))
}

func TestAReviewerReadsEverythingThatARequestIsFor(t *testing.T) {
	t.Parallel()
	status := notifytest.Status()
	for _, field := range contract.PurposeFields() {
		*field.In(&status.Purpose) = "the " + field.Name
	}
	status.BreakGlass = true
	var read []string
	for _, fact := range notify.Facts(status) {
		read = append(read, fact.Name+": "+fact.Value)
	}
	for _, quote := range notify.Quotes(status) {
		read = append(read, quote.Name+": "+quote.Text)
	}
	for _, field := range contract.PurposeFields() {
		require.Contains(t, read, field.Label+": the "+field.Name)
	}
	require.Contains(t, read, "Break-glass: opened without approval")
}

func TestAnExtensionIsShownBesideTheRequest(t *testing.T) {
	t.Parallel()
	status := notifytest.Status()
	status.State, status.Until = contract.StateActive, status.DecideBy
	require.False(t, notify.AwaitsReview(status))
	status.Extension = &contract.Extension{
		By:       contract.ActorSignal,
		Duration: contract.Duration{Duration: time.Hour},
		Reason:   "not done",
	}
	require.True(t, notify.AwaitsReview(status))
	require.Contains(
		t,
		notify.Facts(status),
		notify.Fact{Name: "Extension", Value: "1h more, asked for by a signal from Temporal"},
	)
	require.Contains(t, notify.Quotes(status), notify.Quote{Name: "Reason for the extension", Text: "not done"})
}

func TestNoFactHidesOrReordersOrGoesOnAnotherLine(t *testing.T) {
	t.Parallel()
	for _, hostile := range notifytest.Hostile {
		status := notifytest.Status()
		status.Ticket, status.Incident, status.Template = hostile, hostile, hostile
		for _, fact := range notify.Facts(status) {
			require.NotRegexp(t, "[\n\r\t\x00\x1b\u2028\u2029\u202e]", fact.Value)
		}
	}
}
