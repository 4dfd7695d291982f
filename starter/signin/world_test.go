package signin_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/internal/people"
	"curfew/internal/reload"
	"curfew/internal/testserver/oidc"
	"curfew/starter/page"
	"curfew/starter/signin"
)

// house is Curfew over TLS, and the provider behind it.
type house struct {
	server   *httptest.Server
	provider *oidc.Server
	entry    *signin.Handler
	logs     *observer.ObservedLogs
	file     string // of the configuration
	live     *reload.Live
	saw      chan identity.Caller
}

func open(t *testing.T) *house {
	t.Helper()
	mux := http.NewServeMux()
	h := &house{server: httptest.NewTLSServer(mux), saw: make(chan identity.Caller, 10)}
	h.provider = oidc.Start(t, oidc.Options{
		Redirect: h.server.URL + signin.PathAnswer,
		People: []oidc.Person{
			{Subject: "alice", Email: "alice@example.com", Verified: true, Groups: []string{"<sre>"}},
			{Subject: "mallory", Email: "mallory@example.com", Verified: true},
		},
	})
	folder := t.TempDir()
	h.file = filepath.Join(folder, "curfew.yaml")
	require.NoError(t, os.WriteFile(filepath.Join(folder, "secret"), []byte(oidc.WebSecret), 0o600))
	h.configure(t, "{alice: {login: alice@example.com}}")
	live, err := reload.Open(config.Source{File: h.file})
	require.NoError(t, err)
	h.live = live
	h.serve(t, mux, live)
	return h
}

// openWithTokens is a house without a provider.
func openWithTokens(t *testing.T) *house {
	t.Helper()
	mux := http.NewServeMux()
	h := &house{server: httptest.NewTLSServer(mux)}
	h.serve(t, mux, reload.Fixed(withTokens()))
	return h
}

// openPlain is a house without a provider and without TLS, as people have it on their own machines.
func openPlain(t *testing.T) *house {
	t.Helper()
	mux := http.NewServeMux()
	h := &house{server: httptest.NewServer(mux)}
	h.serve(t, mux, reload.Fixed(withTokens()))
	return h
}

func (h *house) serve(t *testing.T, mux *http.ServeMux, live *reload.Live) {
	t.Helper()
	t.Cleanup(h.server.Close)
	core, logs := observer.New(zapcore.InfoLevel)
	h.logs = logs
	frame, err := page.New(h.server.URL, zap.New(core))
	require.NoError(t, err)
	mux.Handle("GET "+page.PathAssets, frame.Assets())
	h.entry = signin.New(
		signin.Options{
			Callers:   identity.New(live.Current().OIDC),
			Directory: func() *people.Directory { return &live.Current().Directory },
			Frame:     frame,
			URL:       h.server.URL,
			Saw:       h.remember,
			Log:       zap.New(core),
		},
	)
	h.entry.Handle(mux)
	mux.HandleFunc("GET /whoami", func(w http.ResponseWriter, r *http.Request) {
		session, _ := h.entry.Current(r)
		_, _ = io.WriteString(w, session.Caller.Person)
	})
}

// configure writes a configuration with these people.
func (h *house) configure(t *testing.T, people string) {
	t.Helper()
	text := fmt.Sprintf(`
server: {url: "%s"}
oidc:
  issuer: "%s"
  clientId: %s
  clientSecret: file:secret
  groups: {claim: groups, optional: true}
  session: 1h
people: %s
`, h.server.URL, h.provider.Issuer, oidc.WebClient, people)
	require.NoError(t, os.WriteFile(h.file, []byte(text), 0o600))
}

func (h *house) remember(_ context.Context, caller identity.Caller) error {
	if h.saw != nil {
		h.saw <- caller
	}
	return errors.New("the ledger is down") // which keeps nobody outside
}

// browser keeps cookies and follows no redirects.
func (h *house) browser(t *testing.T) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{
		Transport: h.server.Client().Transport, Jar: jar,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// with is a browser that somebody has put copied cookies into.
func (h *house) with(t *testing.T, cookies []*http.Cookie) *http.Client {
	t.Helper()
	browser := h.browser(t)
	root, err := url.Parse(h.server.URL)
	require.NoError(t, err)
	browser.Jar.SetCookies(root, cookies)
	return browser
}

// visited is what a browser was answered.
type visited struct {
	*http.Response
	text string
}

func (h *house) get(t *testing.T, browser *http.Client, path string) visited {
	t.Helper()
	return h.do(t, browser, http.MethodGet, h.server.URL+path, nil, nil)
}

func (h *house) do(
	t *testing.T,
	browser *http.Client,
	method, address string,
	form url.Values,
	header http.Header,
) visited {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	for name, values := range header {
		request.Header[name] = values
	}
	if form != nil {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := browser.Do(request)
	require.NoError(t, err)
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	require.NoError(t, err)
	return visited{response, string(text)}
}

// leave goes to the provider, signs somebody in there, and returns the address that leads back.
func (h *house) leave(t *testing.T, browser *http.Client, subject, next string) string {
	t.Helper()
	left := h.get(t, browser, signin.PathSignIn+"?next="+url.QueryEscape(next))
	require.Equal(t, http.StatusSeeOther, left.StatusCode, left.text)
	return h.provider.SignIn(t, left.Header.Get("Location"), subject).String()
}

// signIn signs somebody in.
func (h *house) signIn(t *testing.T, browser *http.Client, subject string) visited {
	t.Helper()
	return h.do(t, browser, http.MethodGet, h.leave(t, browser, subject, "/whoami"), nil, nil)
}
