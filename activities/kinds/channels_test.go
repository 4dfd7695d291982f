package kinds_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/kinds"
	"curfew/activities/notify/slack"
	"curfew/activities/notify/smtp"
	"curfew/activities/notify/teams"
	"curfew/activities/notify/webhook"
	"curfew/internal/config"
)

func TestOneChannelThatCanNotBeOpenedKeepsNobodyFromTheOthers(t *testing.T) {
	t.Parallel()
	open, faults := kinds.OpenChannels(map[string]config.System{
		"chat": {Kind: "slack", Settings: &slack.Settings{
			URL: "https://slack.com/api", Channel: "C012ABCDEF", Token: config.SecretOf("xoxb"),
		}},
		"mail": {Kind: "smtp", Settings: &smtp.Settings{Address: "mail.example.com:587", From: "curfew@example.com"}},
		"team": {Kind: "teams", Settings: &teams.Settings{URL: config.SecretOf("https://example.com")}},
		"events": {Kind: "webhook", Settings: &webhook.Settings{
			URL: "https://events.example.com", Secrets: []config.Secret{config.SecretOf("short")},
		}},
		"none": {},
	}, "https://curfew.example.com")
	require.Len(t, open, 3)
	for name, system := range map[string]string{"chat": "slack", "mail": "mail", "team": ""} {
		require.Equal(t, system, open[name].System())
	}
	require.Len(t, faults, 2)
	require.ErrorContains(t, faults["events"], "secrets[0]")
	require.ErrorContains(t, faults["none"], "are not those of")
}
