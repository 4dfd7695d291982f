package lightrun_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/lightrun"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestEntitlementsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"agentPoolIds":["b","a"," b "]}`:                                `{"agentPoolIds":["a","b"],"roles":["Standard"]}`,
		` { "roles" : ["Privileged","Privileged"], "agentPoolIds":["a"]}`: `{"agentPoolIds":["a"],"roles":["Privileged"]}`,
		`{"agentPoolIds":["a"],"roles":["Standard"]}`:                     `{"agentPoolIds":["a"],"roles":["Standard"]}`,
		pools(20): pools(20),
	} {
		got, err := lightrun.Kind().Normalize(json.RawMessage(text))
		require.NoError(t, err, text)
		if text != want {
			require.Equal(t, want, string(got))
		}
		again, err := lightrun.Kind().Normalize(got)
		require.NoError(t, err)
		require.Equal(t, string(got), string(again))
	}
}

func TestWrongEntitlementsAreExplained(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, field, part string }{
		"no object":          {`["a"]`, "", "not a set of keys"},
		"no JSON":            {`{`, "", "not a set of keys"},
		"nothing":            {``, "", "not a set of keys"},
		"unknown key":        {`{"agentPoolIds":["a"],"pools":["b"]}`, "pools", "agentPoolIds, roles"},
		"other case":         {`{"AgentPoolIds":["a"]}`, "AgentPoolIds", "unknown"},
		"no pools":           {`{"roles":["Standard"]}`, "agentPoolIds", "missing"},
		"empty pools":        {`{"agentPoolIds":[]}`, "agentPoolIds", "is empty"},
		"one pool as text":   {`{"agentPoolIds":"a"}`, "agentPoolIds", "is a string"},
		"number":             {`{"agentPoolIds":[1]}`, "agentPoolIds", "is a number"},
		"blank":              {`{"agentPoolIds":["a"," "]}`, "agentPoolIds", "entry 2 is empty"},
		"too long":           {`{"agentPoolIds":["` + strings.Repeat("a", 129) + `"]}`, "agentPoolIds", "too long"},
		"control characters": {`{"agentPoolIds":["a\u0000b"]}`, "agentPoolIds", "control"},
		"21 pools":           {pools(21), "agentPoolIds", "21 different"},
		"no roles":           {`{"agentPoolIds":["a"],"roles":[]}`, "roles", "is empty"},
		"null pools":         {`{"agentPoolIds":null}`, "agentPoolIds", "is empty"},
		"too large":          {`{"agentPoolIds":["` + strings.Repeat("a", 20_000) + `"]}`, "", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := lightrun.Kind().Normalize(json.RawMessage(tc.text))
			problem := requireProblem(t, err, contract.KindInvalid, tc.part)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestAGroupHasOneSpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"groupId":"` + crew + `"}`:                     `{"groupId":"` + crew + `"}`,
		`{"groupId":" ` + strings.ToUpper(crew) + `\n"}`: `{"groupId":"` + crew + `"}`,
	} {
		got, err := lightrun.GroupKind().Normalize(json.RawMessage(text))
		require.NoError(t, err, text)
		require.Equal(t, want, string(got))
	}
	for name, tc := range map[string]struct{ text, field, part string }{
		"no object":    {`"` + crew + `"`, "", "not a set of keys"},
		"nothing":      {`{}`, "groupId", "missing"},
		"null":         {`{"groupId":null}`, "groupId", "not the id"},
		"empty":        {`{"groupId":""}`, "groupId", "not the id"},
		"name":         {`{"groupId":"crew"}`, "groupId", "not its name"},
		"number":       {`{"groupId":7}`, "groupId", "number"},
		"path":         {`{"groupId":"../users/ann"}`, "groupId", "not the id"},
		"other form":   {`{"groupId":"{` + crew + `}"}`, "groupId", "not the id"},
		"without dash": {`{"groupId":"` + strings.ReplaceAll(crew, "-", "") + `"}`, "groupId", "not the id"},
		"unknown key":  {`{"groupId":"` + crew + `","groupAdmin":true}`, "groupAdmin", "unknown"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := lightrun.GroupKind().Normalize(json.RawMessage(tc.text))
			problem := requireProblem(t, err, contract.KindInvalid, tc.part)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestTheKindsDescribeTheirEntitlements(t *testing.T) {
	t.Parallel()
	require.Equal(t, []target.Field{
		{Name: "agentPoolIds", Type: "list", Meaning: "1 to 20 ids of agent pools"},
		{Name: "roles", Type: "list", Meaning: "1 to 10 roles on them; Standard when left out", Optional: true},
	}, target.FieldsOf(lightrun.Kind().Entitlement))
	require.Equal(t, []target.Field{
		{Name: "groupId", Type: "text", Meaning: "the id of a group, like " + crew},
	}, target.FieldsOf(lightrun.GroupKind().Entitlement))
}

func pools(n int) string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("%q", fmt.Sprintf("pool-%02d", i))
	}
	return `{"agentPoolIds":[` + strings.Join(ids, ",") + `]}`
}

func TestSettingsAreCheckedBeforeUse(t *testing.T) {
	t.Parallel()
	key := config.SecretOf(token)
	for name, tc := range map[string]struct {
		settings lightrun.Settings
		field    string
	}{
		"no address":          {lightrun.Settings{Token: key}, "url"},
		"no scheme":           {lightrun.Settings{URL: "app.lightrun.com", Token: key}, "url"},
		"in the clear":        {lightrun.Settings{URL: "http://app.lightrun.com", Token: key}, "url"},
		"other scheme":        {lightrun.Settings{URL: "ftp://127.0.0.1", Token: key}, "url"},
		"password in address": {lightrun.Settings{URL: "https://ann:" + token + "@app.lightrun.com", Token: key}, "url"},
		"query":               {lightrun.Settings{URL: "https://app.lightrun.com?a=b", Token: key}, "url"},
		"no key":              {lightrun.Settings{URL: "https://app.lightrun.com"}, "token"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.settings.Validate()
			_, openErr := tc.settings.Open()
			require.Equal(t, err, openErr)
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)

			groups := lightrun.GroupSettings(tc.settings)
			_, openErr = groups.Open()
			require.Equal(t, groups.Validate(), openErr)
			require.Equal(t, tc.field, requireProblem(t, openErr, contract.KindInvalid).Field)
		})
	}
	for _, url := range []string{"https://app.lightrun.com", "https://lightrun.internal:8443/base/", "http://127.0.0.1:8090", "http://[::1]:8090", "http://localhost"} {
		settings := lightrun.Settings{URL: url, Token: key}
		require.NoError(t, settings.Validate(), url)
		_, err := settings.Open()
		require.NoError(t, err, url)
		groups := lightrun.GroupSettings(settings)
		require.NoError(t, groups.Validate(), url)
	}
}

func TestTheKindSaysWhatLightrunCantDo(t *testing.T) {
	t.Parallel()
	kind := lightrun.Kind()
	require.Equal(t, "lightrun", kind.Name)
	require.IsType(t, &lightrun.Settings{}, kind.Settings())
	require.True(t, kind.Limits.EnforcesExpiry)
	require.Equal(t, 31*24*time.Hour, kind.Limits.MaxDuration)
	require.Positive(t, kind.Limits.Settles)

	kind = lightrun.GroupKind()
	require.Equal(t, "lightrun-group", kind.Name)
	require.IsType(t, &lightrun.GroupSettings{}, kind.Settings())
	require.False(t, kind.Limits.EnforcesExpiry)
	require.Zero(t, kind.Limits.MaxDuration)
	require.Positive(t, kind.Limits.Settles)
}
