package promises

import (
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter"
	"curfew/workflows/contract"
)

func TestWithoutAWorkerWhoeverReviewsLearnsWhatIsMissing(t *testing.T) {
	t.Parallel()
	h := newHouse(t) // nobody works
	id := h.ask(alice, "debug", time.Hour).ID
	_, err := h.starter.Current().Review(
		t.Context(),
		bob,
		id,
		starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"},
	)
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, err)
	require.Equal(t, contract.KindUnavailable, problem.Kind, problem.Error())
	require.Contains(t, problem.Fault, "no worker is at work")
	require.Contains(t, problem.Fix, "curfew worker")
}

// Extensions are asked for all around the deadline, so that some come between it and the end.
func TestAnExtensionThatComesTooLateIsToldSo(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	const lasts = 4 * time.Second
	status := h.active(alice, "both", lasts)
	var (
		asked   sync.WaitGroup
		mu      sync.Mutex
		refused []*contract.Problem
	)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for h.query(status.ID).State != contract.StateEnded {
		<-tick.C
		if time.Until(*status.Until) > 300*time.Millisecond {
			continue
		}
		asked.Go(func() { // more than the template allows, so that no end moves
			_, err := h.starter.Current().ExtendOnce(
				t.Context(),
				alice,
				status.ID,
				contract.Duration{Duration: 8 * time.Hour},
				"not done yet",
				"",
			)
			problem, ok := contract.ProblemOf(err)
			if !ok {
				problem = contract.Internal("%v", err)
			}
			mu.Lock()
			defer mu.Unlock()
			refused = append(refused, problem)
		})
	}
	asked.Wait()
	require.NotEmpty(t, refused)
	for _, problem := range refused {
		require.Contains(t, []contract.Kind{contract.KindConflict, contract.KindInvalid}, problem.Kind, problem.Error())
		require.NotEmpty(t, problem.Fix, problem.Error())
		require.NotContains(t, problem.Fault, "only active access")
	}
	require.Equal(t, contract.OutcomeExpired, h.ended(status.ID).Outcome)
}

func (h *house) query(id string) (status contract.Status) {
	h.t.Helper()
	value, err := h.client.QueryWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.QueryStatus)
	require.NoError(h.t, err)
	require.NoError(h.t, value.Get(&status))
	return status
}
