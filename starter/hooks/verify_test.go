package hooks_test

import (
	"bytes"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/PagerDuty/go-pagerduty/webhookv3"
	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/internal/sandbox/pagerduty"
	"curfew/starter/hooks"
)

// sources are how each sort of source vouches, and with which secrets.
var sources = map[string]struct {
	source, old, new string
	sign             signer
	aged             bool // its signatures are good for five minutes
	blind            bool // they say nothing of the body
}{
	"PagerDuty":         {"pd", oldSecret, newSecret, byPagerDuty, false, false},
	"Jira":              {"issues", oldSecret, newSecret, byJira, false, false},
	"Slack":             {"chat", oldSecret, newSecret, bySlack, true, false},
	"Standard Webhooks": {"scripts", oldStandard, newStandard, byStandard, true, false},
	"a bearer":          {"cron", oldSecret, newSecret, byBearer, false, true},
}

func TestOnlyASourceItselfIsBelieved(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, s := range sources {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			body, now := []byte("a body"), time.Now()
			refused := func(header http.Header, body []byte, why string) {
				t.Helper()
				status, answer := w.send(t, s.source, header, body)
				require.Equal(t, http.StatusUnauthorized, status, why)
				require.NotContains(t, answer, s.old, why)
			}
			for _, secret := range []string{s.old, s.new} {
				status, _ := w.send(t, s.source, s.sign(t, secret, now, body), body)
				require.NotEqual(t, http.StatusUnauthorized, status, "each of the secrets is good")
			}
			refused(http.Header{}, body, "nobody vouches")
			other := strings.ReplaceAll(s.old, "l", "m")
			refused(s.sign(t, other, now, body), body, "another secret")
			if !s.blind {
				refused(s.sign(t, s.old, now, body), []byte("another body"), "another body")
				refused(s.sign(t, s.old, now, body), nil, "no body")
			}
			for header := range s.sign(t, s.old, now, body) {
				broken := s.sign(t, s.old, now, body)
				if header != "Content-Type" {
					broken.Set(header, "v1=zz, sha256=zz")
					refused(broken, body, "a broken "+header)
				}
			}
			for _, off := range []time.Duration{-6 * time.Minute, 6 * time.Minute} {
				if s.aged {
					refused(s.sign(t, s.old, now.Add(off), body), body, "another time")
				}
			}
		})
	}
}

func TestThePublishedVectorOfJiraIsAccepted(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(w *world, _ *hooks.Options) {
		w.Config.Hooks["issues"] = config.Hook{
			Verify:  "jira",
			Secrets: secrets("It's a Secret to Everybody"),
		}
	})
	header := http.Header{
		"X-Hub-Signature": {"sha256=a4771c39fbe90f317c7824e83ddef3caae9cb3d976c214ace1f2937e133263c9"},
	}
	status, answer := w.send(t, "issues", header, []byte("Hello World!"))
	require.Equal(t, http.StatusBadRequest, status, "it is believed, and then it is no JSON")
	require.Contains(t, answer, "no JSON")
}

func TestPagerDutysSignaturesMayBeSeveralAndHaveSpaceBetweenThem(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	body := happened("E1", "pagey.ping", "PINC1")
	for _, signatures := range []string{
		pagerduty.Sign(body, "another secret", oldSecret),
		strings.ReplaceAll(pagerduty.Sign(body, "another secret", newSecret), ",", ", "),
		"v2=00," + pagerduty.Sign(body, oldSecret),
	} {
		status, _ := w.send(t, "pd", http.Header{"X-Pagerduty-Signature": {signatures}}, body)
		require.Equal(t, http.StatusOK, status, signatures)
	}
	request := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", bytes.NewReader(body))
	request.Header = byPagerDuty(t, oldSecret, time.Time{}, body)
	require.NoError(
		t,
		webhookv3.VerifySignature(request, oldSecret),
		"the vendor's own library takes what is tried here",
	)
}
