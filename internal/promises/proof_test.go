package promises

import (
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	enumspb "go.temporal.io/api/enums/v1"
	historypb "go.temporal.io/api/history/v1"

	"curfew/activities/kinds"
	"curfew/activities/ledger"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/internal/sandbox"
	"curfew/internal/sandbox/scim"
	"curfew/internal/testserver/postgres"
	"curfew/workflows/contract"
)

// identityCentre adds a SCIM service that lists no members of any group, with a template for its group.
func identityCentre(service *scim.Server, entitlement string) func(*house) {
	return func(h *house) {
		front := httptest.NewServer(service.Handler())
		h.t.Cleanup(front.Close)
		h.accounts = "centre: ada@example.com"
		h.targets = fmt.Sprintf("  centre: {kind: scim, url: %q, token: %q}", front.URL, "file:centre")
		h.files = map[string]string{"centre": "centre-token"}
		h.templates = fmt.Sprintf(`
  centre:
    entitlements: [{target: centre, group: %s, displayName: %s%s}]
    duration: {default: 1h, max: 8h}
    approval: {count: 1, from: [bob]}`, scim.GroupID, scim.GroupName, entitlement)
	}
}

func newCentre(filterBy string) *scim.Server {
	return scim.New(scim.Options{
		Token: "centre-token", Users: map[string]string{"u-ada": "ada@example.com", "u-bob": "bob@example.com"},
		Members: []string{"u-bob"}, FilterBy: filterBy,
	})
}

func TestP3AccessThatCouldNotBeSeenToEndIsNotGranted(t *testing.T) {
	t.Parallel()
	service := newCentre("")
	h := newHouse(t, identityCentre(service, ""))
	h.work()
	id := h.ask(alice, "centre", time.Hour).ID
	h.approve(bob, id)
	status := h.ended(id)
	require.Equal(t, contract.OutcomeFailed, status.Outcome)
	require.Contains(t, status.Why, "could not be seen to end")
	require.Contains(t, status.Why, "readBack: none")
	require.Equal(t, []string{"u-bob"}, service.Members())
}

func TestP3AccessThatOnlyAFilterShowsIsSeenToBeGone(t *testing.T) {
	t.Parallel()
	service := newCentre("members")
	h := newHouse(t, identityCentre(service, ""))
	h.work()
	id := h.active(alice, "centre", 5*time.Second).ID
	require.Equal(t, []string{"u-ada", "u-bob"}, service.Members())
	status := h.ended(id)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.NotNil(t, status.Holds[0].GoneAt)
	require.Equal(t, []string{"u-bob"}, service.Members())
}

func TestP3WhatCanNotBeSeenToBeGoneIsNotSaidToBe(t *testing.T) {
	t.Parallel()
	service := newCentre("")
	h := newHouse(t, identityCentre(service, ", readBack: none"))
	h.work()
	id := h.active(alice, "centre", 5*time.Second).ID
	require.Equal(t, []string{"u-ada", "u-bob"}, service.Members())
	status := h.ended(id)
	require.Equal(t, []string{"u-bob"}, service.Members(), "it is removed all the same")
	require.Equal(t, contract.OutcomeUnconfirmed, status.Outcome)
	require.Nil(t, status.Holds[0].GoneAt)
	require.NotNil(t, status.Holds[0].RemovedAt)

	remembered, events, err := h.ledger.Request(t.Context(), id)
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeUnconfirmed, remembered.Outcome)
	last := events[len(events)-1]
	require.Equal(t, contract.EventUnconfirmed, last.Kind)
	require.Contains(t, last.Detail, "can't confirm")
	told := h.headlines(id)
	require.Contains(t, told, "Access was removed; Curfew can't confirm that it is gone")
	require.NotContains(t, strings.Join(told, "\n"), "has ended")
}

func TestP3AccessEndsThoughItsAccountWasRenamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	id := h.active(alice, "orders", 8*time.Second).ID
	admin, renamed := h.database.server.Connect(t, postgres.Superuser, h.database.name), h.database.alice+"_married"
	for _, statement := range []string{
		fmt.Sprintf("ALTER ROLE %s RENAME TO %s", h.database.alice, renamed),
		fmt.Sprintf("ALTER ROLE %s PASSWORD '%s'", renamed, h.database.server.Password()),
	} {
		_, err := admin.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	require.True(t, h.database.can(renamed))
	status := h.ended(id)
	require.Equal(t, contract.OutcomeExpired, status.Outcome)
	require.False(t, status.Holds[0].AlreadyAbsent)
	require.False(t, h.database.can(renamed))
}

