package reload_test

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/zap"
	"go.uber.org/zap/zapcore"
	"go.uber.org/zap/zaptest/observer"

	"curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/internal/testserver/pace"
)

const aHash = "sha256:000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

// living says something in every section.
const living = `
temporal: {address: "temporal:7233"}
server: {listen: "127.0.0.1:8301"}
ledger: {sqlite: ledger.db}
drift: {every: 10m}
watchdog: {grace: 20s}
sweep: {every: 2h}
roles: {operators: [ada]}
seals: {keys: keys.json}
tickets: {jira: {url: "https://jira.example.com", deployment: datacenter, token: file:one}}
incidents: {pagerduty: {token: file:one, from: curfew@example.com}}
notify: {team: {slack: {token: file:one, channel: C012ABCDEF}}}
hooks: {ci: {verify: bearer, secrets: [file:long], person: ada}}
oidc: {issuer: https://login.example.com, clientId: curfew}
people: {ada: {token: file:one, accounts: {db: ada}}, bob: {}}
serviceTokens: {ci: {person: bob, scopes: [ask], expires: "2099-01-31T00:00:00Z", hash: "` + aHash + `"}}
groups: {ops: [ada, bob]}
targets: {db: {kind: postgres, dsn: file:dsn}}
defaults: {ticket: {use: none}}
templates:
  t:
    entitlements: [{target: db, role: r}]
    duration: {default: 1h, max: 2h}
    approval: {count: 1, from: [bob]}
`

// canary is what every secret of these tests contains.
const canary = "c4n4ry"

// folder holds a configuration and the secrets that it refers to.
func folder(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range map[string]string{
		"curfew.yaml": text, "one": canary + "-one", "two": canary + "-two", "long": canary + "-that-is-long-enough",
		"standard": canary + "-that-is-another", "dsn": "postgres://curfew:" + canary + "@127.0.0.1/orders",
		"other-dsn": "postgres://curfew:" + canary + "@127.0.0.1/bills",
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600))
	}
	return dir
}

// alive is a configuration whose file may change.
type alive struct {
	*reload.Live
	file string
	logs *observer.ObservedLogs
	told chan os.Signal
}

func newAlive(t *testing.T) *alive {
	t.Helper()
	a := &alive{file: filepath.Join(folder(t, living), "curfew.yaml"), told: make(chan os.Signal)}
	var err error
	a.Live, err = reload.Open(config.Source{File: a.file, Kinds: kinds.ForConfig()})
	require.NoError(t, err)
	return a
}

// follow lets it follow its file until the test ends.
func (a *alive) follow(t *testing.T) {
	t.Helper()
	core, logs := observer.New(zapcore.InfoLevel)
	a.logs = logs
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan struct{})
	go func() {
		defer close(done)
		a.Follow(ctx, a.told, zap.New(core))
	}()
	t.Cleanup(func() {
		stop()
		<-done
	})
}

// change writes the file with one text in the place of another.
func (a *alive) change(t *testing.T, from, to string) {
	t.Helper()
	require.Contains(t, living, from)
	require.NoError(t, os.WriteFile(a.file, []byte(strings.Replace(living, from, to, 1)), 0o600))
}

// logged waits for a line of the log.
func (a *alive) logged(t *testing.T, text string) observer.LoggedEntry {
	t.Helper()
	require.Eventually(
		t,
		func() bool { return a.logs.FilterMessageSnippet(text).Len() > 0 },
		pace.Patience(),
		20*time.Millisecond,
	)
	return a.logs.FilterMessageSnippet(text).All()[0]
}

func TestAChangeOfTheFileIsTakenOver(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	a.follow(t)
	before := a.Current()

	a.change(t, "max: 2h", "max: 3h")

	require.Equal(t, []any{"templates"}, a.logged(t, "is taken over").ContextMap()["changed"])
	require.Equal(t, 3*time.Hour, a.Current().Templates["t"].Duration.Max.Duration)
	require.NotEqual(t, before.Templates["t"].Digest, a.Current().Templates["t"].Digest)
	require.Equal(t, 2*time.Hour, before.Templates["t"].Duration.Max.Duration, "whoever began with it goes on with it")
}

func TestASignalHasTheFileReadAtOnce(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	a.follow(t)
	secret := filepath.Join(filepath.Dir(a.file), "people")
	require.NoError(t, os.WriteFile(secret, []byte("another"), 0o600))
	a.change(t, "ada: {token: file:one", "ada: {token: file:people")

	a.told <- syscall.SIGHUP

	a.logged(t, "is taken over")
	person, known := a.Current().PersonByToken("another")
	require.True(t, known)
	require.Equal(t, "ada", person)
}

