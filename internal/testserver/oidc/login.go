package oidc

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/cookiejar"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// impatient lets devices ask each second whether somebody has signed in; the example lets them wait for five.
func impatient(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/device_authorization" {
			next.ServeHTTP(w, r)
			return
		}
		answer := httptest.NewRecorder()
		next.ServeHTTP(answer, r)
		var document map[string]any
		if err := json.Unmarshal(answer.Body.Bytes(), &document); err == nil && answer.Code == http.StatusOK {
			document["interval"] = 1
			answer.Body = new(bytes.Buffer)
			_ = json.NewEncoder(answer.Body).Encode(document) // a map of JSON's own values is JSON
		}
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(answer.Code)
		_, _ = io.Copy(w, answer.Body) // the caller may be gone
	})
}

// SignIn does at the provider what a person would do who was sent to an address there, and returns the address that the
// provider then sends the browser to.
func (s *Server) SignIn(t testing.TB, address, subject string) *url.URL {
	t.Helper()
	browser := s.browser(t)
	page, _ := visit(t, browser, http.MethodGet, address, nil)
	require.Equal(t, "/login/username", page.Path, "no page to sign in on")
	form := url.Values{"username": {subject}, "password": {Password}, "id": {page.Query().Get("authRequestID")}}
	_, next := visit(t, browser, http.MethodPost, s.Issuer+"/login/username", form)
	require.NotNil(t, next, "the provider let nobody in")
	return next
}

// AllowDevice lets somebody sign in for the device that shows a code.
func (s *Server) AllowDevice(t testing.TB, code, subject string) {
	t.Helper()
	browser := s.browser(t)
	form := url.Values{"user_code": {code}, "username": {subject}, "password": {Password}}
	page, _ := visit(t, browser, http.MethodPost, s.Issuer+"/device/login", form)
	require.Equal(t, "/device/login", page.Path, "the provider doesn't take the code, the name or the password")
	visit(t, browser, http.MethodGet, s.Issuer+"/device/confirm?action=allowed", nil)
}

// browser follows redirects within the provider.
func (s *Server) browser(t testing.TB) *http.Client {
	t.Helper()
	jar, err := cookiejar.New(nil)
	require.NoError(t, err)
	return &http.Client{Jar: jar, CheckRedirect: func(next *http.Request, _ []*http.Request) error {
		if !strings.HasPrefix(next.URL.String(), s.Issuer+"/") {
			return http.ErrUseLastResponse
		}
		return nil
	}}
}

// visit returns the page that the browser comes to, and where that sends it beyond the provider; nil for nowhere.
func visit(t testing.TB, browser *http.Client, method, address string, form url.Values) (page, next *url.URL) {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), method, address, strings.NewReader(form.Encode()))
	require.NoError(t, err)
	if method == http.MethodPost {
		request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	response, err := browser.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	require.Less(t, response.StatusCode, http.StatusBadRequest)
	if next, err = response.Location(); err != nil {
		next = nil
	}
	return response.Request.URL, next
}
