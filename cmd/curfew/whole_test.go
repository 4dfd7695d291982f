package main

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/activities/ledger/sqlite"
	"curfew/internal/config"
	"curfew/internal/reload"
	jirasandbox "curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/lightrun"
	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/starter/api"
	"curfew/starter/startertest"
	"curfew/worker"
	"curfew/workflows/contract"
)

// patienceOfTests is far longer than anything takes on a busy machine.
var patienceOfTests = pace.Patience()

// whole is a shell on a Curfew that has everything: a worker too, a target and a tracker. Alice asks, Bob reviews.
func whole(t *testing.T) *shell {
	t.Helper()
	house := &startertest.House{Temporal: temporal.Start(t)}
	house.Client = house.Temporal.Client(t)
	dir := t.TempDir()
	house.Config = wholeConfig(t, dir)
	house.Live = reload.Fixed(house.Config)
	tickets, _, err := kinds.OpenTickets(house.Config.Tickets)
	require.NoError(t, err)
	house.Ledger, err = sqlite.Open(t.Context(), filepath.Join(dir, "ledger.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, house.Ledger.Close()) })
	house.Starter, err = starter.New(starter.Options{
		Temporal: house.Client, Config: house.Live, Ledger: house.Ledger, Tickets: tickets,
	})
	require.NoError(t, err)

	targets, faults := kinds.OpenTargets(house.Config.Targets)
	require.Empty(t, faults)
	ctx, cancel := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(ctx, worker.Options{
			Config: house.Live, Temporal: house.Client, Log: zap.NewNop(), Events: house.Ledger, Holdings: house.Ledger, Tombstones: house.Ledger,
			Alarms: house.Ledger, Decisions: house.Ledger, Tickets: tickets, Targets: targets,
		})
	}()
	t.Cleanup(func() { cancel(); require.NoError(t, <-done) })
	return in(t, house)
}

func wholeConfig(t *testing.T, dir string) *config.Config {
	t.Helper()
	const pool = "c0ffee00-0000-4000-8000-000000000001"
	token := rand.Text()
	debuggers := httptest.NewServer(lightrun.New(lightrun.Options{
		Keys:  []lightrun.Key{{Value: token, Scopes: []lightrun.Scope{lightrun.ScopeDev}}},
		Users: []lightrun.User{{Email: "alice@example.org"}},
		Pools: []lightrun.AgentPool{{ID: pool, Name: "production"}},
	}).Handler())
	t.Cleanup(debuggers.Close)
	site := jirasandbox.New(jirasandbox.Options{
		Deployment: jirasandbox.DataCenter,
		Accounts:   []jirasandbox.Account{{ID: "curfew", Name: "curfew", Token: token}},
	})
	site.AddIssue("OPS-7", "The checkout hangs", "In Progress")
	tracker := httptest.NewServer(site.Handler())
	t.Cleanup(tracker.Close)

	for file, secret := range map[string]string{"token": token, "alice": startertest.Token("alice"), "bob": startertest.Token("bob")} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, file), []byte(secret), 0o600))
	}
	path := filepath.Join(dir, "curfew.yaml")
	require.NoError(t, os.WriteFile(path, fmt.Appendf(nil, `
ledger: {sqlite: ledger.db}
roles: {operators: [bob]}
tickets: {jira: {url: "%s", deployment: datacenter, token: "file:token"}}
people:
  alice: {name: Alice, token: "file:alice", accounts: {lightrun-prod: alice@example.org}}
  bob: {name: Bob, token: "file:bob"}
targets:
  lightrun-prod: {kind: lightrun, url: "%s", token: "file:token"}
templates:
  debug-prod:
    description: Look into production
    entitlements: [{target: lightrun-prod, agentPoolIds: ["%s"]}]
    duration: {default: 1h, max: 8h}
    ticket: required
    approval: {count: 1, from: [bob]}
  look-round:
    description: Look round
    entitlements: [{target: lightrun-prod, agentPoolIds: ["%s"]}]
    duration: {default: 1h, max: 2h}
    ticket: none
    approval: {count: 1, from: [bob]}
`, tracker.URL, debuggers.URL, pool, pool), 0o600))
	loaded, err := config.Load(path, kinds.ForConfig())
	require.NoError(t, err)
	return loaded
}

// document reads the one JSON document that a command has printed.
func document[T any](t *testing.T, ran result) (value T) {
	t.Helper()
	require.NoError(t, json.Unmarshal([]byte(ran.out), &value), "%s%s", ran.out, ran.errors)
	return value
}

// asked waits until alice has asked for something, and returns what.
func (s *shell) asked(t *testing.T, state string) contract.Status {
	t.Helper()
	var page api.Page
	require.Eventually(t, func() bool {
		page = document[api.Page](t, s.run(t, "alice", "list", "--mine", "--state", state, "-o", "json"))
		return len(page.Requests) > 0
	}, patienceOfTests, 50*time.Millisecond)
	return page.Requests[0]
}
