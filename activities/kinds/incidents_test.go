package kinds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident/pagerduty"
	"curfew/activities/incident/servicenow"
	"curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestTheIncidentSystemsThatAreConfiguredAreOpened(t *testing.T) {
	t.Parallel()
	none, err := kinds.OpenIncidents(nil)
	require.NoError(t, err)
	require.Empty(t, none)

	account := pagerduty.Settings{
		URL: "https://api.pagerduty.com", Token: config.SecretOf("key"), From: "curfew@example.com",
	}
	instance := servicenow.Settings{
		URL: "https://example.service-now.com", User: "curfew", Password: config.SecretOf("password"),
	}
	configured := config.Incidents{
		"pagerduty":  {Kind: "pagerduty", Settings: &account},
		"servicenow": {Kind: "servicenow", Settings: &instance},
	}
	systems, err := kinds.OpenIncidents(configured)
	require.NoError(t, err)
	require.Equal(t, "pagerduty", systems.For("PT4KHLK").Name())
	require.Equal(t, "servicenow", systems.For("INC0010007").Name())
	require.Nil(t, systems.For("OPS-7"))

	account.URL = "nowhere"
	left, err := kinds.OpenIncidents(configured)
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, "incidents.pagerduty.url", problem.Field)
	require.Len(t, left, 1, "one that can't be opened keeps nobody from the others")
}
