package api_test

import (
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"curfew/starter/api"
	"curfew/starter/limit"
	"curfew/starter/startertest"
	"curfew/workflows/contract"
)

// bounded is an API with the limits that servers have.
func bounded(t *testing.T) *entry {
	t.Helper()
	house := startertest.New(t)
	core, logs := observer.New(zapcore.InfoLevel)
	server := httptest.NewServer(
		api.New(api.Options{Starter: house.Starter, Limits: limit.New(nil), Log: zap.New(core)}),
	)
	t.Cleanup(server.Close)
	return &entry{House: house, url: server.URL, logs: logs}
}

// requirePutOff holds that a call was refused because there were too many, and says when to come back.
func requirePutOff(t *testing.T, response *http.Response, body string) {
	t.Helper()
	problem := refused(t, response, body, http.StatusTooManyRequests)
	require.Equal(t, contract.KindTooMany, problem.Kind)
	wait, err := strconv.Atoi(response.Header.Get("Retry-After"))
	require.NoError(t, err)
	require.Positive(t, wait)
}

// mostOfAFlood is far more than anybody may do at once.
const mostOfAFlood = 5000

func TestOnePersonsFloodIsPutOffAndNobodyElseNoticesIt(t *testing.T) {
	t.Parallel()
	d := bounded(t)
	const wrong = `{"template":"no such template","reason":"a flood"}`
	taken := 0
	for ; taken < mostOfAFlood; taken++ {
		response, body := d.do(t, "alice", http.MethodPost, "/v1/requests", wrong)
		if response.StatusCode != http.StatusUnprocessableEntity {
			requirePutOff(t, response, body)
			break
		}
	}
	require.Less(t, taken, mostOfAFlood)
	response, body := d.do(t, "bob", http.MethodPost, "/v1/requests", goodAsk)
	require.Equal(t, http.StatusCreated, response.StatusCode, body)
	response, body = d.do(t, "alice", http.MethodGet, "/v1/me", "")
	require.Equal(t, http.StatusOK, response.StatusCode, "looking is not counted with changing: %s", body)
	response, body = d.do(
		t,
		"alice",
		http.MethodPost,
		"/v1/requests/01KAS3T4M5X6Y7Z8A9B0C1D2E3/revocation",
		`{"reason":"stop"}`,
	)
	require.Equal(t, http.StatusNotFound, response.StatusCode, "ending is never put off: %s", body)

	off := false
	for range mostOfAFlood {
		response, body := d.do(t, "alice", http.MethodGet, "/v1/me", "")
		if off = response.StatusCode != http.StatusOK; off {
			requirePutOff(t, response, body)
			break
		}
	}
	require.True(t, off)
	response, _ = d.do(t, "bob", http.MethodGet, "/v1/me", "")
	require.Equal(t, http.StatusOK, response.StatusCode)
}

func TestStrangersAreRefusedWithoutFillingTheLog(t *testing.T) {
	t.Parallel()
	d := bounded(t)
	off := false
	for range mostOfAFlood {
		response, body := d.do(t, "nobody", http.MethodGet, "/v1/me", "")
		if off = response.StatusCode == http.StatusTooManyRequests; off {
			requirePutOff(t, response, body)
			break
		}
		require.Equal(t, http.StatusUnauthorized, response.StatusCode)
	}
	require.True(t, off)
	logged := d.logs.Len()
	for range 100 {
		d.do(t, "nobody", http.MethodGet, "/v1/me", "")
	}
	require.Less(t, d.logs.Len()-logged, 100)
	response, _ := d.do(t, "alice", http.MethodGet, "/v1/me", "")
	require.Equal(t, http.StatusOK, response.StatusCode, "whoever shows who they are is served at the same address")
}

func TestABodyIsReadOnlyOfWhoeverMayAsk(t *testing.T) {
	t.Parallel()
	d := bounded(t)
	handler := api.New(api.Options{Starter: d.Starter, Log: zap.NewNop()})
	for token, status := range map[string]int{"": 401, "nobody's": 401} {
		body := &watched{Reader: strings.NewReader(goodAsk)}
		request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/v1/requests", body)
		request.Header.Set("Authorization", "Bearer "+token)
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		require.Equal(t, status, answer.Code)
		require.False(t, body.read)
	}
}

// watched is a body that knows whether somebody has read it.
type watched struct {
	*strings.Reader
	read bool
}

// Read notes that somebody reads.
func (w *watched) Read(p []byte) (int, error) {
	w.read = true
	return w.Reader.Read(p)
}
