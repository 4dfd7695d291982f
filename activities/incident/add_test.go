package incident_test

import (
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident"
	"curfew/activities/incident/pagerduty"
	"curfew/internal/config"
	"curfew/internal/sandbox"
	double "curfew/internal/sandbox/pagerduty"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/workflows/contract"
)

var noon = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

// pager is PagerDuty with the incident PT4KHLK, and the activities that tell it.
type pager struct {
	*double.Server
	sandbox.Faults
	*incident.Activities
}

func newPager(t *testing.T) *pager {
	t.Helper()
	p := &pager{Server: double.New(double.Options{
		Key: "key", Users: []double.User{{ID: "PCURFEW", Name: "Curfew", Email: "curfew@example.com"}},
		Services: []double.Service{{ID: "PSHOP01", Name: "Shop", Policy: "PPOLICY"}},
	})}
	p.Trigger(double.Incident{ID: "PT4KHLK", Title: "Orders are late", Service: "PSHOP01"})
	server := httptest.NewServer(p.Wrap(vendorcontract.Check(t, "pagerduty-rest.subset.openapi.json", p.Handler())))
	t.Cleanup(server.Close)
	system, err := pagerduty.New(
		pagerduty.Settings{URL: server.URL, Token: config.SecretOf("key"), From: "curfew@example.com"},
	)
	require.NoError(t, err)
	p.Activities = incident.New(incident.Systems{system}, page)
	return p
}

// story is a request's, as far as these events.
func input(kinds ...contract.EventKind) contract.AddNoteInput {
	in := contract.AddNoteInput{
		Incident: "PT4KHLK", Status: contract.Status{
			ID: "r1", Template: "debug-prod", Requester: "p-ada", Subject: "p-bob",
			Holds: []contract.HoldState{{GoneAt: &noon}},
		},
	}
	for i, kind := range kinds {
		in.Events = append(in.Events, contract.Event{
			Request: "r1", Seq: i + 1, Kind: kind, At: noon, Actor: "p-grace", Detail: "Until 2026-11-01 14:00:00 UTC.",
		})
	}
	return in
}

// note wants all events to be told as they are.
func (p *pager) note(t *testing.T, in contract.AddNoteInput) {
	t.Helper()
	told, err := p.AddNote(t.Context(), in)
	require.NoError(t, err)
	require.Zero(t, told)
}

func (p *pager) headlines() (lines []string) {
	for _, note := range p.Notes("PT4KHLK") {
		headline, _, _ := strings.Cut(note.Content, "\n")
		lines = append(lines, headline)
	}
	return lines
}

func TestANoteSaysWhoGotWhatUntilWhen(t *testing.T) {
	t.Parallel()
	p := newPager(t)
	p.note(t, input(contract.EventGranted))
	require.Equal(
		t,
		"Access granted\nTemplate debug-prod, subject p-bob\nUntil 2026-11-01 14:00:00 UTC.\nAt 2026-11-01 12:00:00 UTC\nhttps://curfew.example.com/requests/r1\n\ncurfew: r1/1",
		p.Notes("PT4KHLK")[0].Content,
	)
}

func TestAnIncidentIsToldWhatConcernsItsReadersInOrder(t *testing.T) {
	t.Parallel()
	p := newPager(t)
	p.note(t, input(
		contract.EventRequested,
		contract.EventReviewAsked,
		contract.EventReminded,
		contract.EventReviewed,
		contract.EventApproved,
		contract.EventBreakGlassUsed,
		contract.EventGranted,
		contract.EventExtensionAsked,
		contract.EventExtended,
		contract.EventEnding,
		contract.EventRevoking,
		contract.EventStuck,
		contract.EventTicketAbandoned,
		contract.EventRevoked,
	))
	require.Equal(t, []string{
		"Opened without approval (break-glass by p-grace)", "Access granted", "Access extended by p-grace",
		"Access could not be taken away yet; Curfew goes on trying", "Access was ended early by p-grace",
	}, p.headlines())

	p.note(t, input(contract.EventReminded))
	require.Len(t, p.headlines(), 5)
}

func TestP8AnEntryIsOnTheIncidentOnceWhateverGoesWrong(t *testing.T) {
	t.Parallel()
	p := newPager(t)
	in := input(contract.EventGranted, contract.EventExtended, contract.EventExpired)
	p.Add(sandbox.Fault{Method: "POST", Times: 1, Delay: time.Millisecond}) // the first is written
	p.Add(sandbox.Fault{Method: "POST", Times: 1, LoseReply: true})
	p.Add(sandbox.Fault{Method: "POST", Times: 1, Status: 503, RetryAfter: "7"})
	_, err := p.AddNote(t.Context(), in)
	require.Error(t, err, "the reply to the second is lost")

	_, err = p.AddNote(t.Context(), in)
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, 7*time.Second, problem.RetryAfter.Duration, "the third is put off")

	p.note(t, in)
	require.Equal(
		t,
		[]string{"Access granted", "Access extended by p-grace", "Access has ended at its deadline"},
		p.headlines(),
	)
}

func TestAnIncidentOfNoSystemIsNotFound(t *testing.T) {
	t.Parallel()
	in := input(contract.EventGranted)
	in.Incident = "INC0010023"
	for _, activities := range []*incident.Activities{newPager(t).Activities, incident.New(nil, page)} {
		_, err := activities.AddNote(t.Context(), in)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok)
		require.Equal(t, contract.KindNotFound, problem.Kind)
		require.Equal(t, "incident", problem.Field)
		require.Contains(t, problem.Fault, "INC0010023")
	}
}

func page(request string) string { return "https://curfew.example.com/requests/" + request }
