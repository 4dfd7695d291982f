package compose

import (
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"

	"curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/internal/seal"
	"curfew/internal/testserver/temporal"
	"curfew/workflows/contract"
)

func TestMain(m *testing.M) { os.Exit(temporal.Main(m)) }

// adasToken is what Ada calls with.
const adasToken = "a-token-that-is-long-enough-for-ada"

// configured is a small installation, with keys, that finds Temporal at an address.
func configured(t *testing.T, address string) *reload.Live {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, seal.WriteNew(dir, time.Now()))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "ada"), []byte(adasToken), 0o600))
	hook := "whsec_" + base64.StdEncoding.EncodeToString([]byte(strings.Repeat("k", 32)))
	require.NoError(t, os.WriteFile(filepath.Join(dir, "hook"), []byte(hook), 0o600))
	file := filepath.Join(dir, "curfew.yaml")
	text := fmt.Sprintf(`
temporal: {address: "%s", namespace: %s}
server: {listen: "127.0.0.1:0"}
ledger: {sqlite: ledger.db}
seals: {key: server.pem, decider: decider.pem, keys: keys.json}
people:
  p-ada: {name: Ada Lovelace, token: "file:ada", accounts: {near: ada, far: ada, farther: ada}}
  p-grace: {name: Grace Hopper}
targets:
  near: {kind: webhook, url: "https://near.example.com/access", secrets: ["file:hook"]}
  far: {kind: webhook, url: "https://far.example.com/access", secrets: ["file:hook"], taskQueue: far}
  farther: {kind: webhook, url: "https://farther.example.com/access", secrets: ["file:hook"], taskQueue: far}
templates:
  fix-orders:
    description: Repair orders
    entitlements: [{target: near, name: repair}]
    duration: {default: 30m, max: 2h}
    ticket: none
    approval: {count: 1, from: [p-grace]}
`, address, contract.Namespace)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	live, err := reload.Open(config.Source{File: file, Kinds: kinds.ForConfig()})
	require.NoError(t, err)
	return live
}

func opened(t *testing.T, live *reload.Live) *App {
	t.Helper()
	app, err := Open(t.Context(), live, zap.NewNop())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, app.Close()) })
	return app
}

// get is the status of an answer.
func get(t *testing.T, url, token string) int {
	t.Helper()
	request, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	require.NoError(t, err)
	if token != "" {
		request.Header.Set("Authorization", "Bearer "+token)
	}
	response, err := http.DefaultClient.Do(request)
	require.NoError(t, err)
	require.NoError(t, response.Body.Close())
	return response.StatusCode
}

func TestAServerAnswersWhoeverItKnowsUntilItIsStopped(t *testing.T) {
	t.Parallel()
	app := opened(t, configured(t, temporal.Shared(t).Address))
	listener, err := app.Listen(t.Context())
	require.NoError(t, err)
	ctx, stop := context.WithCancel(t.Context())
	defer stop()
	stopped := make(chan error, 1)
	go func() { stopped <- app.Serve(ctx, listener) }()
	url := "http://" + listener.Addr().String()

	require.Equal(t, http.StatusOK, get(t, url+"/healthz", ""))
	require.Equal(t, http.StatusOK, get(t, url+"/v1/templates", adasToken))
	require.Equal(t, http.StatusUnauthorized, get(t, url+"/v1/templates", adasToken+"s"))
	require.Equal(t, http.StatusUnauthorized, get(t, url+"/v1/templates", ""))

	stop()
	require.NoError(t, <-stopped)
	_, err = http.Get(url + "/healthz") //nolint:noctx // nobody answers
	require.Error(t, err)
}

func TestAServerWithoutTemporalSaysWhatIsToBeLookedAt(t *testing.T) {
	t.Parallel()
	app := opened(t, configured(t, "127.0.0.1:1"))
	listener, err := app.Listen(t.Context())
	require.NoError(t, err)
	defer listener.Close()

	err = app.Serve(t.Context(), listener)

	problem, ok := contract.ProblemOf(err)
	require.True(t, ok, err)
	require.Equal(t, contract.KindUnavailable, problem.Kind)
	require.Equal(t, "temporal.address", problem.Field)
}

func TestALedgerThatCannotBeOpenedIsNamed(t *testing.T) {
	t.Parallel()
	live := configured(t, "127.0.0.1:1")
	broken := *live.Current()
	broken.Ledger.SQLite = filepath.Join(t.TempDir(), "missing", "ledger.db")

	_, err := Open(t.Context(), reload.Fixed(&broken), zap.NewNop())

	require.ErrorContains(t, err, broken.Ledger.SQLite)
}

func TestAWorkerTakesAllTargetsOfATaskQueueOrNone(t *testing.T) {
	t.Parallel()
	live := configured(t, "127.0.0.1:1").Current()
	for name, one := range map[string]struct {
		only   []string
		queues []string
		fault  string
	}{
		"both of one queue":       {only: []string{"far", "farther"}, queues: []string{"far"}},
		"none by name":            {},
		"one of two":              {only: []string{"far"}, fault: "farther is on the task queue far as well"},
		"one without a queue":     {only: []string{"near"}, fault: "no task queue of its own"},
		"one that nobody knows":   {only: []string{"moon"}, fault: `there is no target "moon"`},
		"a name without an end":   {only: []string{strings.Repeat("x", 1000)}, fault: "…"},
		"the same target doubled": {only: []string{"far", "far", "farther"}, queues: []string{"far"}},
	} {
		queues, err := taskQueues(live, one.only)
		if one.fault != "" {
			require.ErrorContains(t, err, one.fault, name)
			continue
		}
		require.NoError(t, err, name)
		require.Equal(t, one.queues, queues, name)
	}
}
