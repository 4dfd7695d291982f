package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const template = `
templates:
  t:
    description: d
    entitlements:
      - {target: app, agentPoolIds: [p], roles: [Standard]}
      - {target: db, role: r}
    duration: {default: 1h, max: 2h}
    pending: 1h
    ticket: none
    sessions: end
    approval: {count: 1, from: [ada, grace]}
`

func digest(t *testing.T, text string) string {
	t.Helper()
	c, err := load(t, text)
	require.NoError(t, err)
	return c.Templates["t"].Digest
}

// The digest is pinned in requests that sleep over releases: if this test fails, they will all see their template as
// changed.
func TestTheDigestOfATemplateStaysTheSame(t *testing.T) {
	t.Parallel()
	const golden = "5166060c6b61ebdd30c3792a7e15ffd9acbf3950f80e2d4cf22c6e486d64810b"
	require.Equal(t, golden, digest(t, template+world))
	require.Equal(t, golden, digest(t, world+`
templates: # other order of keys, defaults left out, the same lengths of time in other units
  t:
    approval: {from: [grace, ada], count: 1}
    ticket: "none"
    duration:
      max: 120m
      default: 60m0s
    entitlements:
      - roles:
        - Standard
        agentPoolIds: ["p"]
        target: app
      - {role: r, target: db}
    description: d
`))
}

func TestAnyChangeOfATemplateChangesItsDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]string{digest(t, template+world): "unchanged"}
	for _, change := range [][2]string{
		{"description: d", "description: e"},
		{"agentPoolIds: [p]", "agentPoolIds: [q]"},
		{"roles: [Standard]", "roles: []"},
		{"      - {target: db, role: r}\n", ""},
		{"target: db", "target: db2"},
		{"role: r", "role: s"},
		{"default: 1h", "default: 1h1s"},
		{"max: 2h", "max: 3h"},
		{"pending: 1h", "pending: 2h"},
		{"ticket: none", "ticket: optional"},
		{"sessions: end", "sessions: keep"},
		{"count: 1", "count: 2"},
		{"from: [ada, grace]", "from: [ada]"},
	} {
		changed := strings.Replace(template, change[0], change[1], 1)
		require.NotEqual(t, template, changed)
		sum := digest(t, changed+world+"  db2: {kind: postgres, dsn: file:two}\n")
		require.NotContains(t, seen, sum, "%s is like %s", change[1], seen[sum])
		seen[sum] = change[1]
	}
}
