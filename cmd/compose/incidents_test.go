package compose

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestTheIncidentSystemsThatAreConfiguredAreOpened(t *testing.T) {
	t.Parallel()
	none, err := incidents(config.Incidents{})
	require.NoError(t, err)
	require.Empty(t, none)

	settings := config.PagerDuty{
		URL:   "https://api.pagerduty.com",
		Token: config.SecretOf("key"),
		From:  "curfew@example.com",
	}
	instance := config.ServiceNow{
		URL:      "https://example.service-now.com",
		User:     "curfew",
		Password: config.SecretOf("password"),
	}
	systems, err := incidents(config.Incidents{PagerDuty: &settings, ServiceNow: &instance})
	require.NoError(t, err)
	require.Equal(t, config.SystemPagerDuty, systems.For("PT4KHLK").Name())
	require.Equal(t, config.SystemServiceNow, systems.For("INC0010007").Name())
	require.Nil(t, systems.For("OPS-7"))

	settings.URL = "nowhere"
	_, err = incidents(config.Incidents{PagerDuty: &settings})
	problem, ok := contract.ProblemOf(err)
	require.True(t, ok)
	require.Equal(t, "incidents.pagerduty.url", problem.Field)
}
