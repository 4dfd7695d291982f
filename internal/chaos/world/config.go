package world

import (
	"bytes"
	"crypto/rand"
	"fmt"
	"os"
	"path/filepath"
	"text/template"
)

// The names of the configuration.
const (
	Orders    = "orders-db"     // a PostgreSQL server
	Lightrun  = "lightrun-prod" // a stand-in
	ReadRole  = "orders_reading"
	WriteRole = "orders_repair"
	Pool      = "production" // how the one agent pool is called in records
	poolID    = "c0ffee00-0000-4000-8000-000000000001"
)

// Who reviews, operates and administrates.
const (
	Bob   = "bob"
	Carol = "carol"
	Erin  = "erin"
	Frank = "frank"
)

// settings are what the configurations of the server and of the workers are made of. Each has its own, because each
// goes its own ways to the targets and the ledger.
type settings struct {
	Temporal, Listen, Secrets string
	Orders, Lightrun, Jira    string
	SQLite, Postgres          string
	People                    []Person
	Pool                      string
}

// Person is somebody who asks. Account and Email are who they are at the two targets.
type Person struct{ ID, Account, Email string }

var configuration = template.Must(template.New("curfew.yaml").Parse(`
temporal: {address: "{{.Temporal}}"}
server: {listen: "{{.Listen}}"}
ledger: { {{- if .SQLite}}sqlite: "{{.SQLite}}"{{else}}postgres: "file:{{.Postgres}}"{{end -}} }
seals: {key: "{{.Secrets}}/server.pem", decider: "{{.Secrets}}/decider.pem", keys: "{{.Secrets}}/keys.json"}
drift: {every: 20s}
sweep: {every: 1m}
roles: {operators: [erin], admins: [frank]}
groups: {oncall: [{{range $i, $p := .People}}{{if $i}}, {{end}}{{$p.ID}}{{end}}]}
tickets:
  jira: {url: "http://{{.Jira}}", deployment: cloud, user: curfew@example.org, token: "file:{{.Secrets}}/token"}
people:
  bob: {name: Bob, token: "file:{{.Secrets}}/bob"}
  carol: {name: Carol, token: "file:{{.Secrets}}/carol"}
  erin: {name: Erin, token: "file:{{.Secrets}}/erin"}
  frank: {name: Frank, token: "file:{{.Secrets}}/frank"}
{{- range .People}}
  {{.ID}}: {name: {{.ID}}, token: "file:{{$.Secrets}}/{{.ID}}", accounts: {orders-db: {{.Account}}, lightrun-prod: {{.Email}}}}
{{- end}}
targets:
  orders-db: {kind: postgres, dsn: "file:{{.Orders}}"}
  lightrun-prod: {kind: lightrun, url: "http://{{.Lightrun}}", token: "file:{{.Secrets}}/token"}
templates:
  read:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1m, max: 10m}
    approval: {count: 1, from: [bob, carol]}
  write:
    entitlements: [{target: orders-db, role: orders_repair}]
    duration: {default: 1m, max: 10m}
    approval: {count: 1, from: [bob, carol]}
  debug:
    entitlements: [{target: lightrun-prod, agentPoolIds: [{{.Pool}}]}]
    duration: {default: 1m, max: 10m}
    approval: {count: 1, from: [bob, carol]}
  both:
    entitlements:
      - {target: orders-db, role: orders_reading}
      - {target: lightrun-prod, agentPoolIds: [{{.Pool}}]}
    duration: {default: 1m, max: 10m}
    approval: {count: 2, from: [bob, carol]}
  everything:
    entitlements:
      - {target: orders-db, role: orders_reading}
      - {target: orders-db, role: orders_repair}
      - {target: lightrun-prod, agentPoolIds: [{{.Pool}}]}
    duration: {default: 1m, max: 10m}
    approval: {count: 1, from: [bob, carol]}
  planned:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1m, max: 10m}
    startWithin: 1h
    approval: {count: 1, from: [bob, carol]}
  emergency:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1m, max: 10m}
    approval: {count: 1, from: [bob, carol]}
    breakGlass: {groups: [oncall], maxDuration: 10m, reviewWithin: 1h}
  waiting:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1m, max: 10m}
    pending: 8s
    approval: {count: 1, from: [bob, carol]}
`))

// text is the file.
func (s settings) text() ([]byte, error) {
	var text bytes.Buffer
	err := configuration.Execute(&text, s)
	return text.Bytes(), err
}

// writeConfig puts a configuration in the place of a former one, in one step.
func writeConfig(path string, text []byte) error {
	beside := path + ".new"
	if err := os.WriteFile(beside, text, 0o600); err != nil {
		return fmt.Errorf("write a configuration: %w", err)
	}
	return os.Rename(beside, path)
}

// newToken is a token or a password.
func newToken() string { return rand.Text() }

// writeSecret writes a file beside others and returns its path.
func writeSecret(dir, name, secret string) (string, error) {
	path := filepath.Join(dir, name)
	return path, os.WriteFile(path, []byte(secret), 0o600)
}
