package api_test

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/stretchr/testify/require"

	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/testserver/oidc"
	"curfew/starter/api"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// bear calls the API with a token.
func (d *entry) bear(t *testing.T, token, method, path, body string) (*http.Response, string) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, d.url+path, strings.NewReader(body))
	require.NoError(t, err)
	request.Header.Set("Authorization", "Bearer "+token)
	return d.send(t, request)
}

// withScopes is an entry point, and a service token of alice's that is good for some scopes.
func withScopes(t *testing.T, scopes ...string) (*entry, string) {
	t.Helper()
	house := startertest.New(t)
	token, hash := identity.NewServiceToken()
	digest, err := hex.DecodeString(strings.TrimPrefix(hash, people.HashPrefix))
	require.NoError(t, err)
	house.Config.ServiceTokens = map[string]people.ServiceToken{"ci": {
		Person: "alice", Scopes: scopes, Until: time.Now().Add(time.Hour), Digest: [sha256.Size]byte(digest),
	}}
	return serve(t, house), token.Reveal()
}

func TestEveryOperationSaysWhatATokenMustBeGoodFor(t *testing.T) {
	t.Parallel()
	d, token := withScopes(t) // good for nothing
	_, served := d.do(t, "", http.MethodGet, "/openapi.json", "")
	document, err := openapi3.NewLoader().LoadFromData([]byte(served))
	require.NoError(t, err)
	tried := 0
	for path, item := range document.Paths.Map() {
		for method, operation := range item.Operations() {
			if operation.Security == nil {
				require.False(t, strings.HasPrefix(path, "/v1/"), path)
				continue
			}
			tried++
			response, body := d.bear(
				t,
				token,
				method,
				strings.ReplaceAll(path, "{id}", "01KAS3T4M5X6Y7Z8A9B0C1D2E3"),
				"{}",
			)
			problem := refused(t, response, body, http.StatusForbidden)
			require.Regexp(
				t,
				"^use a token with the scope (read|ask|review|revoke|operate)$",
				problem.Errors[0].Fix,
				path,
			)
		}
	}
	require.Greater(t, tried, 10)
}

func TestAServiceTokenDoesWhatItsScopesSayAndNoMore(t *testing.T) {
	t.Parallel()
	d, token := withScopes(t, people.ScopeAsk)

	response, body := d.bear(t, token, http.MethodPost, "/v1/requests", goodAsk)

	require.Equal(t, http.StatusCreated, response.StatusCode, body)
	var status contract.Status
	require.NoError(t, json.Unmarshal([]byte(body), &status))
	require.Equal(t, "alice", status.Requester)
	response, body = d.bear(t, token, http.MethodGet, response.Header.Get("Location"), "")
	require.Contains(t, refused(t, response, body, http.StatusForbidden).Detail, "the scope read")
	require.NotContains(t, body, "the checkout hangs")
}

func TestTokensOfTheProviderAreTakenOrRefusedWithTheReason(t *testing.T) {
	t.Parallel()
	provider := oidc.Start(t, oidc.Options{})
	house := startertest.New(t)
	house.Config.Server.URL = "https://curfew.example.com"
	house.Config.OIDC = &people.OIDC{
		Issuer: provider.Issuer, ClientID: oidc.WebClient, CLIClientID: oidc.CLIClient, PersonClaim: people.ClaimEmail,
	}
	house.Config.People["alice"] = people.Person{Name: "alice", Login: "alice@example.com"}
	d := serve(t, house)
	signed := func(email, issuer string) string {
		return provider.Key().Sign(t, map[string]any{
			"iss":            issuer,
			"sub":            "s",
			"aud":            oidc.CLIClient,
			"exp":            time.Now().Add(time.Hour).Unix(),
			"email":          email,
			"email_verified": true,
		}, nil)
	}

	response, body := d.bear(t, signed("alice@example.com", provider.Issuer), http.MethodGet, "/v1/me", "")
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	require.Contains(t, body, `"id":"alice"`)

	response, body = d.bear(t, signed("alice@example.com", "https://evil.example.com"), http.MethodGet, "/v1/me", "")
	refused(t, response, body, http.StatusUnauthorized)
	require.Contains(t, response.Header.Get("WWW-Authenticate"), `error="invalid_token"`)

	response, body = d.bear(t, signed("mallory@example.com", provider.Issuer), http.MethodGet, "/v1/me", "")
	problem := refused(t, response, body, http.StatusForbidden)
	require.Contains(t, problem.Errors[0].Fix, "people.<id>.login")

	response, body = d.do(t, "", http.MethodGet, "/.well-known/oauth-protected-resource", "")
	require.Equal(t, http.StatusOK, response.StatusCode, body)
	var where api.SignIn
	require.NoError(t, json.Unmarshal([]byte(body), &where))
	require.Equal(t, api.SignIn{
		Resource:             "https://curfew.example.com",
		AuthorizationServers: []string{provider.Issuer},
		BearerMethods:        []string{"header"},
		ClientID:             oidc.CLIClient,
		Scopes:               []string{"openid", "profile", "email"},
	}, where)
}

func TestWithoutTheProviderItsTokensAreForLater(t *testing.T) {
	t.Parallel()
	provider := oidc.Start(t, oidc.Options{})
	provider.Stop()
	house := startertest.New(t)
	house.Config.OIDC = &people.OIDC{Issuer: provider.Issuer, ClientID: oidc.WebClient, PersonClaim: people.ClaimEmail}
	d := serve(t, house)

	response, body := d.bear(
		t,
		provider.Key().Sign(t, map[string]any{"iss": provider.Issuer}, nil),
		http.MethodGet,
		"/v1/me",
		"",
	)

	refused(t, response, body, http.StatusServiceUnavailable)
	require.Equal(t, "3", response.Header.Get("Retry-After"))
	response, body = d.do(t, "bob", http.MethodGet, "/v1/me", "")
	require.Equal(t, http.StatusOK, response.StatusCode, body)
}
