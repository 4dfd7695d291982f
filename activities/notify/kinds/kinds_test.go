package kinds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/notify/kinds"
	"curfew/internal/config"
)

func TestOneChannelThatCanNotBeOpenedKeepsNobodyFromTheOthers(t *testing.T) {
	t.Parallel()
	open, faults := kinds.Open(map[string]config.Channel{
		"chat": {
			Slack: &config.Slack{URL: "https://slack.com/api", Channel: "C012ABCDEF", Token: config.SecretOf("xoxb")},
		},
		"mail": {SMTP: &config.SMTP{Address: "mail.example.com:587", From: "curfew@example.com"}},
		"team": {Teams: &config.Teams{URL: config.SecretOf("https://example.com")}},
		"events": {
			Webhook: &config.Webhook{
				URL:     "https://events.example.com",
				Secrets: []config.Secret{config.SecretOf("short")},
			},
		},
		"none": {},
	}, "https://curfew.example.com")
	require.Len(t, open, 3)
	for name, system := range map[string]string{"chat": config.SystemSlack, "mail": config.SystemMail, "team": ""} {
		require.Equal(t, system, open[name].System())
	}
	require.Len(t, faults, 2)
	require.ErrorContains(t, faults["events"], "secrets[0]")
	require.ErrorContains(t, faults["none"], "of no kind")
}
