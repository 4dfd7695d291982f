package scim_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/scim"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestEntitlementsHaveOneSpelling(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		`{"group":"g-1","displayName":"Operators"}`:                                      `{"displayName":"Operators","group":"g-1"}`,
		" {\n\"displayName\" : \"Zoë's \\\"night\\\" shift\" ,\"group\":\"A.b_1:2@c=\"}": `{"displayName":"Zoë's \"night\" shift","group":"A.b_1:2@c="}`,
	} {
		got, err := scim.Kind().Normalize(json.RawMessage(text))
		require.NoError(t, err, text)
		require.Equal(t, want, string(got))
		again, err := scim.Kind().Normalize(got)
		require.NoError(t, err)
		require.Equal(t, want, string(again))
	}
}

func TestWrongEntitlementsAreExplained(t *testing.T) {
	t.Parallel()
	for name, tc := range map[string]struct{ text, field, part string }{
		"no mapping":           {`["a"]`, "", "not a set"},
		"nothing":              {``, "", "not a set"},
		"unknown key":          {`{"group":"a","displayName":"A","role":"x"}`, "role", "unknown"},
		"other case":           {`{"Group":"a","displayName":"A"}`, "Group", "unknown"},
		"no group":             {`{"displayName":"A"}`, "group", "missing"},
		"no name":              {`{"group":"a"}`, "displayName", "see what they approve"},
		"empty group":          {`{"group":"","displayName":"A"}`, "group", "empty"},
		"blank name":           {`{"group":"a","displayName":" "}`, "displayName", "empty"},
		"number":               {`{"group":7,"displayName":"A"}`, "group", "number"},
		"a way up":             {`{"group":"..","displayName":"A"}`, "group", "not an id"},
		"a path":               {`{"group":"a/b","displayName":"A"}`, "group", "not an id"},
		"a query":              {`{"group":"a?b","displayName":"A"}`, "group", "not an id"},
		"a filter":             {`{"group":"a\" or id pr","displayName":"A"}`, "group", "not an id"},
		"long group":           {`{"group":"` + strings.Repeat("a", 257) + `","displayName":"A"}`, "group", "257 bytes"},
		"long name":            {`{"group":"a","displayName":"` + strings.Repeat("a", 513) + `"}`, "displayName", "513 bytes"},
		"control characters":   {`{"group":"a","displayName":"a\u0000"}`, "displayName", "plain text"},
		"larger than all need": {`{"group":"` + strings.Repeat("a", 20_000) + `"}`, "", "too large"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := scim.Kind().Normalize(json.RawMessage(tc.text))
			problem := requireProblem(t, err, contract.KindInvalid, tc.part)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)
		})
	}
}

func TestSettingsAreCheckedBeforeUse(t *testing.T) {
	t.Parallel()
	const url, login = "https://api.example.com/scim/v2", "https://login.example.com/token"
	secret := config.SecretOf("canary")
	for name, tc := range map[string]struct {
		settings scim.Settings
		field    string
	}{
		"no address":          {scim.Settings{Token: secret}, "url"},
		"no scheme":           {scim.Settings{URL: "api.example.com", Token: secret}, "url"},
		"in the clear":        {scim.Settings{URL: "http://api.example.com", Token: secret}, "url"},
		"other scheme":        {scim.Settings{URL: "ftp://127.0.0.1", Token: secret}, "url"},
		"password in address": {scim.Settings{URL: "https://ann:canary@api.example.com", Token: secret}, "url"},
		"query":               {scim.Settings{URL: url + "?a=b", Token: secret}, "url"},
		"no credentials":      {scim.Settings{URL: url}, "token"},
		"two credentials": {scim.Settings{URL: url, Token: secret, OAuth: &scim.OAuth{
			TokenURL: url, ClientID: "curfew", ClientSecret: secret,
		}}, "oauth"},
		"unknown account": {scim.Settings{URL: url, Token: secret, AccountIs: "email"}, "accountIs"},
		"unknown removal": {scim.Settings{URL: url, Token: secret, RemoveBy: "name"}, "removeBy"},
		"token in the clear": {scim.Settings{URL: url, OAuth: &scim.OAuth{
			TokenURL: "http://login.example.com", ClientID: "c", ClientSecret: secret,
		}}, "oauth.tokenUrl"},
		"no client":        {scim.Settings{URL: url, OAuth: &scim.OAuth{TokenURL: login, ClientSecret: secret}}, "oauth.clientId"},
		"no client secret": {scim.Settings{URL: url, OAuth: &scim.OAuth{TokenURL: login, ClientID: "c"}}, "oauth.clientSecret"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			err := tc.settings.Validate()
			_, openErr := tc.settings.Open()
			require.Equal(t, err, openErr)
			problem := requireProblem(t, err, contract.KindInvalid)
			require.Equal(t, tc.field, problem.Field)
			require.NotEmpty(t, problem.Fix)
			require.NotContains(t, problem.Error(), "canary")
		})
	}
	for _, settings := range []scim.Settings{
		{URL: url, Token: secret},
		{URL: "http://[::1]:8090/", Token: secret, AccountIs: "userName", RemoveBy: "filter"},
		{URL: "http://localhost", OAuth: &scim.OAuth{TokenURL: login, ClientID: "c", ClientSecret: secret, Scopes: []string{"scim"}}},
	} {
		require.NoError(t, settings.Validate())
		open(t, settings)
	}
}