func TestAMissingRightFailsTheRequestWithTheStatementToRun(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	broker := strings.Replace(h.database.alice, "alice", "curfew", 1)
	admin := h.database.server.Connect(t, postgres.Superuser, h.database.name)
	_, err := admin.Exec(t.Context(), fmt.Sprintf("REVOKE %s FROM %s", h.database.role, broker))
	require.NoError(t, err)
	id := h.ask(alice, "orders", time.Hour).ID
	h.approve(bob, id)
	status := h.ended(id)
	require.Equal(t, contract.OutcomeFailed, status.Outcome)
	require.Contains(t, status.Why, fmt.Sprintf("GRANT %q TO %q WITH ADMIN OPTION", h.database.role, broker))
	alarms, err := h.ledger.List(t.Context(), ledger.AlarmFilter{Kind: contract.AlarmStuck})
	require.NoError(t, err)
	require.Empty(t, alarms)
}

func TestATargetThatIsDownForLongerThanTheAccessIsNamed(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.lightrunFaults.Add(sandbox.Fault{Down: true})
	id := h.ask(alice, "debug", 5*time.Second).ID
	h.approve(bob, id)
	require.Eventually(t, func() bool {
		why := h.why(id)
		require.NotContains(t, why, "later end")
		require.NotContains(t, why, "has not answered")
		return strings.Contains(why, "can't be reached")
	}, patience, 20*time.Millisecond)
}

func TestATargetThatIsDownIsNamedWhileCurfewGoesOnTrying(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.lightrunFaults.Add(sandbox.Fault{Down: true})
	id := h.ask(alice, "debug", time.Hour).ID
	h.approve(bob, id)
	require.Eventually(
		t,
		func() bool { return strings.Contains(h.why(id), "can't be reached") },
		patience,
		20*time.Millisecond,
	)
	require.False(t, h.givesBack(id), "it is shown before the grant gives up")

	h.lightrunFaults.Clear()
	h.await(id, contract.StateActive)
	require.Empty(t, h.why(id))
}

// Lightrun is known by its address alone, and the access went while that changed.
func TestP3AnAbsenceAtAnotherAddressIsSettledByAnAdmin(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	stop := h.work()
	id := h.active(alice, "debug", time.Hour).ID
	stop()
	h.moveLightrun()
	for _, access := range h.lightrun.Live() {
		require.NoError(t, h.removeAccess(access.Name))
	}
	h.work()
	require.NoError(
		t,
		h.client.SignalWorkflow(t.Context(), contract.RequestWorkflowID(id), "", contract.SignalRevoke, nil),
	)
	grant := h.awaitStuck()
	require.Contains(t, grant.Problem, "it is another system")
	require.Contains(t, grant.Problem, "`curfew stuck takeover`")

	_, err := h.starter.Current().
		TakeOver(t.Context(), frank, grant.ID, "Lightrun has a new name, and lists no such access")
	require.NoError(t, err)
	require.Equal(t, contract.OutcomeTakenOver, h.ended(id).Outcome)
}

// moveLightrun gives the stand-in another address, for the workers that start from now on.
func (h *house) moveLightrun() {
	h.t.Helper()
	moved := httptest.NewServer(h.lightrun.Handler())
	h.t.Cleanup(moved.Close)
	path := filepath.Join(h.dir, "curfew.yaml")
	text, err := os.ReadFile(path)
	require.NoError(h.t, err)
	require.NoError(h.t, os.WriteFile(path, []byte(strings.Replace(string(text), h.debuggers, moved.URL, 1)), 0o600))
	h.live, err = reload.Open(config.Source{File: path, Kinds: kinds.ForConfig()})
	require.NoError(h.t, err)
	h.config = h.live.Current()
}

// why is what a request says of itself; empty while it can't be asked.
func (h *house) why(id string) string {
	h.t.Helper()
	var status contract.Status
	value, err := h.client.QueryWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.QueryStatus)
	if err != nil || value.Get(&status) != nil {
		return ""
	}
	return status.Why
}

// givesBack is true when a hold of the request has failed.
func (h *house) givesBack(id string) bool {
	h.t.Helper()
	return slices.ContainsFunc(
		h.history(contract.RequestWorkflowID(id)).Events,
		func(event *historypb.HistoryEvent) bool {
			return event.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_FAILED ||
				event.GetEventType() == enumspb.EVENT_TYPE_ACTIVITY_TASK_TIMED_OUT
		},
	)
}
