package promises

import (
	"crypto/sha256"
	"testing"
	"time"

	"github.com/oklog/ulid/v2"
	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/pagerduty"
	"curfew/starter"
	"curfew/workflows/contract"
)

// foreseen is the id that anybody can make of what is public about a thing.
func foreseen(t *testing.T, began time.Time, of ...string) string {
	t.Helper()
	sum := sha256.New()
	for _, part := range of {
		digest := sha256.Sum256([]byte(part))
		sum.Write(digest[:])
	}
	var id ulid.ULID
	require.NoError(t, id.SetTime(ulid.Timestamp(began)))
	require.NoError(t, id.SetEntropy(sum.Sum(nil)[:10]))
	return id.String()
}

// claims asks for a template under an id of somebody's choice.
func (d *desk) claims(person, id string, ask starter.Ask) {
	d.t.Helper()
	ask.ID, ask.Requester, ask.Reason, ask.Source = id, person, "nothing special", "api"
	_, err := d.starter.Current().Start(d.t.Context(), ask)
	require.NoError(d.t, err)
	d.await(id, contract.StatePending)
}

// createdAt is when the tracker says that a ticket was made.
func (d *desk) createdAt(ticket string) time.Time {
	d.t.Helper()
	found, err := d.tracker().History(d.t.Context(), ticket)
	require.NoError(d.t, err)
	return found.CreatedAt
}

func TestMovingATicketApprovesNothingThatTheTicketHasNotStarted(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(h *house) {
		h.templates += `
  dangerous:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    approval: {count: 1, from: [hana]}
`
	})
	// A ticket that no route fits, and one whose route gives something else.
	d.jira.AddIssue("OPS-8", "Tidy up", "Open")
	require.NoError(t, d.jira.Describe("OPS-8", jira.About{Type: "Task", Reporter: "jira-alice"}))
	d.files("OPS-9", "Access", "jira-alice")
	started := d.only(ledger.Filter{Ticket: "OPS-9"}).ID
	d.await(started, contract.StatePending)

	for ticket, template := range map[string]string{"OPS-8": "looked-at", "OPS-9": "dangerous"} {
		id := foreseen(t, d.createdAt(ticket), "jira", ticket, alice, template)
		d.claims(alice, id, starter.Ask{Template: template, Purpose: contract.Purpose{Ticket: ticket}})
		said := d.said("issues", d.moves("jira-hana", ticket, "Approved"))
		require.NotContains(t, said, id)
		require.Empty(t, d.await(id, contract.StatePending).Reviews, "%s has started no such request", ticket)
	}
	require.Equal(
		t,
		hana,
		d.await(started, contract.StateActive).Reviews[0].Reviewer,
		"what it has started is approved",
	)
}

func TestNobodyLocksAResponderOutByClaimingTheIDOfTheirRequest(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const incident = "PT4KHLK"
	page := d.pagerduty.Trigger(
		pagerduty.Incident{ID: incident, Service: shop, Title: "The checkout hangs", Assignees: []string{pagedA}},
	)
	found, err := d.incidents[0].Find(t.Context(), incident)
	require.NoError(t, err)
	id := foreseen(t, found.OpenedAt, "pagerduty", incident, alice, "oncall")
	d.claims(carol, id, starter.Ask{Template: "looked-at", Purpose: contract.Purpose{Incident: incident}})

	d.pages(page)
	status := d.only(ledger.Filter{Incident: incident, State: contract.StateActive})
	require.Equal(t, alice, status.Requester)
	require.Equal(t, "oncall", status.Template)
	require.True(t, d.canDebug("alice@example.org"))
}
