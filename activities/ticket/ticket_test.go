package ticket_test

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/ticket"
	"curfew/activities/ticket/jira"
	"curfew/activities/ticket/zephyr"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	jirasandbox "curfew/internal/sandbox/jira"
	zephyrsandbox "curfew/internal/sandbox/zephyr"
	"curfew/workflows/contract"
)

// site is a Jira with the ticket OPS-7, a Zephyr with the test cycle OPS-R12 beside it, and the activities on both.
type site struct {
	*ticket.Activities
	tracker *jirasandbox.Server
	tests   *zephyrsandbox.Server
	zephyr  *sandbox.Faults
}

func newSite(t *testing.T) *site {
	t.Helper()
	const token = "secret"
	s := &site{
		tracker: jirasandbox.New(jirasandbox.Options{
			Deployment: jirasandbox.DataCenter,
			Accounts:   []jirasandbox.Account{{ID: "curfew", Name: "curfew", Token: token}},
		}),
		tests: zephyrsandbox.New(token), zephyr: &sandbox.Faults{},
	}
	s.tracker.AddIssue("OPS-7", "Orders are late", "In Progress")
	s.tests.AddCycle("OPS-R12", s.tracker.Issues("OPS")[0].ID)
	serve := func(handler http.Handler) string {
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		return server.URL
	}
	system, err := jira.New(jira.Settings{
		URL: serve(s.tracker.Handler()), Deployment: jira.DataCenter, Token: config.SecretOf(token),
	})
	require.NoError(t, err)
	references, err := zephyr.New(zephyr.Settings{
		URL: serve(s.zephyr.Wrap(s.tests.Handler())) + zephyrsandbox.Base, Token: config.SecretOf(token),
	}, system)
	require.NoError(t, err)
	s.Activities = ticket.New(ticket.Options{
		System:     system,
		References: references,
		Page:       func(id string) string { return "https://curfew.example.com/requests/" + id },
	})
	return s
}

// comment wants all events to be written as they are.
func (s *site) comment(t *testing.T, in contract.CommentInput) {
	t.Helper()
	written, err := s.Comment(t.Context(), in)
	require.NoError(t, err)
	require.Zero(t, written)
}

func status() contract.Status {
	return contract.Status{
		ID: "R1", State: contract.StatePending, Template: "debug-prod", Requester: "p-ada", Subject: "p-ada",
		Purpose: contract.Purpose{Reason: "orders are late", Ticket: "OPS-7", Zephyr: "OPS-R12"},
	}
}

func event(seq int, kind contract.EventKind) contract.Event {
	return contract.Event{Request: "R1", Seq: seq, Kind: kind, Actor: "p-ada"}
}

func TestTheBeginningOfAStoryIsLinkedFromWhatStandsForTheTicket(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	first := contract.CommentInput{
		Ticket: "OPS-7",
		Status: status(),
		Events: []contract.Event{event(1, contract.EventRequested)},
	}
	s.zephyr.Add(sandbox.Fault{Method: http.MethodPost, Times: 1, LoseReply: true})
	_, err := s.Comment(t.Context(), first)
	require.Error(t, err)
	s.comment(t, first)
	require.Len(t, s.tracker.Comments("OPS-7"), 1)
	links := s.tests.WebLinks("OPS-R12")
	require.Len(t, links, 1)
	require.Equal(t, "https://curfew.example.com/requests/R1", links[0].URL)

	s.zephyr.Add(sandbox.Fault{Down: true})
	later := contract.CommentInput{
		Ticket: "OPS-7",
		Status: status(),
		Events: []contract.Event{event(2, contract.EventApproved)},
	}
	s.comment(t, later) // the rest of the story does not wait for Zephyr
	require.Len(t, s.tracker.Comments("OPS-7"), 2)
}

func TestATicketThatWasNamedItselfIsLinkedFromNowhereElse(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	s.zephyr.Add(sandbox.Fault{Down: true})
	in := contract.CommentInput{
		Ticket: "OPS-7",
		Status: status(),
		Events: []contract.Event{event(1, contract.EventRequested)},
	}
	in.Status.Zephyr = ""
	s.comment(t, in)
	require.Empty(t, s.tests.WebLinks("OPS-R12"))
}

func TestATicketIsOpenedForTheRequestAndItsStoryIsToldThere(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	in := contract.OpenTicketInput{Project: "SEC", Type: "Task", Status: status()}
	in.Status.BreakGlass = true
	for range 2 {
		opened, err := s.Open(t.Context(), in)
		require.NoError(t, err)
		require.Equal(t, "SEC-1", opened.Ticket)
	}
	issue := s.tracker.Issues("SEC")[0]
	require.Equal(t, "Curfew debug-prod: break-glass access requested by p-ada", issue.Summary)
	require.Contains(t, issue.Text, "orders are late")
	s.comment(t, contract.CommentInput{
		Ticket: "SEC-1", Status: status(), Events: []contract.Event{event(2, contract.EventBreakGlassUsed)},
	})
	require.Len(t, s.tracker.Comments("SEC-1"), 1)
}

func TestATicketSaysWhetherItsAccessIsBreakGlassAccess(t *testing.T) {
	t.Parallel()
	s := newSite(t)
	_, err := s.Open(t.Context(), contract.OpenTicketInput{Project: "SEC", Type: "Task", Status: status()})
	require.NoError(t, err)
	require.Equal(t, "Curfew debug-prod: access requested by p-ada", s.tracker.Issues("SEC")[0].Summary)
}

func TestWithoutATrackerNothingIsToldOrOpenedAndThatIsFinal(t *testing.T) {
	t.Parallel()
	none := ticket.New(ticket.Options{})
	_, err := none.Open(t.Context(), contract.OpenTicketInput{Project: "SEC", Type: "Task", Status: status()})
	_, alsoErr := none.Comment(t.Context(), contract.CommentInput{Ticket: "OPS-7", Status: status()})
	for _, err := range []error{err, alsoErr} {
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok)
		require.Contains(t, contract.Final, string(problem.Kind))
	}
}
