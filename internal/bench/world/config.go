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
	Role      = "orders_reading" // what both give at the target
	BareRole  = "bare_reading"   // what the floor gives there
)

// Person is somebody who asks, and the account at the target.
type Person struct{ ID, Account string }

func newPerson(n int) Person {
	return Person{ID: fmt.Sprintf("p%05d", n), Account: fmt.Sprintf("account_%05d", n)}
}

// settings are what the configuration is made of.
type settings struct {
	Temporal, Listen, Secrets string
	ServerMetrics             string
	WorkerMetrics             string
	People                    []Person
}

var configuration = template.Must(template.New("curfew.yaml").Parse(`
temporal: {address: "{{.Temporal}}"}
server: {listen: "{{.Listen}}"}
metrics: {server: "{{.ServerMetrics}}", worker: "{{.WorkerMetrics}}"}
ledger: {sqlite: ledger.db}
seals: {key: "{{.Secrets}}/server.pem", decider: "{{.Secrets}}/decider.pem", keys: "{{.Secrets}}/keys.json"}
people:
  bob: {name: Bob, token: "file:{{.Secrets}}/bob"}
{{- range .People}}
  {{.ID}}: {name: {{.ID}}, token: "file:{{$.Secrets}}/{{.ID}}", accounts: {orders-db: {{.Account}}}}
{{- end}}
targets:
  orders-db: {kind: postgres, dsn: "file:{{.Secrets}}/orders"}
templates:
  automatic:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1h, max: 24h}
    ticket: none
    automatic:
      - {name: always, condition: request.duration > duration("0s")}
  reviewed:
    entitlements: [{target: orders-db, role: orders_reading}]
    duration: {default: 1h, max: 24h}
    ticket: none
    approval: {count: 1, from: [bob]}
`))

// write writes the configuration and returns where it is.
func (s settings) write(dir string) (path string, err error) {
	var text strings.Builder
	if err := configuration.Execute(&text, s); err != nil {
		return "", err
	}
	path = filepath.Join(dir, "curfew.yaml")
	return path, os.WriteFile(path, []byte(text.String()), 0o600)
}
