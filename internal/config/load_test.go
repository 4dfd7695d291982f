package config_test

import (
	"net"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ticket/jira"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

func TestTheExampleIsRight(t *testing.T) {
	for _, name := range []string{
		"CURFEW_JIRA_TOKEN", "CURFEW_TOKEN_ADA", "CURFEW_TOKEN_GRACE", "CURFEW_TOKEN_EDSGER", "CURFEW_LIGHTRUN_TOKEN", "CURFEW_ORDERS_DSN",
	} {
		t.Setenv(name, "the value of "+name)
	}
	c, err := config.Load("../../examples/curfew.yaml", kinds)
	require.NoError(t, err)

	require.Equal(t, "the value of CURFEW_JIRA_TOKEN", c.Tickets.Tracker.Settings.(*jira.Settings).Token.Reveal())
	require.Equal(t, &lightrunSettings{
		URL: "https://app.lightrun.com", Token: config.SecretOf("the value of CURFEW_LIGHTRUN_TOKEN"),
	}, c.Targets["lightrun-prod"].Settings)
	require.Equal(
		t,
		&postgresSettings{DSN: config.SecretOf("the value of CURFEW_ORDERS_DSN")},
		c.Targets["orders-db"].Settings,
	)

	fix := c.Templates["fix-orders"]
	require.Equal(t, "orders-db", fix.Entitlements[0].Target)
	require.JSONEq(t, `{"role": "orders_repair"}`, string(fix.Entitlements[0].Spec))
	require.Equal(t, config.Durations{Default: lasting(30 * time.Minute), Max: lasting(2 * time.Hour)}, fix.Duration)
	require.Equal(t, config.Approval{Count: 2, From: []string{"p-ada", "p-grace", "p-edsger"}}, fix.Approval)
	require.NotEqual(t, c.Templates["debug-prod"].Digest, fix.Digest)
}

func lasting(d time.Duration) contract.Duration { return contract.Duration{Duration: d} }

func TestWhatIsNotSaidHasTheDocumentedDefault(t *testing.T) {
	t.Parallel()
	dir := folder(t, "templates:\n  t: {"+short+", "+role+", approval: {count: 1, from: [ada]}}\n"+
		"tickets: {jira: {url: 'http://jira/base/', deployment: datacenter, token: file:one}}"+world)
	c, err := config.Load(filepath.Join(dir, "curfew.yaml"), kinds)
	require.NoError(t, err)
	require.Equal(t, config.Temporal{}, c.Temporal)
	require.Equal(t, config.Server{Listen: "127.0.0.1:8300", URL: "http://127.0.0.1:8300"}, c.Server)
	require.Equal(t, filepath.Join(dir, "curfew.db"), c.Ledger.SQLite)
	require.Equal(t, "http://jira/base", c.Tickets.Tracker.Settings.(*jira.Settings).URL)
	require.Equal(t, lasting(time.Hour), c.Templates["t"].Pending)
	require.Equal(t, config.TicketRequired, c.Templates["t"].Ticket.Use)
	require.Equal(t, config.SessionsEnd, c.Templates["t"].Sessions)
}

func TestWhatIsSaidIsKept(t *testing.T) {
	t.Parallel()
	c, err := load(t, `
temporal: {address: "temporal:7233", namespace: access}
server: {listen: "0.0.0.0:80", url: "https://curfew.example.com/"}
ledger: {sqlite: /var/lib/curfew/ledger.db}
people: {ada: {name: Ada, token: file:lines, accounts: {app: 007}}, bob: {}}
targets: {app: {kind: lightrun, url: u, lead: 90s, insecure: true, pools: [a, "1"]}}
templates:
  t:
    entitlements: [{target: app, roles: [], agentPoolIds: [p]}]
    duration: {default: 744h, max: 744h}
    pending: 10m
    ticket: optional
    sessions: keep
    approval: {count: 1, from: [bob]}
`)
	require.NoError(t, err)
	require.Equal(t, config.Temporal{Address: "temporal:7233", Namespace: "access"}, c.Temporal)
	require.Equal(t, config.Server{Listen: "0.0.0.0:80", URL: "https://curfew.example.com"}, c.Server)
	require.Equal(t, "/var/lib/curfew/ledger.db", c.Ledger.SQLite)
	require.Equal(t, &lightrunSettings{
		URL: "u", Lead: lasting(90 * time.Second), Insecure: true, Pools: []string{"a", "1"},
	}, c.Targets["app"].Settings)
	require.Equal(t, "keep", c.Templates["t"].Sessions)
	require.Equal(t, "optional", c.Templates["t"].Ticket.Use)
	require.Equal(t, lasting(10*time.Minute), c.Templates["t"].Pending)
	require.Equal(t, canary+"\n", c.People["ada"].Token.Reveal(), "only one newline is trimmed")
	account, known := c.Account("ada", "app")
	require.True(t, known)
	require.Equal(t, "007", account)
}

func TestAPortThatTheSystemChoosesIsAllowed(t *testing.T) {
	t.Parallel()
	c, err := load(t, "server: {listen: '127.0.0.1:0'}")
	require.NoError(t, err)
	_, _, err = net.SplitHostPort(c.Server.Listen)
	require.NoError(t, err)
}

func TestTheDirectoryFindsPeopleAndAccounts(t *testing.T) {
	t.Parallel()
	c, err := load(
		t,
		"people:\n  ada: {token: file:one, accounts: {db: ada}}\n  bob: {token: file:two}\n  cy: {}\n"+systems,
	)
	require.NoError(t, err)
	for token, want := range map[string]string{
		canary + "-one": "ada", canary + "-two": "bob", "": "", canary: "", canary + "-one\n": "",
	} {
		id, ok := c.PersonByToken(token)
		require.Equal(t, want, id)
		require.Equal(t, want != "", ok)
	}
	for _, absent := range [][2]string{{"ada", "app"}, {"bob", "db"}, {"nobody", "db"}} {
		_, ok := c.Account(absent[0], absent[1])
		require.False(t, ok, absent)
	}
}

func TestSettingsOfATypeThatNoFileCanHoldAreAMistakeAndNoPanic(t *testing.T) {
	t.Parallel()
	odd := map[string]config.Kind{"odd": {Settings: func() any {
		return &struct {
			Wait time.Duration `yaml:"wait"`
		}{}
	}}}
	_, err := config.Load(
		filepath.Join(folder(t, "targets: {a: {kind: odd, wait: 1}}"), "curfew.yaml"),
		config.Kinds{Targets: odd},
	)
	require.ErrorContains(t, err, "targets.a.wait: can't be set in a file")
}
