// Package promises holds the tests of what Curfew promises, each named after its promise. They run everything for real:
// Temporal, PostgreSQL, the ledger and the worker, with stand-ins held to the vendors' contracts for Lightrun and Jira.
package promises

import (
	"context"
	"crypto/rand"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"text/template"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/stretchr/testify/require"
	"go.temporal.io/sdk/client"
	"go.uber.org/zap"

	"curfew/activities/incident"
	"curfew/activities/kinds"
	"curfew/activities/ledger"
	ledgerpostgres "curfew/activities/ledger/postgres"
	"curfew/activities/ledger/sqlite"
	"curfew/activities/notify"
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/internal/sandbox"
	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/lightrun"
	"curfew/internal/sandbox/pagerduty"
	"curfew/internal/sandbox/vendorcontract"
	"curfew/internal/seal"
	"curfew/internal/testserver/pace"
	"curfew/internal/testserver/postgres"
	"curfew/internal/testserver/temporal"
	"curfew/starter"
	"curfew/worker"
	"curfew/workflows/contract"
)

func TestMain(m *testing.M) { postgres.Main(m) }

const (
	alice = "alice" // asks
	bob   = "bob"   // reviews
	carol = "carol" // reviews
	dave  = "dave"  // a stranger to every request
	erin  = "erin"  // an operator
	frank = "frank" // an admin
	pool  = "c0ffee00-0000-4000-8000-000000000001"
	key   = "OPS-7"
)

// patience is far longer than anything takes, however busy the machine is.
var patience = pace.Patience()

// house is a whole Curfew of the test's own.
type house struct {
	t        testing.TB
	dir      string
	temporal *temporal.Server
	client   client.Client
	config   *config.Config // as the house began
	live     *reload.Live
	ledger   ledgerStore
	// tombstones are the ledger's, or stand before them.
	tombstones ledger.Tombstones
	starter    *starter.Starter
	signer     *seal.Signer // the server's
	decider    *seal.Signer
	verifier   *seal.Verifier

	incidents      incident.Systems
	channels       map[string]notify.Channel
	pagerduty      *pagerduty.Server
	lightrun       *lightrun.Server
	lightrunFaults sandbox.Faults
	jira           *jira.Server
	jiraFaults     sandbox.Faults
	database       *database
	gate           *gate
	server         []temporal.Option
	people         string            // more entries of the directory, in YAML
	upkeep         string            // more sections of the configuration, in YAML
	accounts       string            // more of Alice\'s accounts
	carols         string            // and of Carol's
	targets        string            // more targets
	templates      string            // more templates
	files          map[string]string // more files beside the configuration, by their names
	ownerIsKnown   bool              // a template says that its role owns objects
	ordersQueue    string            // a task queue of the database's own
	engineers      []lightrun.User   // more people whom Lightrun knows
	debuggers      string            // where the stand-in of Lightrun is
	token          string            // of everybody who asks the stand-ins
	ledgerDatabase string            // where the ledger is, for this process; empty for a file
	ledgerWay      string            // and for workers in processes of their own
}

// ledgerStore is a ledger of either kind.
type ledgerStore interface {
	starter.Ledger
	Close() error
}

// keeps puts more sections into the configuration.
func keeps(sections string) func(*house) { return func(h *house) { h.upkeep = sections } }

// through puts a gate before the stand-ins.
func through(g *gate) func(*house) { return func(h *house) { h.gate = g } }

func newHouse(t testing.TB, options ...func(*house)) *house {
	t.Helper()
	h := &house{t: t, dir: t.TempDir(), database: newDatabase(t, postgres.Start(t)), gate: &gate{}}
	for _, option := range options {
		option(h)
	}
	h.temporal = temporal.Start(t, h.server...)
	h.client = h.temporal.Client(t)
	h.configure()
	var err error
	h.ledger, err = h.openLedger()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, h.ledger.Close()) })
	h.tombstones = h.ledger
	h.starter, err = starter.New(starter.Options{
		Temporal: h.client, Config: h.live, Ledger: h.ledger, Tickets: h.tracker(),
		Incidents: h.incidents, Signer: h.signer, Verifier: h.verifier, UntrackedAfter: time.Millisecond,
	})
	require.NoError(t, err)
	return h
}

func (h *house) openLedger() (ledgerStore, error) {
	if h.ledgerDatabase != "" {
		return ledgerpostgres.Open(h.t.Context(), ledgerpostgres.Settings{DSN: config.SecretOf(h.ledgerDatabase)})
	}
	return sqlite.Open(h.t.Context(), h.config.Ledger.SQLite)
}

