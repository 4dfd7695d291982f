package jira_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ticket"
	"curfew/internal/sandbox"
	"curfew/workflows/contract"
)

const requestID = "01M85E734KNPNBX6KJ3WBZ941J"

func opening() ticket.Opening {
	return ticket.Opening{
		Request: requestID,
		Project: "SEC",
		Type:    "Task",
		Summary: "Glass broken\nfor debug-prod",
		Text:    "orders {noformat} are late",
	}
}

func TestATicketIsOpenedWithWhatItIsAbout(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		key, err := s.Open(t.Context(), opening())
		require.NoError(t, err)
		require.Equal(t, "SEC-1", key)
		opened := s.Issues("SEC")
		require.Len(t, opened, 1)
		require.Equal(t, "Glass broken for debug-prod", opened[0].Summary)
		require.Equal(t, []string{"curfew-" + strings.ToLower(requestID)}, opened[0].Labels)
		require.Equal(
			t,
			"{noformat}\norders {\u200bnoformat} are late\n{noformat}\n\ncurfew: "+requestID,
			opened[0].Text,
		)

		found, err := s.KeyOf(t.Context(), opened[0].ID)
		require.NoError(t, err)
		require.Equal(t, key, found)
		_, err = s.KeyOf(t.Context(), 404)
		requireProblem(t, err, contract.KindNotFound)
	})
}

func TestP8ATicketIsOpenedOnceForEachRequest(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		s.Add(sandbox.Fault{Method: http.MethodPost, Times: 1, LoseReply: true})
		_, err := s.Open(t.Context(), opening())
		problem := requireProblem(t, err, contract.KindUnavailable)
		require.Equal(t, 30*time.Second, problem.RetryAfter.Duration, "Jira's search is not up to date at once")
		for range 2 {
			key, err := open(t, s.settings).Open(t.Context(), opening())
			require.NoError(t, err)
			require.Equal(t, "SEC-1", key)
		}
		second := opening()
		second.Request = "01M85E734KNPNBX6KJ3WBZ941K"
		key, err := s.Open(t.Context(), second)
		require.NoError(t, err)
		require.Equal(t, "SEC-2", key)
		require.Len(t, s.Issues("SEC"), 2)
	})
}

func TestP8NobodyElseCanPutATicketInTheRequestsPlace(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		require.NoError(t, s.LabelAs(other, "OPS-7", "curfew-"+strings.ToLower(requestID)))
		key, err := s.Open(t.Context(), opening())
		require.NoError(t, err)
		require.Equal(t, "SEC-1", key)
	})
}

func TestATicketThatMayNotBeOpenedSaysWhatIsMissing(t *testing.T) {
	onBoth(t, without("CREATE_ISSUES"), func(t *testing.T, s *site) {
		_, err := s.Open(t.Context(), opening())
		problem := requireProblem(t, err, contract.KindDenied)
		require.Contains(t, problem.Fix, "Create Issues")
		require.Contains(t, problem.Fault, "You do not have permission to create issues in this project.")
	})
}

func TestATicketWhoseFieldsAreRefusedSaysWhatItNeeds(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		s.Add(sandbox.Fault{Method: http.MethodPost, Status: http.StatusBadRequest})
		_, err := s.Open(t.Context(), opening())
		require.Contains(t, requireProblem(t, err, contract.KindDenied).Fix, "Labels")
	})
}

func TestAnOpeningThatCantWorkNeverReachesJira(t *testing.T) {
	onBoth(t, nil, func(t *testing.T, s *site) {
		for field, change := range map[string]func(*ticket.Opening){
			"request": func(o *ticket.Opening) { o.Request = `x" OR project = "HR` },
			"project": func(o *ticket.Opening) { o.Project = "sec" },
			"type":    func(o *ticket.Opening) { o.Type = " " },
			"summary": func(o *ticket.Opening) { o.Summary = "\n" },
		} {
			bad := opening()
			change(&bad)
			_, err := s.Open(t.Context(), bad)
			require.Equal(t, field, requireProblem(t, err, contract.KindInvalid).Field)
		}
		require.Zero(t, s.requests.Load())
	})
}
