package promises

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/starter"
	"curfew/workflows/contract"
)

func TestASecondReviewWithOtherWordsIsAnErrorAndARepeatedOneTellsHowItIsNow(t *testing.T) {
	t.Parallel()
	h := newHouse(t)
	h.work()
	says := func(id string, input starter.ReviewInput) (contract.Status, error) {
		return h.starter.Current().Review(t.Context(), bob, id, input)
	}
	approve := starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"}
	others := map[string]starter.ReviewInput{
		"another reason": {Verdict: contract.VerdictApprove, Reason: "go ahead, but tidy up"},
		"a shorter time": {
			Verdict:  contract.VerdictApprove,
			Reason:   "go ahead",
			Duration: contract.Duration{Duration: time.Minute},
		},
		"another verdict": {Verdict: contract.VerdictDeny, Reason: "go ahead"},
	}
	refused := func(id string) {
		t.Helper()
		for name, input := range others {
			_, err := says(id, input)
			problem, ok := contract.ProblemOf(err)
			require.True(t, ok, "%s: %v", name, err)
			require.Equal(t, contract.KindConflict, problem.Kind, name)
			require.Contains(t, problem.Fault, "already, with other words", name)
		}
	}
	two := h.ask(alice, "both", time.Hour).ID // two have to approve it
	h.await(two, contract.StatePending)
	first, err := says(two, approve)
	require.NoError(t, err)
	require.Equal(t, contract.StatePending, first.State)
	refused(two)
	h.approve(carol, two)
	h.await(two, contract.StateActive)
	again, err := says(two, approve)
	require.NoError(t, err)
	require.Equal(t, contract.StateActive, again.State, "and not as it was when it was said first")
	refused(two)

	extended, err := h.starter.Current().
		Extend(t.Context(), alice, two, contract.Duration{Duration: time.Minute}, "not done yet")
	require.NoError(t, err)
	require.Equal(t, contract.StateActive, extended.State)
}