// newKeys makes the keys that this house's server and its workers seal with.
func (h *house) newKeys() {
	var keys seal.Keys
	for role, signer := range map[seal.Role]**seal.Signer{seal.RoleServer: &h.signer, seal.RoleDecider: &h.decider} {
		key, private, err := seal.NewKey(role, time.Now().Add(-time.Hour))
		require.NoError(h.t, err)
		require.NoError(h.t, os.WriteFile(filepath.Join(h.dir, string(role)+".pem"), private, 0o600))
		*signer, err = seal.ParseSigner(string(private))
		require.NoError(h.t, err)
		keys = append(keys, key)
	}
	require.NoError(h.t, keys.WriteFile(filepath.Join(h.dir, "keys.json")))
	var err error
	h.verifier, err = seal.NewVerifier(keys, time.Now)
	require.NoError(h.t, err)
}

func (h *house) tracker() ticket.Historian {
	h.t.Helper()
	tracker, _, err := kinds.OpenTickets(h.config.Tickets)
	require.NoError(h.t, err)
	return tracker.(ticket.Historian)
}

// configure starts the stand-ins and writes a configuration that leads to them.
func (h *house) configure() {
	t := h.t
	t.Helper()
	token := rand.Text()
	h.token = token
	h.lightrun = lightrun.New(lightrun.Options{
		Keys: []lightrun.Key{{Value: token, Scopes: []lightrun.Scope{lightrun.ScopeDev}}},
		Users: append(
			h.engineers,
			lightrun.User{Email: "alice@example.org"},
			lightrun.User{Email: "carol@example.org"},
		),
		Pools: []lightrun.AgentPool{{ID: pool, Name: "production"}},
	})
	debuggers := httptest.NewServer(h.gate.wrap(h.lightrunFaults.Wrap(
		vendorcontract.Check(t, "lightrun.openapi.json", h.lightrun.Handler(), lightrun.Operations()...))))
	t.Cleanup(debuggers.Close)
	h.debuggers = debuggers.URL
	h.jira = jira.New(
		jira.Options{
			Deployment: jira.Cloud,
			Accounts:   []jira.Account{{ID: "curfew-1", Name: "Curfew", Email: "curfew@example.org", Token: token}},
		},
	)
	h.jira.AddIssue(key, "Orders are late", "In Progress")
	checked := http.NewServeMux()
	checked.Handle("/", vendorcontract.Check(t, "jira-cloud-v2.subset.openapi.json", h.jira.Handler()))
	checked.Handle("/rest/api/2/search/", h.jira.Handler()) // the document at hand leaves it out
	issues := httptest.NewServer(h.gate.wrap(h.jiraFaults.Wrap(checked)))
	t.Cleanup(issues.Close)

	h.newKeys()
	files := map[string]string{"token": token, "dsn": h.database.dsn, "ledger": h.ledgerWay}
	maps.Copy(files, h.files)
	for name, secret := range files {
		require.NoError(t, os.WriteFile(filepath.Join(h.dir, name), []byte(secret), 0o600))
	}
	var text strings.Builder
	require.NoError(t, template.Must(template.New("").Parse(configuration)).Execute(&text, map[string]string{
		"Temporal":    h.temporal.Address,
		"Lightrun":    debuggers.URL,
		"Jira":        issues.URL,
		"Pool":        pool,
		"Role":        h.database.role,
		"People":      h.people,
		"Alice":       h.database.alice,
		"Carol":       h.database.carol,
		"Upkeep":      h.upkeep,
		"LedgerWay":   h.ledgerWay,
		"Accounts":    h.accounts,
		"Carols":      h.carols,
		"Targets":     h.targets,
		"Templates":   h.templates,
		"OrdersQueue": h.ordersQueue,
	}))
	path := filepath.Join(h.dir, "curfew.yaml")
	require.NoError(t, os.WriteFile(path, []byte(text.String()), 0o600))
	var err error
	h.live, err = reload.Open(config.Source{File: path, Kinds: kinds.ForConfig()})
	require.NoError(t, err)
	h.config = h.live.Current()
	h.incidents, err = kinds.OpenIncidents(h.config.Incidents)
	require.NoError(t, err)
	open, faults := kinds.OpenChannels(h.config.Notify, h.config.Server.URL)
	require.Empty(t, faults)
	h.channels = open
}

