package config_test

import (
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap/zapcore"
	"go.yaml.in/yaml/v4"

	"curfew/activities/ticket/jira"
	"curfew/internal/config"
)

func TestSecretsAreNeverShown(t *testing.T) {
	t.Setenv("CURFEW_TEST_SECRET", canary+"-env")
	c, err := load(t, `
tickets: {jira: {url: "https://jira.example.com", deployment: datacenter, token: env:CURFEW_TEST_SECRET}}
people: {ada: {token: file:one}}
`+systems)
	require.NoError(t, err)
	tracker := c.Tickets.Tracker.Settings.(*jira.Settings)
	require.Equal(t, canary+"-env", tracker.Token.Reveal())

	settings := c.Targets["db"].Settings.(*postgresSettings)
	require.Equal(t, canary+"-two", settings.DSN.Reveal())
	type client struct{ token config.Secret } // fmt can't reach the methods of what is in here
	for name, value := range map[string]any{
		"configuration": *c, "jira": *tracker, "settings": *settings, "secret": settings.DSN, "pointer": &settings.DSN,
		"hidden": client{settings.DSN}, "map": map[string]config.Secret{"a": settings.DSN}, "list": []config.Secret{settings.DSN},
	} {
		for shown, text := range show(t, value) {
			require.NotContains(t, text, canary, "%s as %s", name, shown)
		}
	}
	require.Equal(t, "(secret)", fmt.Sprint(settings.DSN))
}

// show writes a value in every way in which programs do.
func show(t *testing.T, value any) map[string]string {
	t.Helper()
	asJSON, err := json.Marshal(value)
	require.NoError(t, err)
	asYAML, err := yaml.Marshal(value)
	require.NoError(t, err)
	var logged strings.Builder
	slog.New(slog.NewTextHandler(&logged, nil)).Info("shown", "value", value)
	slog.New(slog.NewJSONHandler(&logged, nil)).Info("shown", "value", value)
	encoded, err := zapcore.NewJSONEncoder(zapcore.EncoderConfig{}).EncodeEntry(zapcore.Entry{}, []zapcore.Field{{
		Key: "value", Type: zapcore.ReflectType, Interface: value,
	}})
	require.NoError(t, err)
	return map[string]string{
		"%v": fmt.Sprintf("%v", value), "%+v": fmt.Sprintf("%+v", value), "%#v": fmt.Sprintf("%#v", value),
		"%s": fmt.Sprintf("%s", value), "%q": fmt.Sprintf("%q", value), "%d": fmt.Sprintf("%d", value),
		"JSON": string(asJSON), "YAML": string(asYAML), "slog": logged.String(), "zap": encoded.String(),
	}
}

func TestNoSecretIsZero(t *testing.T) {
	t.Parallel()
	require.True(t, config.Secret{}.IsZero())
	require.Empty(t, config.Secret{}.Reveal())
	require.True(t, config.SecretOf("").IsZero())
	require.False(t, config.SecretOf("x").IsZero())
}
