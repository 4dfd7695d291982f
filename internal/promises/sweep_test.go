package promises

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func resultOf(t *testing.T, report contract.SweepReport, target string) contract.SweepResult {
	t.Helper()
	for _, result := range report.Targets {
		if result.Target == target {
			require.Empty(t, result.Problem)
			return result
		}
	}
	require.Failf(t, "not swept", "%s", target)
	return contract.SweepResult{}
}

// leave makes an access in Lightrun that carries Curfew's mark and that Curfew knows nothing of.
func (h *house) leave(n int) {
	h.t.Helper()
	end := time.Now().Add(time.Hour).UTC().Truncate(time.Second)
	h.makeAccess(fmt.Sprintf("curfew-%032x-%d", n, end.Unix()), "carol@example.org", end)
}

func (h *house) makeAccess(name, email string, end time.Time) {
	h.t.Helper()
	body, err := json.Marshal(map[string]any{
		"name":           name,
		"userEmails":     []string{email},
		"agentPoolIds":   []string{pool},
		"roles":          []string{"Standard"},
		"expirationDate": end.Format(time.RFC3339),
	})
	require.NoError(h.t, err)
	request, err := http.NewRequestWithContext(
		h.t.Context(),
		http.MethodPost,
		h.debuggers+"/api/v1/temp-access",
		bytes.NewReader(body),
	)
	require.NoError(h.t, err)
	request.Header.Set("Authorization", "Bearer "+h.token)
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	require.NoError(h.t, err)
	defer response.Body.Close()
	require.Equal(h.t, http.StatusCreated, response.StatusCode)
}

// removeAccess removes one by hand.
func (h *house) removeAccess(name string) error {
	for _, access := range h.lightrun.Live() {
		if access.Name != name {
			continue
		}
		request, err := http.NewRequestWithContext(
			h.t.Context(),
			http.MethodDelete,
			h.debuggers+"/api/v1/temp-access/"+access.ID,
			nil,
		)
		if err != nil {
			return err
		}
		request.Header.Set("Authorization", "Bearer "+h.token)
		response, err := http.DefaultClient.Do(request)
		if err != nil {
			return err
		}
		return response.Body.Close()
	}
	return fmt.Errorf("there is no access %q", name)
}

func TestASweepReportsOrphansAndLeavesThemAloneUnlessTold(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	h.active(alice, "debug", time.Hour)
	h.leave(1)
	h.makeAccess("by hand", "carol@example.org", time.Now().Add(time.Hour))
	for range 2 {
		report, err := h.starter.Current().Sweep(t.Context(), erin, false)
		require.NoError(t, err)
		result := resultOf(t, report, "lightrun-prod")
		require.Equal(t, 1, result.Live)
		require.Len(t, result.Orphans, 1)
		require.Zero(t, report.Removed)
	}
	require.Len(t, h.lightrun.Live(), 3)
	h.alarm(contract.AlarmOrphaned)
}

func TestADryRunRaisesNoAlarm(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("sweep: {remove: true}"))
	h.work()
	h.leave(1)
	report, err := h.starter.Current().Sweep(t.Context(), erin, true)
	require.NoError(t, err)
	require.Len(t, resultOf(t, report, "lightrun-prod").Orphans, 1)
	require.Len(t, h.lightrun.Live(), 1)
	require.Empty(t, h.alarms(""))
}

func TestASweepRemovesOnlyWhatCarriesCurfewsMarkAndNothingHoldsUp(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("sweep: {remove: true}"))
	h.work()
	h.active(alice, "debug", time.Hour)
	h.leave(1)
	h.makeAccess("by hand", "carol@example.org", time.Now().Add(time.Hour))
	report, err := h.starter.Current().Sweep(t.Context(), erin, false)
	require.NoError(t, err)
	require.Equal(t, 1, report.Removed)
	require.True(t, h.canDebug("alice@example.org"))
	require.Len(t, h.lightrun.Live(), 2)
	h.alarm(contract.AlarmRemoved)
}

func TestASweepThatFindsTooMuchRemovesNothing(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("sweep: {remove: true, maxRemovals: 2}"))
	h.work()
	for n := range 3 {
		h.leave(n)
	}
	report, err := h.starter.Current().Sweep(t.Context(), erin, false)
	require.NoError(t, err)
	require.Zero(t, report.Removed)
	require.NotEmpty(t, report.Stopped)
	require.Len(t, h.lightrun.Live(), 3)
	h.alarm(contract.AlarmSweepStopped)
}

// Whatever of the two databases is lost, the other one knows what is live.
func TestLosingADatabaseMakesNothingAnOrphan(t *testing.T) {
	t.Parallel()
	for name, lose := range map[string]func(*house, contract.Status){
		"Temporal's": func(h *house, status contract.Status) {
			for _, id := range []string{contract.RequestWorkflowID(status.ID), status.Holds[0].Access.GrantID()} {
				require.NoError(h.t, h.client.TerminateWorkflow(h.t.Context(), id, "", "as good as lost"))
			}
		},
		"the ledger": func(h *house, status contract.Status) {
			locked, err := h.ledger.Lock(h.t.Context(), status.Holds[0].Access.GrantID())
			require.NoError(h.t, err)
			defer locked.Unlock()
			holding := locked.Holding()
			holding.Open, holding.GoneAt = false, time.Now().AddDate(-1, 0, 0)
			require.NoError(h.t, locked.Save(h.t.Context(), holding))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := newHouse(t, keeps("sweep: {remove: true}"))
			h.work()
			status := h.active(alice, "debug", time.Hour)
			lose(h, status)
			report, err := h.starter.Current().Sweep(t.Context(), erin, false)
			require.NoError(t, err)
			require.Empty(t, resultOf(t, report, "lightrun-prod").Orphans)
			require.True(t, h.canDebug("alice@example.org"))
		})
	}
}

func TestSweepsAreScheduled(t *testing.T) {
	t.Parallel()
	h := newHouse(t, keeps("sweep: {every: 2h}"))
	h.work()
	require.Eventually(t, func() bool {
		described, err := h.client.ScheduleClient().GetHandle(t.Context(), contract.ScheduleSweep).Describe(t.Context())
		return err == nil && described.Schedule.Spec.Intervals[0].Every == 2*time.Hour
	}, patience, 50*time.Millisecond)
}

func TestOnlyOperatorsSweep(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	for _, person := range []string{alice, bob, dave, "nobody"} {
		_, err := h.starter.Current().Sweep(t.Context(), person, true)
		problem, ok := contract.ProblemOf(err)
		require.True(t, ok)
		require.Equal(t, contract.KindForbidden, problem.Kind)
	}
}
