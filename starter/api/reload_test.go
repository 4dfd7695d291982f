package api_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/internal/identity"
	"curfew/internal/reload"
	"curfew/internal/testserver/pace"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/startertest"
)

// onDisk is a configuration that a test changes while the API runs. TOKEN is the hash of a service token of bob's.
const onDisk = `
ledger: {sqlite: ledger.db}
roles: {auditors: [audrey]}
people:
  alice: {name: Alice, token: "file:alice", accounts: {shells: alice}}
  bob: {name: Bob}
  carol: {name: Carol, token: "file:carol"}
  audrey: {name: Audrey, token: "file:audrey"}
serviceTokens:
  ci: {person: bob, hash: "TOKEN", scopes: [read], expires: "2099-01-01T00:00:00Z"}
targets:
  shells: {kind: postgres, dsn: "file:alice"}
templates:
  look:
    description: Look into it
    entitlements: [{target: shells, role: reader}]
    duration: {default: 1h, max: 8h}
    ticket: none
    approval: {count: 1, from: [carol, bob]}
`

// changing is an API whose configuration is in a file.
type changing struct {
	*entry
	live              *reload.Live
	file, text, token string
}

func openOnDisk(t *testing.T) *changing {
	t.Helper()
	house := startertest.New(t)
	token, hash := identity.NewServiceToken()
	folder := t.TempDir()
	for _, person := range []string{"alice", "carol", "audrey"} {
		require.NoError(t, os.WriteFile(filepath.Join(folder, person), []byte(startertest.Token(person)), 0o600))
	}
	c := &changing{
		file:  filepath.Join(folder, "curfew.yaml"),
		token: token.Reveal(),
		text:  strings.Replace(onDisk, "TOKEN", hash, 1),
	}
	c.write(t)
	live, err := reload.Open(config.Source{File: c.file, Kinds: kinds.ForConfig(), Serves: config.Nothing})
	require.NoError(t, err)
	s, err := starter.New(starter.Options{
		Temporal: house.Client, Config: live, Ledger: house.Ledger,
	})
	require.NoError(t, err)
	server := httptest.NewServer(api.New(api.Options{Starter: s, Log: zap.NewNop()}))
	t.Cleanup(server.Close)
	c.entry, c.live = &entry{House: house, url: server.URL}, live

	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		live.Follow(ctx, nil, zap.NewNop())
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
	return c
}

func (c *changing) write(t *testing.T) {
	t.Helper()
	require.NoError(t, os.WriteFile(c.file, []byte(c.text), 0o600))
}

func (c *changing) change(t *testing.T, from, to string) {
	t.Helper()
	require.Contains(t, c.text, from)
	c.text = strings.Replace(c.text, from, to, 1)
	c.write(t)
}

// becomes waits until an answer has a status and a text.
func (c *changing) becomes(t *testing.T, token, path string, status int, text string) {
	t.Helper()
	require.Eventually(t, func() bool {
		response, body := c.bear(t, token, http.MethodGet, path, "")
		return response.StatusCode == status && strings.Contains(body, text)
	}, pace.Patience(), 50*time.Millisecond, "%s never answered %d with %q", path, status, text)
}

func TestATemplateThatChangesOnDiskChangesWhatTheAPIAnswers(t *testing.T) {
	t.Parallel()
	c := openOnDisk(t)
	alice := startertest.Token("alice")
	c.becomes(t, alice, "/v1/templates", http.StatusOK, `"maxDuration":"8h"`)

	c.change(t, "max: 8h", "max: 2h")

	c.becomes(t, alice, "/v1/templates", http.StatusOK, `"maxDuration":"2h"`)
	response, body := c.do(
		t,
		"alice",
		http.MethodPost,
		"/v1/requests",
		`{"template":"look","duration":"3h","reason":"a look"}`,
	)
	require.Equal(t, "body.duration", refused(t, response, body, http.StatusUnprocessableEntity).Errors[0].Location)
}

func TestWhoIsTakenOutOfTheFileIsOutAtOnce(t *testing.T) {
	t.Parallel()
	c := openOnDisk(t)
	c.becomes(t, c.token, "/v1/me", http.StatusOK, `"bob"`)
	c.becomes(t, startertest.Token("audrey"), "/v1/alarms", http.StatusOK, "")

	c.change(t, "scopes: [read], expires: \"2099", "scopes: [read], expires: \"2001")
	c.becomes(t, c.token, "/v1/me", http.StatusUnauthorized, "expired")
	before, rest, _ := strings.Cut(c.text, "serviceTokens:")
	_, after, _ := strings.Cut(rest, "targets:")
	c.text = before + "targets:" + after
	c.write(t)
	c.becomes(t, c.token, "/v1/me", http.StatusUnauthorized, "not in the configuration")
	c.change(t, "auditors: [audrey]", "auditors: []")
	c.becomes(t, startertest.Token("audrey"), "/v1/alarms", http.StatusForbidden, "")
	c.change(t, `  audrey: {name: Audrey, token: "file:audrey"}`, "")
	c.becomes(t, startertest.Token("audrey"), "/v1/me", http.StatusUnauthorized, "")
}

func TestABrokenFileChangesNothingOfWhatTheAPIAnswers(t *testing.T) {
	t.Parallel()
	c := openOnDisk(t)
	c.change(t, "from: [carol, bob]}", "from: [carole]}")
	c.change(t, "Look into it", "Look into it twice")
	_, err := c.live.Reload()
	require.ErrorContains(t, err, "carole")
	c.becomes(t, startertest.Token("alice"), "/v1/templates", http.StatusOK, `"Look into it"`)

	c.change(t, "from: [carole]}", "from: [carol]}")

	c.becomes(t, startertest.Token("alice"), "/v1/templates", http.StatusOK, `"Look into it twice"`)
}