func TestAFileWithMistakesIsRefusedAsAWhole(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	a.follow(t)
	before := a.Current()

	a.change(t, "max: 2h}\n    approval: {count: 1, from: [bob]}", "max: 3h}\n    approval: {count: 1, from: [rob]}")

	said := a.logged(t, "is not taken over").ContextMap()["mistakes"]
	require.Len(t, said, 1)
	require.Contains(t, said.([]any)[0], "templates.t.approval.from[0]: there is no person \"rob\"")
	require.Same(t, before, a.Current())
}

func TestAFileThatIsGoneChangesNothing(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	a.follow(t)
	before := a.Current()

	require.NoError(t, os.Remove(a.file))

	require.Contains(t, a.logged(t, "is not taken over").ContextMap()["mistakes"].([]any)[0], "can't be read")
	require.Same(t, before, a.Current())
}

func TestWhatNeedsARestartIsRefusedAsAWholeWithTheSection(t *testing.T) {
	t.Parallel()
	for section, change := range map[string][2]string{
		"temporal":  {"temporal:7233", "temporal:7234"},
		"server":    {"127.0.0.1:8301", "127.0.0.1:8302"},
		"ledger":    {"ledger.db", "other.db"},
		"watchdog":  {"grace: 20s", "grace: 30s"},
		"sweep":     {"every: 2h", "every: 3h"},
		"seals":     {"keys.json", "others.json"},
		"tickets":   {"jira.example.com", "jira.example.org"},
		"incidents": {"curfew@example.com", "curfew@example.org"},
		"notify":    {"C012ABCDEF", "C012ABCDEG"},
		"hooks":     {"secrets: [file:long]", "secrets: [file:standard]"},
		"oidc":      {"login.example.com", "login.example.org"},
		"targets":   {"{kind: postgres, dsn: file:dsn}", "{kind: postgres, dsn: file:other-dsn}"},
	} {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			a := newAlive(t)
			before := a.Current()
			a.change(t, change[0], change[1])
			text, err := os.ReadFile(a.file)
			require.NoError(t, err)
			require.NoError(
				t,
				os.WriteFile(a.file, []byte(strings.Replace(string(text), "max: 2h", "max: 3h", 1)), 0o600),
			)

			_, err = a.Reload()

			var mistakes config.Errors
			require.ErrorAs(t, err, &mistakes)
			require.Len(t, mistakes, 1)
			require.Equal(t, section, mistakes[0].Field)
			require.Contains(t, mistakes[0].Fix, "restart")
			require.NotContains(t, err.Error(), canary)
			require.Same(t, before, a.Current())
		})
	}
}

func TestWhatIsFollowedIsTakenOverWithTheSection(t *testing.T) {
	t.Parallel()
	for section, change := range map[string][2]string{
		"drift":         {"every: 10m", "every: 11m"},
		"roles":         {"operators: [ada]", "operators: [bob]"},
		"people":        {"ada: {token: file:one", "ada: {token: file:two"},
		"serviceTokens": {"scopes: [ask]", "scopes: [read]"},
		"groups":        {"ops: [ada, bob]", "ops: [ada]"},
		"hooks":         {"person: ada", "person: bob"},
		"templates":     {"role: r}", "role: s}"},
	} {
		t.Run(section, func(t *testing.T) {
			t.Parallel()
			a := newAlive(t)
			a.change(t, change[0], change[1])

			changed, err := a.Reload()

			require.NoError(t, err)
			require.Equal(t, []string{section}, changed)
		})
	}
}

func TestTheSameFileAgainIsNoChange(t *testing.T) {
	t.Parallel()
	a := newAlive(t)

	changed, err := a.Reload()

	require.NoError(t, err)
	require.Empty(t, changed)
}

func TestWhatAProcessKnowsBetterStaysSo(t *testing.T) {
	t.Parallel()
	file := filepath.Join(folder(t, living), "curfew.yaml")
	live, err := reload.Open(
		config.Source{
			File:   file,
			Kinds:  kinds.ForConfig(),
			Adjust: func(c *config.Config) { c.Temporal.Address = "here" },
		},
	)
	require.NoError(t, err)

	changed, err := live.Reload()

	require.NoError(t, err)
	require.Empty(t, changed)
	require.Equal(t, "here", live.Current().Temporal.Address)
}

func TestARunningProcessLearnsThatSomebodyHasLeft(t *testing.T) {
	t.Parallel()
	a := newAlive(t)
	require.NoError(t, os.WriteFile(a.file, []byte(strings.Replace(living, "bob: {}", "bob: {left: true}", 1)), 0o600))
	changed, err := a.Reload()
	require.NoError(t, err)
	require.Contains(t, changed, "people")
	require.True(t, a.Current().HasLeft("bob"))
}