// tokens gives out a token to the right client, and counts how often.
func tokens(t *testing.T, given *atomic.Int64) string {
	t.Helper()
	return serve(t, func(w http.ResponseWriter, r *http.Request) {
		if id, secret, _ := r.BasicAuth(); id != "curfew" || secret != "right-canary" {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(`{"error":"invalid_client","error_description":"` + secret + `"}`))
			return
		}
		given.Add(1)
		reply(w, map[string]any{"access_token": doubleToken, "token_type": "Bearer", "expires_in": 3600})
	})
}

func withOAuth(t *testing.T, url, tokenURL, secret string) target.Connector {
	t.Helper()
	return open(
		t,
		scim.Settings{
			URL:   url,
			OAuth: &scim.OAuth{TokenURL: tokenURL, ClientID: "curfew", ClientSecret: config.SecretOf(secret)},
		},
	)
}

func TestATokenOfClientCredentialsIsKeptUntilItIsRefused(t *testing.T) {
	t.Parallel()
	var given, refusals atomic.Int64
	d := newDouble(t, "u-bob")
	url := before(t, d.start(), func(r *http.Request) {
		if r.Header.Get("Authorization") != "Bearer "+doubleToken {
			t.Errorf("came with %q", r.Header.Get("Authorization"))
		}
	})
	connector := withOAuth(t, url, tokens(t, &given), "right-canary")
	for range 3 {
		_, err := connector.Grant(t.Context(), ofDouble("ada"))
		require.NoError(t, err)
	}
	require.EqualValues(t, 1, given.Load())

	strict := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		refusals.Add(1)
		refuse(w, http.StatusUnauthorized, "")
	})
	given.Store(0)
	connector = withOAuth(t, strict, tokens(t, &given), "right-canary")
	for range 2 {
		_, err := connector.Inspect(t.Context(), ofDouble("ada"))
		requireProblem(t, err, contract.KindUnavailable, "does not accept")
	}
	require.EqualValues(t, 2, given.Load())
	require.EqualValues(t, 2, refusals.Load())
}

func TestClientCredentialsThatAreRefusedAreToldWithoutShowingThem(t *testing.T) {
	t.Parallel()
	var given atomic.Int64
	_, err := withOAuth(
		t,
		newDouble(t).start(),
		tokens(t, &given),
		"wrong-canary",
	).Inspect(t.Context(), ofDouble("ada"))
	problem := requireProblem(t, err, contract.KindUnavailable, "401 invalid_client")
	require.NotContains(t, problem.Error(), "canary")
	_, err = withOAuth(
		t,
		newDouble(t).start(),
		"http://"+closedAddress(t),
		"wrong-canary",
	).Inspect(t.Context(), ofDouble("ada"))
	problem = requireProblem(t, err, contract.KindUnavailable, "refused")
	require.NotContains(t, problem.Error(), "canary")
}
