package promises

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/sandbox/pagerduty"
	"curfew/workflows/contract"
)

func TestP2AccessEndsWithItsTicketAlsoWhereThatHasMovedTo(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.files("OPS-8", "Access", "jira-alice")
	id := d.only(ledger.Filter{Ticket: "OPS-8"}).ID
	d.await(id, contract.StatePending)
	d.moves("jira-hana", "OPS-8", "Approved")
	d.await(id, contract.StateActive)
	moved, err := d.jira.MoveTo("jira-hana", "OPS-8", "SEC")
	require.NoError(t, err)
	d.moves("jira-hana", moved, "Done")
	require.Equal(t, contract.OutcomeRevoked, d.ended(id).Outcome)
	require.False(t, d.canDebug("alice@example.org"))
	require.Contains(t, d.comments(moved), "Access was ended early by the end of its ticket", "its story goes on there")
}

func TestAMoveDecidesInWhateverLanguageItsStatusIsShown(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	d.jira.Translate("Approved", "Genehmigt")
	d.files("OPS-8", "Access", "jira-alice")
	id := d.only(ledger.Filter{Ticket: "OPS-8"}).ID
	d.await(id, contract.StatePending)
	d.moves("jira-hana", "OPS-8", "Approved")
	require.Equal(t, hana, d.await(id, contract.StateActive).Reviews[0].Reviewer)
}

func TestAStatusCountsInWhateverLanguageItIsShown(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(h *house) {
		h.templates = `
  careful:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"]}]
    duration: {default: 1h, max: 8h}
    ticket: {use: required, statuses: [In Progress]}
    constraints: [{name: started, message: the work has not begun, condition: 'ticket.status == "In Progress"'}]
    approval: {count: 1, from: [bob]}
`
	})
	h.jira.Translate("In Progress", "In Arbeit")
	h.work()
	h.active(alice, "careful", time.Hour)
}

func TestP2AccessStaysWhileItsIncidentGoesOnInAnother(t *testing.T) {
	t.Parallel()
	d := newDesk(t)
	const id, main = "PT4KHLK", "PMAINONE"
	d.pages(
		d.pagerduty.Trigger(
			pagerduty.Incident{ID: id, Service: shop, Title: "The checkout hangs", Assignees: []string{pagedA}},
		),
	)
	status := d.only(ledger.Filter{Incident: id})
	d.await(status.ID, contract.StateActive)
	d.pagerduty.Trigger(pagerduty.Incident{ID: main, Service: shop, Title: "Everything hangs"})
	merged, err := d.pagerduty.Merge(id, main, pagedA)
	require.NoError(t, err)
	d.pages(merged)
	require.Never(t, func() bool { return !d.canDebug("alice@example.org") }, 2*time.Second, 50*time.Millisecond)
	d.await(status.ID, contract.StateActive)

	// Once nothing goes on any more, the next look ends the access.
	_, err = d.pagerduty.Resolve(main, pagedA)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeRevoked, d.ended(status.ID).Outcome)
}

func TestAnIncidentThatBecomesUrgentGivesItsRespondersAccess(t *testing.T) {
	t.Parallel()
	d := newDesk(t, func(h *house) {
		h.upkeep = strings.Replace(
			h.upkeep,
			"{template: oncall, service: "+shop+"}",
			"{template: oncall, service: "+shop+", priority: P1}",
			1,
		)
	})
	const id = "PT4KHLK"
	d.pages(
		d.pagerduty.Trigger(
			pagerduty.Incident{
				ID:        id,
				Service:   shop,
				Title:     "The checkout hangs",
				Priority:  "P4",
				Assignees: []string{pagedA},
			},
		),
	)
	raised, err := d.pagerduty.Prioritize(id, pagedA, "P1")
	require.NoError(t, err)
	d.pages(raised)
	d.await(d.only(ledger.Filter{Incident: id}).ID, contract.StateActive)
}
