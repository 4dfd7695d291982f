package world

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"
)

// The names of the configuration.
const (
	Automatic = "automatic" // a template whose requests nobody reviews
	Reviewed  = "reviewed"  // one that Reviewer approves
	Reviewer  = "bob"

	Role     = "orders_reading" // what Automatic and Reviewed give at the target
	BareRole = "bare_reading"   // what the floor gives
)

// Person is somebody who asks, and the account at the target.
type Person struct{ ID, Account string }

func newPerson(n int) Person {
	return Person{ID: fmt.Sprintf("p%05d", n), Account: fmt.Sprintf("a%05d", n)}
}

// settings are what the configuration is made of.
type settings struct {
	Temporal, Listen, Secrets    string
	ServerMetrics, WorkerMetrics string
	PagerDuty                    string
	Opening, Waiting             string // services at PagerDuty
	People                       []Person
	Responders                   int      // so many of the people are on call
	Sleeping                     []string // templates as Automatic, each with a role of its own that is called the same
}

var configuration = template.Must(template.New("curfew.yaml").Funcs(template.FuncMap{"user": userOf}).Parse(`
temporal: {address: "{{.Temporal}}"}
server: {listen: "{{.Listen}}"}
metrics: {server: "{{.ServerMetrics}}", worker: "{{.WorkerMetrics}}"}
ledger: {sqlite: ledger.db}
seals: {key: "{{.Secrets}}/server.pem", decider: "{{.Secrets}}/decider.pem", keys: "{{.Secrets}}/keys.json"}
incidents:
  pagerduty: {url: "{{.PagerDuty}}", token: "file:{{.Secrets}}/pagerduty", from: curfew@example.org}
hooks:
  pd:
    verify: pagerduty
    secrets: ["file:{{.Secrets}}/hook"]
    routes: [{template: oncall, service: {{.Opening}}}, {template: paged, service: {{.Waiting}}}]
people:
  bob: {name: Bob, token: "file:{{.Secrets}}/bob"}
{{- range $i, $p := .People}}
  {{.ID}}: {name: P, token: "file:secrets/{{.ID}}", accounts: {orders-db: {{.Account}}{{if lt $i $.Responders}}, pagerduty: {{user $i}}{{end}}}}
{{- end}}
targets:
  orders-db: {kind: postgres, dsn: "file:{{.Secrets}}/orders"}
templates:
  automatic:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1h, max: 24h}
    ticket: none
    automatic: [{name: always, condition: request.duration > duration("0s")}]
{{- range .Sleeping}}
  {{.}}:
    entitlements: [{target: orders-db, role: {{.}}}]
    duration: {default: 1h, max: 24h}
    ticket: none
    automatic: [{name: always, condition: request.duration > duration("0s")}]
{{- end}}
  reviewed:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1h, max: 24h}
    ticket: none
    approval: {count: 1, from: [bob]}
  oncall:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1h, max: 8h}
    ticket: none
    incident: {services: [{{.Opening}}], open: true, onCall: 1}
    endWith: [incident]
    automatic: [{name: on-call, condition: incident.open && incident.onCall == 1}]
  paged:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1h, max: 8h}
    ticket: none
    approval: {count: 1, from: [bob]}
`))

// Sleeping are the names of templates as Automatic, and of the roles that each of them gives, so that one person can
// have many accesses: a configuration has no room for as many people.
func Sleeping(n int) (names []string) {
	for i := range n {
		names = append(names, fmt.Sprintf("asleep_%03d", i))
	}
	return names
}

// write writes the configuration and returns where it is.
func (s settings) write(dir string) (path string, err error) {
	var text strings.Builder
	if err := configuration.Execute(&text, s); err != nil {
		return "", err
	}
	path = filepath.Join(dir, "curfew.yaml")
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}