const configuration = `
temporal: {address: "{{.Temporal}}"}
ledger: {{"{"}}{{if .LedgerWay}}postgres: "file:ledger"{{else}}sqlite: ledger.db{{end}}{{"}"}}
roles: {operators: [erin], admins: [frank]}
seals: {key: server.pem, decider: decider.pem, keys: keys.json}
{{.Upkeep}}
tickets:
  jira: {url: "{{.Jira}}", deployment: cloud, user: curfew@example.org, token: "file:token"}
people:
  alice: {name: Alice, accounts: {lightrun-prod: alice@example.org, orders-db: "{{.Alice}}"{{with .Accounts}}, {{.}}{{end}}}}
  bob: {name: Bob}
  carol: {name: Carol, accounts: {lightrun-prod: carol@example.org, orders-db: "{{.Carol}}"{{with .Carols}}, {{.}}{{end}}}}
  dave: {name: Dave}
  erin: {name: Erin}
  frank: {name: Frank}
{{.People}}
targets:
  lightrun-prod: {kind: lightrun, url: "{{.Lightrun}}", token: "file:token"}
  orders-db:
    kind: postgres
    dsn: "file:dsn"
{{- with .OrdersQueue}}
    taskQueue: {{.}}
{{- end}}
{{.Targets}}
templates:
{{- .Templates}}
  debug:
    entitlements: [{target: lightrun-prod, agentPoolIds: ["{{.Pool}}"]}]
    duration: {default: 1h, max: 8h}
    approval: {count: 1, from: [bob, carol]}
  orders:
    entitlements: [{target: orders-db, role: "{{.Role}}"}]
    duration: {default: 1h, max: 8h}
    approval: {count: 1, from: [bob, carol]}
  kept:
    entitlements: [{target: orders-db, role: "{{.Role}}"}]
    duration: {default: 1h, max: 8h}
    drift: restore
    approval: {count: 1, from: [bob, carol]}
  untold:
    entitlements: [{target: orders-db, role: "{{.Role}}"}]
    duration: {default: 1h, max: 8h}
    ticket: none
    approval: {count: 1, from: [bob]}
  both:
    entitlements:
      - {target: lightrun-prod, agentPoolIds: ["{{.Pool}}"]}
      - {target: orders-db, role: "{{.Role}}"}
    duration: {default: 1h, max: 8h}
    approval: {count: 2, from: [bob, carol]}
`

// work runs a worker until the test ends or stop is called: in this process, or that of a release.
func (h *house) work() (stop func()) {
	h.t.Helper()
	if *released != "" {
		return h.workInAProcess().kill
	}
	return h.workWith(h.ledger)
}

func (h *house) workWith(events ledger.Events) (stop func()) {
	h.t.Helper()
	targets, faults := kinds.OpenTargets(h.config.Targets)
	require.Empty(h.t, faults)
	ctx, cancel := context.WithCancel(context.WithoutCancel(h.t.Context()))
	done := make(chan error, 1)
	go func() {
		done <- worker.Run(ctx, worker.Options{
			Config: h.live, Temporal: h.client, Log: zap.NewNop(), Events: events, Holdings: h.ledger, Tombstones: h.tombstones, Alarms: h.ledger,
			Tickets: h.tracker(), Incidents: h.incidents, Channels: h.channels, Targets: targets, Decisions: h.ledger, Verifier: h.verifier, Signer: h.decider,
		})
	}()
	stopped := false
	stop = func() {
		if !stopped {
			stopped = true
			cancel()
			require.NoError(h.t, <-done)
		}
	}
	h.t.Cleanup(stop)
	return stop
}

// ask makes a request. What is to last for less than a minute lasts as long as the steps of a test need on this machine.
func (h *house) ask(by, template string, duration time.Duration) contract.Status {
	h.t.Helper()
	if duration < time.Minute {
		duration = pace.Lasts(duration)
	}
	status, err := h.starter.Current().Start(h.t.Context(), starter.Ask{
		Template:  template,
		Requester: by,
		Duration:  contract.Duration{Duration: duration},
		Purpose:   contract.Purpose{Reason: "orders are late", Ticket: key},
		Source:    "test",
	})
	require.NoError(h.t, err)
	return status
}

func (h *house) approve(by, id string) contract.Status {
	h.t.Helper()
	status, err := h.starter.Current().Review(
		h.t.Context(),
		by,
		id,
		starter.ReviewInput{Verdict: contract.VerdictApprove, Reason: "go ahead"},
	)
	require.NoError(h.t, err)
	return status
}

