package promises

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/pagerduty"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/starter"
	"curfew/workflows/contract"
)

const (
	shop   = "PSHOP01" // a service at PagerDuty
	pagedA = "PALICE1" // Alice there
)

// paged has a stand-in of PagerDuty, where Alice is on call, and a template for whoever is.
func paged(h *house) {
	const token = "the key of PagerDuty"
	h.pagerduty = pagerduty.New(pagerduty.Options{
		Key: token, Secrets: []string{"the secret before", hookSecret},
		RateLimit: 1 << 20, // a flood in a minute is tried too
		Users: []pagerduty.User{
			{
				ID:    pagedA,
				Name:  "Alice",
				Email: "alice@example.org",
			},
			{ID: "PCURFEW", Name: "Curfew", Email: "curfew@example.org"},
		},
		Services: []pagerduty.Service{{ID: shop, Name: "shop", Policy: "PPOLICY"}},
		Turns:    []pagerduty.Turn{{Policy: "PPOLICY", Level: 1, User: pagedA}},
	})
	server := httptest.NewServer(vendorcontract.Check(h.t, "pagerduty-rest.subset.openapi.json", h.pagerduty.Handler()))
	h.t.Cleanup(server.Close)
	require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, "pagerduty"), []byte(token), 0o600))
	h.upkeep = fmt.Sprintf(
		"incidents: {pagerduty: {url: %q, token: 'file:pagerduty', from: curfew@example.org}}",
		server.URL,
	)
	h.accounts = "pagerduty: " + pagedA
	h.templates = `
  oncall:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    ticket: none
    incident: {services: [` + shop + `], open: true, onCall: 1}
    endWith: [incident]
    automatic: [{name: on-call, condition: incident.open && incident.onCall == 1}]
`
}

// noteLines are the first lines of the incident's notes.
func (h *house) noteLines(id string) (lines []string) {
	for _, note := range h.pagerduty.Notes(id) {
		line, _, _ := strings.Cut(note.Content, "\n")
		lines = append(lines, line)
	}
	return lines
}

func TestP1WhoeverIsOnCallForAnOpenIncidentHasAccessAndTheIncidentTellsTheStory(t *testing.T) {
	t.Parallel()
	h := newHouse(t, paged)
	h.work()
	const id = "PT4KHLK"
	h.pagerduty.Trigger(
		pagerduty.Incident{ID: id, Service: shop, Title: "The checkout hangs", Assignees: []string{pagedA}},
	)
	ask := starter.Ask{
		Template:  "oncall",
		Requester: alice,
		Purpose:   contract.Purpose{Reason: "the checkout hangs", Incident: id},
		Source:    "test",
	}
	status, err := h.starter.Current().Start(t.Context(), ask)
	require.NoError(t, err)
	h.await(status.ID, contract.StateActive)
	require.True(t, h.canDebug("alice@example.org"))

	_, err = h.starter.Current().Revoke(t.Context(), alice, status.ID, "found it")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, h.ended(status.ID).Outcome)
	notes := strings.Join(h.noteLines(id), "\n")
	require.Contains(t, notes, "Access granted")
	require.Contains(t, notes, "Access was ended early by Alice (alice)")

	_, err = h.pagerduty.Resolve(id, pagedA)
	require.NoError(t, err)
	again, err := h.starter.Current().Start(t.Context(), ask)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeDenied, h.ended(again.ID).Outcome, "it is not open any more")
	h.requireNoAccess()
}

func TestP9AnIncidentThatIsNotThereStartsNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, paged)
	_, err := h.starter.Current().Start(t.Context(), starter.Ask{
		Template:  "oncall",
		Requester: alice,
		Purpose:   contract.Purpose{Reason: "the checkout hangs", Incident: "PNOTHERE"},
		Source:    "test",
	})
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, contract.KindInvalid, problem.Kind)
	require.Equal(t, "incident", problem.Field)
}
