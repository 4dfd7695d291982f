package promises

import (
	"flag"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/policy"
	"curfew/starter"
	"curfew/workflows/contract"
	"curfew/workflows/replaytest"
	"curfew/workflows/request"
)

// rounds is how often the crowd decides. Each round costs the server fifty updates.
var rounds = flag.Int("rounds", 2, "how often fifty people decide at once")

const (
	crowd       = 50
	crowdYes    = 20
	crowdNo     = 10
	crowdAtOnce = "c" // how the ids of the crowd begin
)

// crowded has a template that twenty of fifty approve, and ten deny.
func crowded(h *house) {
	var people, names []string
	for n := range crowd {
		name := fmt.Sprint(crowdAtOnce, n)
		names = append(names, name)
		people = append(people, "  "+name+": {name: Somebody}")
	}
	h.people = strings.Join(people, "\n")
	h.upkeep = "groups: {crowd: [" + strings.Join(names, ", ") + "]}"
	h.templates = fmt.Sprintf(`
  crowd:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["%s"]}]
    duration: {default: 1h, max: 8h}
    approvals: [{name: crowd, groups: [crowd], approve: %d, deny: %d}]
`, pool, crowdYes, crowdNo)
}

// Fifty people review at once, some for it and some against. However their reviews come in, there is one decision, the
// rules explain it, and the ledger can make it again.
func TestP1FiftyReviewersAtOnceMakeOneDecision(t *testing.T) {
	t.Parallel()
	h := newHouse(t, crowded)
	h.work()
	for round := range *rounds {
		seed := uint64(round)
		dice := rand.New(rand.NewPCG(seed, 50))
		denials := dice.IntN(2*crowdNo + 1)
		status, err := h.starter.Current().Start(t.Context(), starter.Ask{
			Template:  "crowd",
			Requester: alice,
			Duration:  contract.Duration{Duration: time.Hour},
			Purpose:   contract.Purpose{Reason: "round", Ticket: key},
			Source:    "test",
		})
		require.NoError(t, err)
		h.decideAtOnce(status.ID, dice.Perm(crowd), denials)
		h.requireOneDecision(status.ID, denials)
		history := h.history(contract.RequestWorkflowID(status.ID))
		require.NoError(
			t,
			replaytest.Replay(contract.WorkflowRequest, request.Request, history),
			"however the reviews came in, a worker that is new goes on",
		)
	}
}

// decideAtOnce has the crowd review; the first of an order deny.
func (h *house) decideAtOnce(id string, order []int, denials int) {
	var all sync.WaitGroup
	for place, n := range order {
		all.Go(func() {
			say := starter.ReviewInput{Verdict: contract.VerdictApprove}
			if place < denials {
				say = starter.ReviewInput{Verdict: contract.VerdictDeny, Reason: "not now"}
			}
			for {
				_, err := h.starter.Current().Review(h.t.Context(), fmt.Sprint(crowdAtOnce, n), id, say)
				problem, ok := contract.ProblemOf(err)
				if ok && problem.Kind == contract.KindUnavailable {
					continue // trying again is safe, it says
				}
				if err != nil && (!ok || problem.Kind != contract.KindConflict) {
					h.t.Errorf("a review was neither taken nor too late: %v", err)
				}
				return
			}
		})
	}
	all.Wait()
}

func (h *house) requireOneDecision(id string, denials int) {
	h.t.Helper()
	status, err := h.starter.Current().Get(h.t.Context(), alice, id)
	require.NoError(h.t, err)
	decisions, err := h.starter.Current().Decisions(h.t.Context(), alice, id)
	require.NoError(h.t, err)
	var final []contract.Ruling
	for _, decision := range decisions {
		if decision.Ruling == contract.RulingReview {
			continue
		}
		final = append(final, decision.Ruling)
		explained, err := policy.Unpack(decision.Explanation)
		require.NoError(h.t, err)
		require.Equal(
			h.t,
			decision.Ruling,
			policy.Explain(explained.Facts).Decision.Ruling,
			"the ledger can make it again",
		)
		yes, no := 0, 0
		for _, review := range explained.Facts.Reviews {
			if review.Verdict == contract.VerdictApprove {
				yes++
			} else {
				no++
			}
		}
		require.Equal(
			h.t,
			decision.Ruling == contract.RulingGrant,
			yes >= crowdYes && no < crowdNo,
			"%d for it, %d against",
			yes,
			no,
		)
	}
	require.Len(h.t, final, 1, "%d were against it", denials)
	if final[0] == contract.RulingDeny {
		require.Equal(h.t, contract.OutcomeDenied, status.Outcome)
		return
	}
	require.Empty(h.t, status.Outcome, status.Why)
	_, err = h.starter.Current().Revoke(h.t.Context(), alice, id, "the next round")
	require.NoError(h.t, err)
}