// updateReview sends a review straight to the workflow, as somebody with rights on the Temporal namespace can.
func (h *house) updateReview(id, by string) error {
	h.t.Helper()
	handle, err := h.client.UpdateWorkflow(h.t.Context(), client.UpdateWorkflowOptions{
		WorkflowID: contract.RequestWorkflowID(
			id,
		),
		UpdateName:   contract.UpdateReview,
		WaitForStage: client.WorkflowUpdateStageCompleted,
		Args: []any{contract.ReviewInput{Review: contract.Sealed[contract.Review]{Fact: contract.Review{
			Request: id, Reviewer: by, Verdict: contract.VerdictApprove,
		}}}},
	})
	require.NoError(h.t, err)
	return handle.Get(h.t.Context(), nil)
}

// active asks for access and has it approved, and returns when it is there.
func (h *house) active(by, template string, duration time.Duration) contract.Status {
	h.t.Helper()
	id := h.ask(by, template, duration).ID
	status := h.approve(bob, id)
	if status.Needed > 1 {
		h.approve(carol, id)
	}
	return h.await(id, contract.StateActive)
}

// await waits until a request is in a state. One that has ended comes to no other any more.
func (h *house) await(id string, state contract.State) (status contract.Status) {
	h.t.Helper()
	require.Eventually(h.t, func() bool {
		value, err := h.client.QueryWorkflow(h.t.Context(), contract.RequestWorkflowID(id), "", contract.QueryStatus)
		return err == nil && value.Get(&status) == nil &&
			(status.State == state || status.State == contract.StateEnded)
	}, patience, 20*time.Millisecond, "request %s never became %s: %v", id, state, &status)
	require.Equal(h.t, state, status.State, "request %s: %v", id, &status)
	return status
}

// ended waits until a request is over and everything was told.
func (h *house) ended(id string) contract.Status {
	h.t.Helper()
	ctx, cancel := context.WithTimeout(h.t.Context(), patience)
	defer cancel()
	var status contract.Status
	require.NoError(h.t, h.client.GetWorkflow(ctx, contract.RequestWorkflowID(id), "").Get(ctx, &status))
	return status
}

// headlines are the first lines of the ticket's comments about a request.
func (h *house) headlines(id string) []string {
	var lines []string
	for _, comment := range h.jira.Comments(key) {
		if strings.Contains(comment.Body, id) {
			line, _, _ := strings.Cut(comment.Body, "\n")
			lines = append(lines, strings.ReplaceAll(strings.Trim(line, "*"), `\`, ""))
		}
	}
	return lines
}

func (h *house) canDebug(email string) bool { return h.lightrun.Can(email, pool) }

// database is a role that opens a table, and people who may be given it.
type database struct {
	t                               testing.TB
	server                          *postgres.Server
	name, role, alice, carol, table string
	broker, dsn                     string
}

func newDatabase(t testing.TB, server *postgres.Server) *database {
	t.Helper()
	d := &database{t: t, server: server}
	d.name = d.server.NewDatabase(t)
	suffix := strings.ToLower(rand.Text()[:8])
	d.role, d.alice, d.carol, d.table = "reporting_"+suffix, "alice_"+suffix, "carol_"+suffix, "orders_"+suffix
	d.broker = "curfew_" + suffix
	admin := d.server.Connect(t, postgres.Superuser, d.name)
	for _, statement := range []string{
		fmt.Sprintf("CREATE TABLE %s AS SELECT 1 AS id", d.table),
		fmt.Sprintf("CREATE ROLE %s", d.role),
		fmt.Sprintf("GRANT SELECT ON %s TO %s", d.table, d.role),
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", d.alice, d.server.Password()),
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", d.carol, d.server.Password()),
		fmt.Sprintf("CREATE ROLE %s LOGIN PASSWORD '%s'", d.broker, d.server.Password()),
		fmt.Sprintf("GRANT %s TO %s WITH ADMIN OPTION", d.role, d.broker),
		fmt.Sprintf("GRANT pg_signal_backend TO %s", d.broker),
	} {
		_, err := admin.Exec(t.Context(), statement)
		require.NoError(t, err, statement)
	}
	t.Cleanup(func() { _, _ = admin.Exec(context.WithoutCancel(t.Context()), "DROP TABLE "+d.table) })
	d.dsn = d.server.URL(d.broker, d.name)
	return d
}

// can asks the database itself, as the person.
func (d *database) can(account string) bool {
	conn, err := pgx.Connect(d.t.Context(), d.server.URL(account, d.name))
	require.NoError(d.t, err)
	defer conn.Close(context.WithoutCancel(d.t.Context()))
	var rows int
	return conn.QueryRow(d.t.Context(), "SELECT count(*) FROM "+d.table).Scan(&rows) == nil
}
