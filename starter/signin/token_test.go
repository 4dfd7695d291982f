package signin_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/starter/signin"
)

func TestWhereThereIsNoProviderPeopleSignInWithTheirTokens(t *testing.T) {
	t.Parallel()
	h := openWithTokens(t)
	browser := h.browser(t)
	require.Contains(t, h.get(t, browser, signin.PathSignIn+"?next=/whoami").text, `name="next" value="/whoami"`)

	in := h.do(
		t,
		browser,
		http.MethodPost,
		h.server.URL+signin.PathSignIn,
		url.Values{"token": {aliceToken}, "next": {"/whoami"}},
		nil,
	)

	require.Equal(t, http.StatusSeeOther, in.StatusCode, in.text)
	require.Equal(t, "/whoami", in.Header.Get("Location"))
	require.Equal(t, "alice", h.get(t, browser, "/whoami").text)
	require.Len(t, in.Cookies(), 1)
	require.Equal(t, "__Host-curfew", in.Cookies()[0].Name)
	require.NotContains(t, in.Cookies()[0].Value, aliceToken)
	out := h.do(
		t,
		browser,
		http.MethodPost,
		h.server.URL+signin.PathSignOut,
		form(t, h.get(t, browser, signin.PathAccount)),
		nil,
	)
	require.Equal(t, http.StatusSeeOther, out.StatusCode)
	require.Empty(t, h.get(t, browser, "/whoami").text)
}

func TestOnlyAPersonsOwnTokenSignsIn(t *testing.T) {
	t.Parallel()
	h := openWithTokens(t)
	for name, sent := range map[string]struct {
		token  string
		header http.Header
	}{
		"nothing":             {"", nil},
		"a guess":             {"x", nil},
		"a service token":     {serviceToken.Reveal(), nil},
		"sent by another":     {aliceToken, http.Header{"Sec-Fetch-Site": {"cross-site"}}},
		"from another origin": {aliceToken, http.Header{"Origin": {"https://evil.example.com"}}},
	} {
		browser := h.browser(t)
		in := h.do(
			t,
			browser,
			http.MethodPost,
			h.server.URL+signin.PathSignIn,
			url.Values{"token": {sent.token}},
			sent.header,
		)
		require.Equal(t, http.StatusForbidden, in.StatusCode, name)
		require.Empty(t, in.Cookies(), name)
		require.Empty(t, h.get(t, browser, "/whoami").text, name)
		if len(sent.token) > 1 {
			require.NotContains(t, in.text, sent.token, "what was typed is not shown")
		}
	}
	elsewhere := url.Values{"token": {aliceToken}, "next": {"//evil.example.com"}}
	require.Equal(
		t,
		http.StatusUnprocessableEntity,
		h.do(t, h.browser(t), http.MethodPost, h.server.URL+signin.PathSignIn, elsewhere, nil).StatusCode,
	)
	for _, line := range h.logs.All() {
		for _, value := range line.ContextMap() {
			require.NotEqual(t, aliceToken, value)
		}
	}
}

func TestWhereThereIsAProviderTokensDoNotSignIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)

	in := h.do(t, browser, http.MethodPost, h.server.URL+signin.PathSignIn, url.Values{"token": {aliceToken}}, nil)

	require.Equal(t, http.StatusMethodNotAllowed, in.StatusCode)
	require.Empty(t, in.Cookies())
}

func TestASessionEndsWhenThePersonHasAnotherToken(t *testing.T) {
	t.Parallel()
	folder, mux := t.TempDir(), http.NewServeMux()
	file, token := filepath.Join(folder, "curfew.yaml"), filepath.Join(folder, "token")
	require.NoError(t, os.WriteFile(file, []byte("people: {alice: {token: file:token}}"), 0o600))
	require.NoError(t, os.WriteFile(token, []byte(aliceToken), 0o600))
	live, err := reload.Open(config.Source{File: file})
	require.NoError(t, err)
	h := &house{server: httptest.NewTLSServer(mux)}
	h.serve(t, mux, live)
	browser := h.browser(t)
	h.do(t, browser, http.MethodPost, h.server.URL+signin.PathSignIn, url.Values{"token": {aliceToken}}, nil)
	require.Equal(t, "alice", h.get(t, browser, "/whoami").text)

	require.NoError(t, os.WriteFile(token, []byte("another"), 0o600))
	_, err = live.Reload()
	require.NoError(t, err)

	require.Empty(t, h.get(t, browser, "/whoami").text)
}

const aliceToken = "the-token-of-alice"

var serviceToken, _ = identity.NewServiceToken()

// withTokens is a directory in which alice has a token, and a program has one that acts as her.
func withTokens() *config.Config {
	return &config.Config{
		Directory: people.Directory{
			People: map[string]people.Person{"alice": {Token: config.SecretOf(aliceToken)}},
			ServiceTokens: map[string]people.ServiceToken{"ci": {
				Person: "alice",
				Digest: sha256.Sum256([]byte(serviceToken.Reveal())),
				Scopes: people.Scopes(),
				Until:  time.Now().Add(time.Hour),
			}},
		},
	}
}
