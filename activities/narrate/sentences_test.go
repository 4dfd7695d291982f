package narrate_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/activities/story/storytest"
	"curfew/workflows/contract"
)

func TestNoTicketIncidentOrMessageSaysWhatIsNotSo(t *testing.T) {
	t.Parallel()
	for name, open := range map[string]func(*testing.T) writing{
		"Jira": onTicket, "PagerDuty": onPagerDuty, "ServiceNow": onServiceNow, "Slack": onSlack, "Teams": onTeams, "a webhook": onWebhook,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			storytest.Walk(t, story.Events, storytest.Place{Show: func(t *testing.T, c story.Case) string {
				t.Helper()
				place := open(t)
				_, err := place.attempt(t.Context(), said{[]contract.Event{c.Event}, c.Status})
				require.NoError(t, err)
				return strings.Join(place.written(), "\n")
			}})
		})
	}
}
