package web_test

import (
	"context"
	"crypto/rand"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/cmd/compose"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/lightrun"
	"curfew/internal/testserver/oidc"
	"curfew/internal/testserver/temporal"
	"curfew/starter/signin"
)

func TestMain(m *testing.M) { os.Exit(temporal.Main(m)) }

const pool = "c0ffee00-0000-4000-8000-000000000001"

// house is a whole Curfew, as its binary runs it, with its worker and stand-ins of Lightrun and Jira.
type house struct {
	url      string
	lightrun *lightrun.Server
	provider *oidc.Server // nil: people sign in with their tokens
}

const configuration = `
server: {url: "{{.URL}}"}
temporal: {address: "{{.Temporal}}"}
ledger: {sqlite: ledger.db}
tickets:
  jira: {url: "{{.Jira}}", deployment: cloud, user: curfew@example.org, token: "file:vendor"}
{{- with .Issuer}}
oidc: {issuer: "{{.}}", clientId: curfew, clientSecret: "file:client"}
{{- end}}
people:
  p-alice: {name: Alice Liddell, login: alice@example.org, token: "file:p-alice", accounts: {lightrun-prod: alice@example.org}}
  p-bob: {name: Bob Carter, login: bob@example.org, token: "file:p-bob"}
  p-carol: {name: Carol Danvers, login: carol@example.org, token: "file:p-carol", accounts: {lightrun-prod: carol@example.org}}
  p-dave: {name: Dave Bowman, login: dave@example.org, token: "file:p-dave"}
groups:
  oncall: [p-alice]
targets:
  lightrun-prod: {kind: lightrun, url: "{{.Lightrun}}", token: "file:vendor"}
templates:
  debug-prod:
    description: Set snapshots and logs on the production agents
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"], roles: [Standard]}]
    duration: {min: 5m, default: 1h, max: 4h}
    startWithin: 72h
    onBehalf: [oncall]
    approval: {count: 1, from: [p-bob, p-carol]}
    breakGlass: {groups: [oncall], maxDuration: 30m, reviewWithin: 24h}
  read-logs:
    description: Read what the production agents have logged
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"], roles: [Viewer]}]
    duration: {default: 30m, max: 8h}
    ticket: optional
    extension: {review: true}
    approval: {count: 2, from: [p-bob, p-carol, p-dave]}
  payroll:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["` + pool + `"], roles: [Standard]}]
    duration: {default: 30m, max: 1h}
    requesters: {people: [p-dave]}
    approval: {count: 1, from: [p-bob]}
`

func open(t testing.TB) *house { return openWith(t, false) }

func openWith(t testing.TB, provider bool) *house {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	h := &house{url: "http://" + listener.Addr().String()}
	values := map[string]string{"URL": h.url, "Temporal": temporal.Start(t).Address}
	secret := rand.Text()
	h.lightrun = lightrun.New(lightrun.Options{
		Keys:  []lightrun.Key{{Value: secret, Scopes: []lightrun.Scope{lightrun.ScopeDev}}},
		Users: []lightrun.User{{Email: "alice@example.org"}, {Email: "carol@example.org"}},
		Pools: []lightrun.AgentPool{{ID: pool, Name: "production"}},
	})
	debuggers := httptest.NewServer(h.lightrun.Handler())
	t.Cleanup(debuggers.Close)
	site := jira.New(
		jira.Options{
			Deployment: jira.Cloud,
			Accounts:   []jira.Account{{ID: "curfew-1", Name: "Curfew", Email: "curfew@example.org", Token: secret}},
		},
	)
	site.AddIssue("OPS-7", "Orders are late", "In Progress")
	issues := httptest.NewServer(site.Handler())
	t.Cleanup(issues.Close)
	values["Lightrun"], values["Jira"] = debuggers.URL, issues.URL
	if provider {
		var people []oidc.Person
		for _, name := range []string{"alice", "bob"} {
			people = append(people, oidc.Person{Subject: name, Email: name + "@example.org", Verified: true})
		}
		h.provider = oidc.Start(t, oidc.Options{Redirect: h.url + signin.PathAnswer, People: people})
		values["Issuer"] = h.provider.Issuer
	}
	h.run(t, listener, values, map[string]string{
		"vendor": secret, "client": oidc.WebSecret,
		"p-alice": token("p-alice"), "p-bob": token("p-bob"), "p-carol": token("p-carol"), "p-dave": token("p-dave"),
	})
	return h
}

// token is what a person signs in with.
func token(person string) string { return "the-token-of-" + person }

// run runs server and worker until the test ends.
func (h *house) run(t testing.TB, listener net.Listener, values, secrets map[string]string) {
	t.Helper()
	dir := t.TempDir()
	for name, secret := range secrets {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600))
	}
	var text strings.Builder
	require.NoError(t, template.Must(template.New("").Parse(configuration)).Execute(&text, values))
	path := filepath.Join(dir, "curfew.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	live, err := reload.Open(config.Source{File: path, Kinds: kinds.ForConfig()})
	require.NoError(t, err)
	composed, err := compose.Open(t.Context(), live, zap.NewNop())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	ended := make(chan error, 2)
	go func() { ended <- composed.Work(ctx, "") }()
	go func() { ended <- composed.Serve(ctx, listener) }()
	t.Cleanup(func() {
		stop()
		require.NoError(t, <-ended)
		require.NoError(t, <-ended)
		require.NoError(t, composed.Close())
	})
}
