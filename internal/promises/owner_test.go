package promises

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// owned is a role that owns a table and that Curfew may give, and two templates on it: one knows, one does not.
func owned(h *house) {
	d := h.database
	admin := d.server.Connect(h.t, postgres.Superuser, d.name)
	for _, statement := range []string{
		fmt.Sprintf("CREATE ROLE %s", d.owner()),
		fmt.Sprintf("CREATE TABLE %s (id int)", d.ownedTable()),
		fmt.Sprintf("ALTER TABLE %s OWNER TO %s", d.ownedTable(), d.owner()),
		fmt.Sprintf("GRANT %s TO %s WITH ADMIN OPTION", d.owner(), d.broker),
	} {
		_, err := admin.Exec(h.t.Context(), statement)
		require.NoError(h.t, err, statement)
	}
	known := ""
	if h.ownerIsKnown {
		known = ", ownsObjects: true"
	}
	h.templates = fmt.Sprintf(`
  owner:
    entitlements: [{target: orders-db, role: %s%s}]
    duration: {default: 1h, max: 8h}
    approval: {count: 1, from: [bob]}
`, d.owner(), known)
}

func (d *database) owner() string      { return "owner_" + d.role }
func (d *database) ownedTable() string { return "owned_" + d.table }

func TestP2ARoleThatOwnsObjectsIsNotGiven(t *testing.T) {
	t.Parallel()
	h := newHouse(t, owned)
	h.work()
	id := h.ask(alice, "owner", time.Hour).ID
	h.approve(bob, id)
	ended := h.ended(id)
	require.Equal(t, contract.OutcomeFailed, ended.Outcome)
	require.Contains(t, ended.Why, "owns 1 objects")
}

func TestP3WhatTheSubjectGaveOnIsReportedWhenTheAccessEnds(t *testing.T) {
	t.Parallel()
	h := newHouse(t, func(h *house) { h.ownerIsKnown = true }, owned)
	h.work()
	status := h.active(alice, "owner", 10*time.Second)
	subject := h.database.server.Connect(t, h.database.alice, h.database.name)
	_, err := subject.Exec(
		t.Context(),
		fmt.Sprintf("GRANT UPDATE ON %s TO %s", h.database.ownedTable(), h.database.alice),
	)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
	alarm := h.alarm(contract.AlarmGivenOn)
	require.Equal(t, []string{status.ID}, alarm.Requests)
	require.Contains(t, alarm.Text, "UPDATE on table")
	require.Contains(t, alarm.Text, h.database.alice)
}
