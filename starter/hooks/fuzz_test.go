package hooks_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// Whatever strangers send, nothing of it is let in.
func FuzzNothingIsLetInThatNobodyVouchesFor(f *testing.F) {
	w := newWorld(f)
	for _, seed := range []string{"", "v1=", "v1=00,v1=", "sha256=", "sha256=00", "v0=00", "Bearer ", "Bearer x", "bearer", "v1,AAAA v1,", ",,,", "\x00"} {
		f.Add(seed, seed, "body")
	}
	f.Fuzz(func(t *testing.T, signature, stamp, body string) {
		for _, s := range sources {
			request := httptest.NewRequestWithContext(
				t.Context(),
				http.MethodPost,
				"/v1/hooks/"+s.source,
				strings.NewReader(body),
			)
			request.SetPathValue("source", s.source)
			for _, header := range []string{"X-PagerDuty-Signature", "X-Hub-Signature", "X-Slack-Signature", "Authorization", "webhook-signature"} {
				request.Header.Set(header, signature)
			}
			request.Header.Set("X-Slack-Request-Timestamp", stamp)
			request.Header.Set("webhook-timestamp", stamp)
			request.Header.Set("webhook-id", stamp)
			answer := httptest.NewRecorder()
			w.hooks.ServeHTTP(answer, request)
			require.Equal(t, http.StatusUnauthorized, answer.Code)
		}
	})
}

// Whatever a source sends that signs, the answer is one that the source understands.
func FuzzWhatASourceSendsIsAnswered(f *testing.F) {
	w := newWorld(f)
	for _, seed := range []string{
		"", "{}", "[]", "null", `{"event":null}`, `{"event":{"id":"e","event_type":"incident.triggered","data":{"id":"PINC1","type":"incident"}}}`,
		`{"webhookEvent":"jira:issue_updated","issue":{"key":"OPS-7"},"changelog":{"id":"1","items":[{"field":"status"}]}}`,
		`payload={"type":"block_actions","trigger_id":"1.2","user":{"id":"U"},"actions":[{"action_id":"curfew_approve","value":"x/99999999999999999999"}]}`,
		`{"action":"start","id":"1","template":"read-logs","reason":"r"}`, `{"action":"end","id":"\u0000","request":"../x","reason":"r","duration":"-1h"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, body string) {
		for _, s := range sources {
			request := httptest.NewRequestWithContext(
				t.Context(),
				http.MethodPost,
				"/v1/hooks/"+s.source,
				strings.NewReader(body),
			)
			request.SetPathValue("source", s.source)
			request.Header = s.sign(t, s.old, time.Now(), []byte(body))
			answer := httptest.NewRecorder()
			w.hooks.ServeHTTP(answer, request)
			good := answer.Code < 300 ||
				s.source != "pd" && (answer.Code == http.StatusBadRequest || answer.Code == http.StatusForbidden)
			require.True(t, good, "%s answers %d: %s", s.source, answer.Code, answer.Body)
		}
	})
}
