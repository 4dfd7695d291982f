package main

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	standardwebhooks "github.com/standard-webhooks/standard-webhooks/libraries/go"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/targettest"
	"curfew/activities/target/webhook"
	"curfew/internal/config"
)

var (
	secret      = "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("s", 32)))
	wrongSecret = "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("w", 32)))
	odd         = []string{`o'brien "x"`, `Zoë <müller> & %41/../..`, `日本 \ 𝔠`}
)

// The example is what people begin with, so it keeps every promise that Curfew makes about targets.
func TestConformance(t *testing.T) {
	t.Parallel()
	targettest.Run(t, func(t *testing.T) targettest.Fixture {
		var known []string
		for i := range 60 {
			known = append(known, fmt.Sprintf("user %d", i))
		}
		verifier, err := standardwebhooks.NewWebhook(secret)
		require.NoError(t, err)
		example := newReceiver(verifier, slices.Concat(known, odd))
		front := &liar{honest: example}
		server := httptest.NewServer(front)
		t.Cleanup(server.Close)
		entitlement, err := webhook.Kind().Normalize(json.RawMessage(`{"name":"reports"}`))
		require.NoError(t, err)
		var used atomic.Int64
		return targettest.Fixture{
			Connector:        open(t, server.URL, secret),
			Entitlement:      entitlement,
			Limits:           webhook.Kind().Limits,
			Accounts:         func(*testing.T) string { return known[used.Add(1)-1] },
			OddAccounts:      func(*testing.T) []string { return odd },
			UnknownAccount:   "nobody",
			Can:              func(_ *testing.T, account string) bool { return example.holds(account, entitlement) },
			Snapshot:         example.snapshot,
			Nameless:         true,
			WrongCredentials: open(t, server.URL, wrongSecret),
			Down:             open(t, "http://127.0.0.1:1", secret),
			Slow:             open(t, "http://"+targettest.Silent(t), secret),
			Secrets:          []string{secret, wrongSecret},
			Lie:              func(*testing.T) func() { return front.lie() },
		}
	})
}

// liar answers changes itself, while it lies.
type liar struct {
	honest http.Handler
	lying  atomic.Bool
}

func (l *liar) lie() (honest func()) {
	l.lying.Store(true)
	return func() { l.lying.Store(false) }
}

func (l *liar) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		return // the caller went away
	}
	var message struct{ Type string }
	_ = json.Unmarshal(body, &message)
	done := map[string]string{"access.grant": "granted", "access.revoke": "revoked"}[message.Type]
	if l.lying.Load() && done != "" {
		answer(w, http.StatusOK, "application/json", map[string]any{"result": done})
		return
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	l.honest.ServeHTTP(w, r)
}

func open(t *testing.T, url, secret string) target.Connector {
	t.Helper()
	settings := webhook.Settings{
		URL:     url,
		Secrets: []config.Secret{config.SecretOf(secret)},
		Allow:   []string{"127.0.0.0/8"},
	}
	connector, err := settings.Open()
	require.NoError(t, err)
	return connector
}

func (r *receiver) holds(account string, entitlement json.RawMessage) bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.held[account+"\x00"+string(entitlement)]
}

func (r *receiver) snapshot(_ *testing.T, except string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var others []string
	for what := range r.held {
		if !strings.HasPrefix(what, except+"\x00") {
			others = append(others, what)
		}
	}
	slices.Sort(others)
	return strings.Join(others, "\n")
}
