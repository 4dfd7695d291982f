package request

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/workflows/contract"
)

func TestAccessEndsWithItsTicketWhereTheTemplateSaysSo(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct {
		ends    bool
		outcome contract.Outcome
		lasts   time.Duration
	}{
		"it ends":  {true, contract.OutcomeRevoked, 20 * time.Minute},
		"it stays": {false, contract.OutcomeExpired, time.Hour + afterTheEnd},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, &world{
				asks:       func(request *contract.Request) { request.Terms.EndWithTicket = tc.ends },
				groundless: start.Add(20 * time.Minute),
			})
			w.at(0, func() { w.review("bob", contract.VerdictApprove) })
			status := w.run(t)
			require.Equal(t, tc.outcome, status.Outcome)
			require.WithinDuration(t, start.Add(tc.lasts), *status.EndedAt, shortestEvidenceInterval)
		})
	}
}

func TestAccessEndsWithTheTicketThatWasOpenedForIt(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{
		asks: func(request *contract.Request) {
			request.Ticket, request.Terms.EndWithTicket = "", true
			request.Terms.Rules.Ticket.Open = contract.TicketPlace{Project: "OPS", Type: "Task"}
		},
		groundless: start.Add(20 * time.Minute),
	})
	w.at(0, func() { w.review("bob", contract.VerdictApprove) })
	status := w.run(t)
	require.Equal(t, contract.OutcomeRevoked, status.Outcome)
	require.WithinDuration(t, start.Add(20*time.Minute), *status.EndedAt, shortestEvidenceInterval)
}

func TestLongAccessIsLookedAtMoreSeldomSoThatItsHistoryStaysShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t, &world{asks: func(request *contract.Request) {
		request.Terms.EndWithTicket = true
		request.Duration, request.Terms.MaxDuration = lasting(14*24*time.Hour), lasting(14*24*time.Hour)
	}})
	w.at(0, func() { w.review("bob", contract.VerdictApprove) })
	require.Equal(t, contract.OutcomeExpired, w.run(t).Outcome)
	require.LessOrEqual(t, w.looks, evidenceChecks+1)
}
