package signin_test

import (
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/internal/identity"
	"curfew/internal/keyring"
	"curfew/internal/people"
	"curfew/starter/page"
	"curfew/starter/signin"
)

func TestStrangersWhoBeginToSignInEndNobodyElsesSignIn(t *testing.T) {
	t.Parallel()
	h := open(t)
	browser := h.browser(t)
	address := h.leave(t, browser, "alice", "/whoami")
	const crowd = 20_001
	for range crowd {
		answer := httptest.NewRecorder()
		h.server.Config.Handler.ServeHTTP(
			answer,
			httptest.NewRequestWithContext(t.Context(), http.MethodGet, signin.PathSignIn, nil),
		)
		require.Equal(t, http.StatusSeeOther, answer.Code)
	}
	back := h.do(t, browser, http.MethodGet, address, nil, nil)
	require.Equal(t, http.StatusSeeOther, back.StatusCode, back.text)
	require.Equal(t, "alice", h.get(t, browser, "/whoami").text)
}

func TestASignInMayEndAtAnotherServerThanItBegan(t *testing.T) {
	t.Parallel()
	h := open(t)
	frame, err := page.New(h.server.URL, zap.NewNop())
	require.NoError(t, err)
	serves := func(secrets keyring.Ring) http.Handler {
		mux := http.NewServeMux()
		signin.New(signin.Options{
			Callers: identity.New(
				h.live.Current().OIDC,
			),
			Directory: func() *people.Directory { return &h.live.Current().Directory },
			Frame:     frame,
			URL:       h.server.URL,
			Log:       zap.NewNop(),
			Secrets:   secrets,
		}).Handle(mux)
		return mux
	}
	shared := keyring.New([]byte("young"), []byte("old"))
	begin := func(server http.Handler) (*http.Cookie, string) {
		left := httptest.NewRecorder()
		server.ServeHTTP(left, httptest.NewRequestWithContext(t.Context(), http.MethodGet, signin.PathSignIn, nil))
		require.Equal(t, http.StatusSeeOther, left.Code)
		cookie := left.Result().Cookies()[0]
		require.NotContains(t, cookie.Value, "state")
		return cookie, h.provider.SignIn(t, left.Header().Get("Location"), "alice").String()
	}
	come := func(server http.Handler, cookie *http.Cookie, address string) int {
		request := httptest.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
		request.AddCookie(cookie)
		back := httptest.NewRecorder()
		server.ServeHTTP(back, request)
		return back.Code
	}
	cookie, address := begin(serves(shared))
	require.Equal(
		t,
		http.StatusForbidden,
		come(serves(keyring.Random()), cookie, address),
		"nobody else's cookie counts",
	)
	require.Equal(t, http.StatusSeeOther, come(serves(shared), cookie, address))
	cookie, address = begin(serves(keyring.New([]byte("old"))))
	require.Equal(
		t,
		http.StatusSeeOther,
		come(serves(shared), cookie, address),
		"also when it was begun with the secret before",
	)
	cookie.Value = cookie.Value[:len(cookie.Value)-1] + "A"
	_, address = begin(serves(shared))
	require.Equal(t, http.StatusForbidden, come(serves(shared), cookie, address))
}

func TestWhoeverTriesTokensIsPutOff(t *testing.T) {
	t.Parallel()
	h := openWithTokens(t)
	browser := h.browser(t)
	try := func(token string) *http.Response {
		return h.do(
			t,
			browser,
			http.MethodPost,
			h.server.URL+signin.PathSignIn,
			url.Values{"token": {token}},
			nil,
		).Response
	}
	var answer *http.Response
	for range 5000 {
		if answer = try("guessed"); answer.StatusCode != http.StatusForbidden {
			break
		}
	}
	require.Equal(t, http.StatusTooManyRequests, answer.StatusCode, "tokens can be tried for ever")
	require.NotEmpty(t, answer.Header.Get("Retry-After"))
	require.Equal(
		t,
		http.StatusSeeOther,
		try(aliceToken).StatusCode,
		"a token that is somebody's counts from the same address",
	)
}
