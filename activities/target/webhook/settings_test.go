package webhook_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target/webhook"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestSettingsAreCheckedBeforeUse(t *testing.T) {
	t.Parallel()
	const url = "https://access.example.com/curfew"
	one := secrets(secret)
	for name, tc := range map[string]struct {
		settings webhook.Settings
		field    string
	}{
		"no address":             {webhook.Settings{Secrets: one}, "url"},
		"no scheme":              {webhook.Settings{URL: "access.example.com/curfew", Secrets: one}, "url"},
		"no host":                {webhook.Settings{URL: "https:///curfew", Secrets: one}, "url"},
		"just a port":            {webhook.Settings{URL: "https://:8443", Secrets: one}, "url"},
		"not an address":         {webhook.Settings{URL: "https://[::1", Secrets: one}, "url"},
		"in the clear":           {webhook.Settings{URL: "http://access.example.com", Secrets: one}, "url"},
		"private, in the clear":  {webhook.Settings{URL: "http://10.0.0.1", Secrets: one}, "url"},
		"loopback, not allowed":  {webhook.Settings{URL: "http://127.0.0.1:8080", Secrets: one}, "url"},
		"the other loopback":     {webhook.Settings{URL: "http://[::1]:8080", Secrets: one, Allow: []string{"127.0.0.0/8"}}, "url"},
		"link-local, in clear":   {webhook.Settings{URL: "http://169.254.1.1", Secrets: one, Allow: []string{"169.254.0.0/16"}}, "url"},
		"another scheme":         {webhook.Settings{URL: "ftp://127.0.0.1", Secrets: one, Allow: onLoopback}, "url"},
		"a password":             {webhook.Settings{URL: "https://ann:canary@access.example.com", Secrets: one}, "url"},
		"a query":                {webhook.Settings{URL: url + "?code=canary", Secrets: one}, "url"},
		"an empty query":         {webhook.Settings{URL: url + "?", Secrets: one}, "url"},
		"a fragment":             {webhook.Settings{URL: url + "#a", Secrets: one}, "url"},
		"a long address":         {webhook.Settings{URL: url + strings.Repeat("a", 2048), Secrets: one}, "url"},
		"no secrets":             {webhook.Settings{URL: url}, "secrets"},
		"five secrets":           {webhook.Settings{URL: url, Secrets: secrets(secret, secret, secret, secret, secret)}, "secrets"},
		"an empty secret":        {webhook.Settings{URL: url, Secrets: []config.Secret{{}}}, "secrets[0]"},
		"a secret of other sort": {webhook.Settings{URL: url, Secrets: secrets(secret, strings.TrimPrefix(secret, "whsec_"))}, "secrets[1]"},
		"no base64":              {webhook.Settings{URL: url, Secrets: secrets("whsec_canary!")}, "secrets[0]"},
		"a short key":            {webhook.Settings{URL: url, Secrets: secrets(secretOf("s", 23))}, "secrets[0]"},
		"a long key":             {webhook.Settings{URL: url, Secrets: secrets(secretOf("s", 65))}, "secrets[0]"},
		"no range":               {webhook.Settings{URL: url, Secrets: one, Allow: []string{"127.0.0.1"}}, "allow[0]"},
		"all addresses":          {webhook.Settings{URL: url, Secrets: one, Allow: []string{"::1/128", "0.0.0.0/0"}}, "allow[1]"},
		"what is open anyway":    {webhook.Settings{URL: url, Secrets: one, Allow: []string{"10.0.0.0/8"}}, "allow[0]"},
		"more than link-local":   {webhook.Settings{URL: url, Secrets: one, Allow: []string{"169.254.0.0/15"}}, "allow[0]"},
		"what is never open":     {webhook.Settings{URL: url, Secrets: one, Allow: []string{"224.0.0.0/4"}}, "allow[0]"},
		"33 ranges":              {webhook.Settings{URL: url, Secrets: one, Allow: strings.Split(strings.Repeat("::1/128 ", 33), " ")[:33]}, "allow"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.settings.Validate()
			_, openErr := tc.settings.Open()
			require.Equal(t, err, openErr)
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field, problem.Error())
			require.NotEmpty(t, problem.Fix)
			require.NotContains(t, fmt.Sprintf("%v %+v %#v", err, problem, tc.settings.Secrets), "canary")
		})
	}
}

func TestSettingsThatWork(t *testing.T) {
	t.Parallel()
	for _, settings := range []webhook.Settings{
		{URL: "https://access.example.com", Secrets: secrets(secret)},
		{URL: "https://access.internal:8443/base/", Secrets: secrets(secret, otherSecret, wrongSecret, secret)},
		{URL: "http://127.0.0.1:8080/", Secrets: secrets(otherSecret), Allow: []string{"127.0.0.0/8"}},
		{URL: "http://[::1]:8080", Secrets: secrets(wrongSecret), Allow: []string{"::1/128"}},
		{URL: "http://localhost:8080", Secrets: secrets(secret), Allow: []string{"::1/128"}},
	} {
		require.NoError(t, settings.Validate(), settings.URL)
	}
}

func TestTheKindPromisesNoSecondLock(t *testing.T) {
	t.Parallel()
	kind := webhook.Kind()
	require.Equal(t, "webhook", kind.Name)
	require.IsType(t, &webhook.Settings{}, kind.Settings())
	require.False(t, kind.Limits.EnforcesExpiry)
	require.Zero(t, kind.Limits.MaxDuration)
	require.Positive(t, kind.Limits.Settles)
}
