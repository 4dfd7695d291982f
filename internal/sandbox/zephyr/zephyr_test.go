package zephyr_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/sandbox/zephyr"
)

// want sends a request to a Zephyr with the cycle OPS-R12 and the execution OPS-E345 in it, and wants a status.
func want(t *testing.T, server http.Handler, status int, token, method, path, body string) string {
	t.Helper()
	request := httptest.NewRequestWithContext(t.Context(), method, zephyr.Base+path, strings.NewReader(body))
	request.Header.Set("Authorization", "Bearer "+token)
	recorder := httptest.NewRecorder()
	server.ServeHTTP(recorder, request)
	answer, err := io.ReadAll(recorder.Body)
	require.NoError(t, err)
	require.Equal(t, status, recorder.Code, string(answer))
	return string(answer)
}

func TestCyclesAndExecutionsShowTheirLinks(t *testing.T) {
	t.Parallel()
	s := zephyr.New("secret")
	s.AddCycle("OPS-R12", 10042, 10043)
	s.AddExecution("OPS-E345", "OPS-R12", 10042)
	s.AddExecution("OPS-E346", "")
	handler := s.Handler()

	want(t, handler, 401, "wrong", "GET", "/testcycles/OPS-R12/links", "")
	want(t, handler, 404, "secret", "GET", "/testcycles/OPS-R404/links", "")
	require.Contains(t, want(t, handler, 200, "secret", "GET", "/testcycles/OPS-R12/links", ""), `"issueId":10043`)
	require.Contains(t, want(t, handler, 200, "secret", "GET", "/testexecutions/OPS-E345/links", ""), `"issueId":10042`)
	require.Contains(t, want(t, handler, 200, "secret", "GET", "/testexecutions/OPS-E345", ""), `"testCycle":{"id":1,`)
	require.Contains(t, want(t, handler, 200, "secret", "GET", "/testexecutions/OPS-E346", ""), `"testCycle":null`)
}

func TestAWebLinkIsAddedEachTime(t *testing.T) {
	t.Parallel()
	s := zephyr.New("secret")
	s.AddCycle("OPS-R12")
	handler := s.Handler()
	want(t, handler, 400, "secret", "POST", "/testcycles/OPS-R12/links/weblinks", `{"description":"nowhere"}`)
	for range 2 {
		want(t, handler, 201, "secret", "POST", "/testcycles/1/links/weblinks", `{"url":"https://x","description":"d"}`)
	}
	require.Len(t, s.WebLinks("OPS-R12"), 2)
	require.Equal(t, "https://x", s.WebLinks("OPS-R12")[0].URL)
	require.Contains(t, want(t, handler, 200, "secret", "GET", "/testcycles/OPS-R12/links", ""), `"webLinks":[{`)
}
