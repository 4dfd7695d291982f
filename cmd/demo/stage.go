package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"strings"
	texttemplate "text/template"
	"time"

	"curfew/activities/kinds"
	"curfew/internal/config"
	"curfew/internal/sandbox/jira"
	"curfew/internal/sandbox/lightrun"
	"curfew/internal/sandbox/pagerduty"
	"curfew/internal/seal"
)

const (
	template = "debug-prod"
	pool     = "c0ffee00-0000-4000-8000-000000000001"
	email    = "alice@example.org"
	issue    = "OPS-7"

	onCall   = "on-call" // the template of whoever answers to an incident
	incident = "PT4KHLK"
	shop     = "PSHOP01" // a service at PagerDuty
	aliceAt  = "PALICE1" // Alice at PagerDuty
)

// stage is the stand-ins, and the configuration that leads to them.
type stage struct {
	config   *config.Config
	lightrun *lightrun.Server
	jira     *jira.Server
	pager    *pagerduty.Server
	api      net.Listener
	servers  []*http.Server
	curfew   string            // the program
	tokens   map[string]string // by person
}

func newStage(dir string, o Options) (*stage, error) {
	secret := rand.Text()
	s := newSystems(secret)
	s.curfew, s.tokens = o.Curfew, map[string]string{"alice": rand.Text(), "bob": rand.Text()}
	if err := s.open(dir, o, secret); err != nil {
		return nil, err
	}
	return s, nil
}

// newSystems makes the sandboxes of the systems that the demo's Curfew works with, all with the same key.
func newSystems(secret string) *stage {
	s := &stage{
		lightrun: lightrun.New(lightrun.Options{
			Keys:  []lightrun.Key{{Value: secret, Scopes: []lightrun.Scope{lightrun.ScopeDev}}},
			Users: []lightrun.User{{Email: email}},
			Pools: []lightrun.AgentPool{{ID: pool, Name: "production"}},
		}),
		jira: jira.New(
			jira.Options{
				Deployment: jira.Cloud,
				Accounts: []jira.Account{
					{ID: "curfew-1", Name: "Curfew", Email: "curfew@example.org", Token: secret},
				},
			},
		),
		pager: pagerduty.New(pagerduty.Options{
			Key: secret, Secrets: []string{secret},
			Users: []pagerduty.User{
				{
					ID:    aliceAt,
					Name:  "Alice",
					Email: email,
				},
				{ID: "PCURFEW", Name: "Curfew", Email: "curfew@example.org"},
			},
			Services: []pagerduty.Service{{ID: shop, Name: "shop", Policy: "PPOLICY"}},
			Turns:    []pagerduty.Turn{{Policy: "PPOLICY", Level: 1, User: aliceAt}},
		}),
	}
	s.jira.AddIssue(issue, "Orders are late", "In Progress")
	return s
}

// open serves the systems, and writes what configures Curfew for them.
func (s *stage) open(dir string, o Options, secret string) error {
	debuggers, err := s.serve(s.lightrun.Handler())
	if err != nil {
		return err
	}
	tracker, err := s.serve(s.jira.Handler())
	if err != nil {
		return err
	}
	pages, err := s.serve(s.pager.Handler())
	if err != nil {
		return err
	}
	if s.api, err = net.Listen("tcp", "127.0.0.1:0"); err != nil { //nolint:noctx // it is there at once
		return err
	}
	for name, text := range map[string]string{"alice": s.tokens["alice"], "bob": s.tokens["bob"], "secret": secret} {
		if err := write(dir, name, text); err != nil {
			return err
		}
	}
	if err := seal.WriteNew(dir, time.Now()); err != nil {
		return err
	}
	var text strings.Builder
	if err := configuration.Execute(&text, map[string]any{
		"Temporal": o.Temporal, "Namespace": o.Namespace, "Listen": s.api.Addr(), "Jira": tracker, "PagerDuty": pages,
		"Lightrun": debuggers, "Pool": pool, "Shop": shop, "Alice": aliceAt,
	}); err != nil {
		return err
	}
	if err := write(dir, "curfew.yaml", text.String()); err != nil {
		return err
	}
	s.config, err = load(dir, kinds.ForConfig())
	return err
}

var configuration = texttemplate.Must(texttemplate.New("curfew.yaml").Parse(`
temporal: {address: "{{.Temporal}}", namespace: "{{.Namespace}}"}
server: {listen: "{{.Listen}}"}
ledger: {sqlite: ledger.db}
seals: {key: server.pem, decider: decider.pem, keys: keys.json}
tickets:
  jira: {url: "{{.Jira}}", deployment: cloud, user: curfew@example.org, token: "file:secret"}
incidents:
  pagerduty: {url: "{{.PagerDuty}}", token: "file:secret", from: curfew@example.org}
hooks:
  pagerduty:
    verify: pagerduty
    secrets: ["file:secret"]
    routes: [{service: {{.Shop}}, template: on-call}]
people:
  alice: {name: Alice, token: "file:alice", accounts: {lightrun-prod: alice@example.org, pagerduty: {{.Alice}}}}
  bob: {name: Bob, token: "file:bob"}
targets:
  lightrun-prod: {kind: lightrun, url: "{{.Lightrun}}", token: "file:secret"}
templates:
  debug-prod:
    description: Debug production with Lightrun
    entitlements: [{target: lightrun-prod, agentPoolIds: ["{{.Pool}}"]}]
    duration: {default: 20s, max: 5m}
    approval: {count: 1, from: [bob]}
  on-call:
    description: Debug production while you answer to an incident
    entitlements: [{target: lightrun-prod, agentPoolIds: ["{{.Pool}}"]}]
    duration: {default: 5m, max: 1h}
    ticket: {use: optional, open: {project: OPS, type: Task}}
    incident: {services: [{{.Shop}}], open: true, onCall: 1}
    automatic: [{name: on-call, condition: incident.open && incident.onCall == 1}]
    endWith: [incident]
`))

// serve puts a handler on a free loopback port and returns its address.
func (s *stage) serve(handler http.Handler) (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0") //nolint:noctx // it is there at once
	if err != nil {
		return "", err
	}
	server := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second}
	s.servers = append(s.servers, server)
	go func() { _ = server.Serve(listener) }() // it says only that it was closed
	return "http://" + listener.Addr().String(), nil
}

func (s *stage) close() {
	for _, server := range s.servers {
		_ = server.Close() // nobody is left to be told
	}
}

// can is what Lightrun would answer: may Alice debug production at this moment?
func (s *stage) can() bool { return s.lightrun.Can(email, pool) }

// awaitAccess returns when Lightrun's answer is as wanted.
func (s *stage) awaitAccess(ctx context.Context, want bool, within time.Duration) error {
	ctx, done := context.WithTimeout(ctx, within)
	defer done()
	look := time.NewTicker(5 * time.Millisecond)
	defer look.Stop()
	for s.can() != want {
		select {
		case <-look.C:
		case <-ctx.Done():
			return fmt.Errorf("Lightrun still answers %s after %s", yesNo(!want), within)
		}
	}
	return nil
}

func yesNo(yes bool) string {
	if yes {
		return "yes"
	}
	return "no"
}
