package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

// The lines of tickets and messages, and Temporal's Web UI, say how each entitlement stands: each line only when it is
// so.
func TestWhatIsSaidOfAnEntitlementIsSoAndNothingElseIsSaidWithoutIt(t *testing.T) {
	t.Parallel()
	at := time.Date(2036, 1, 2, 3, 4, 5, 0, time.UTC)
	later := at.Add(time.Minute)
	type change = func(*contract.HoldState)
	said := map[string]bool{}
	for name, tc := range map[string]struct {
		has    change
		says   string
		denied []change // each takes a fact back, or makes it another one
	}{
		"a problem": {func(h *contract.HoldState) { h.Problem = "it is down" }, "it is down", []change{
			func(h *contract.HoldState) { h.Problem = "" }, func(h *contract.HoldState) { h.Problem = "it is locked" },
		}},
		"taken over": {func(h *contract.HoldState) { h.TakenOver = &contract.TakeOver{By: "dan", Reason: "by hand"} }, "dan answers for it: by hand", []change{
			func(h *contract.HoldState) { h.TakenOver = nil }, func(h *contract.HoldState) { h.TakenOver.By = "bob" },
		}},
		"standing": {func(h *contract.HoldState) { h.Standing = true }, "was there before, and stays", []change{
			func(h *contract.HoldState) { h.Standing = false },
		}},
		"held up": {func(h *contract.HoldState) { h.HeldUntil, h.HeldBy = &at, "R2" }, "ann still has it through request R2 until 2036-01-02 03:04:05 UTC", []change{
			func(h *contract.HoldState) { h.HeldUntil = nil }, func(h *contract.HoldState) { h.HeldBy = "R3" },
			func(h *contract.HoldState) { h.HeldUntil = &later }, func(h *contract.HoldState) { h.Access.Person = "bob" },
		}},
		"removed": {func(h *contract.HoldState) { h.RemovedAt = &at }, "**can't confirm** that it is gone", []change{
			func(h *contract.HoldState) { h.RemovedAt = nil }, func(h *contract.HoldState) { h.RemovedAt = &later },
		}},
		"absent before": {func(h *contract.HoldState) { h.GoneAt, h.AlreadyAbsent = &at, true }, "not there any more when Curfew came", []change{
			func(h *contract.HoldState) { h.AlreadyAbsent = false }, func(h *contract.HoldState) { h.GoneAt = nil },
		}},
		"sessions ended": {func(h *contract.HoldState) { h.GoneAt, h.Sessions = &at, 2 }, "2 open sessions were ended", []change{
			func(h *contract.HoldState) { h.Sessions = 0 }, func(h *contract.HoldState) { h.GoneAt = nil }, func(h *contract.HoldState) { h.Sessions = 3 },
		}},
		"gone": {func(h *contract.HoldState) { h.GoneAt = &at }, "gone, seen at 2036-01-02 03:04:05 UTC", []change{
			func(h *contract.HoldState) { h.GoneAt = nil }, func(h *contract.HoldState) { h.GoneAt = &later },
		}},
		"held": {func(h *contract.HoldState) { h.Held = true }, "held", []change{func(h *contract.HoldState) { h.Held = false }}},
	} {
		hold := func(changes ...change) string {
			h := contract.HoldState{Access: contract.Access{Target: "orders-db", Person: "ann"}}
			for _, change := range changes {
				change(&h)
			}
			return held(h)
		}
		text := hold(tc.has)
		require.Contains(t, text, tc.says, name)
		for i, denied := range tc.denied {
			require.NotEqual(t, text, hold(tc.has, denied), "%s without fact %d", name, i)
		}
		said[name] = true
	}
	require.Len(t, said, len(standings), "a sentence has no row here")
}
