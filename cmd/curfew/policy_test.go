package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/internal/policy"
	"curfew/starter/api"
	"curfew/workflows/contract"
)

const policyConfig = `
people: {ada: {token: env:CURFEW_TEST_IS_NOT_SET}, grace: {}}
targets: {db: {kind: postgres, dsn: env:CURFEW_TEST_IS_NOT_SET}}
templates:
  debug:
    entitlements: [{target: db, role: reader}]
    duration: {default: 1h, max: 2h}
    ticket: none
    approval: {count: 1, from: [ada, grace]}
`

const policyCases = `
cases:
  - {name: waits, template: debug, requester: ada, want: {ruling: review, from: [grace]}}
  - {name: decided, template: debug, requester: ada, reviews: [{by: grace, verdict: approve}], want: {ruling: %s}}
`

// offline runs a command that asks no server.
func offline(t *testing.T, args ...string) result {
	t.Helper()
	return (&shell{now: time.Now}).run(t, "", args...)
}

func written(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.WriteFile(file, []byte(text), 0o600))
	return file
}

func TestPolicyCasesAreTriedWithoutServerOrSecrets(t *testing.T) {
	t.Parallel()
	config := written(t, "curfew.yaml", policyConfig)
	tried := offline(
		t,
		"policy",
		"test",
		"--config",
		config,
		written(t, "cases.yaml", fmt.Sprintf(policyCases, "grant")),
	)
	require.Equal(t, result{code: exitDone, out: "right  waits\nright  decided\n"}, tried)

	tried = offline(t, "policy", "test", "--config", config, written(t, "cases.yaml", fmt.Sprintf(policyCases, "deny")))
	require.Equal(t, exitFailed, tried.code)
	require.Equal(t, "right  waits\nWRONG  decided\n       - ruling: deny\n       + ruling: grant\n", tried.out)
	require.Equal(t, "error: 1 of 2 cases are not decided as they should be\n", tried.errors)

	tried = offline(
		t,
		"policy",
		"test",
		"--config",
		config,
		written(t, "cases.yaml", fmt.Sprintf(policyCases, "maybe")),
	)
	require.Equal(t, exitRefused, tried.code)
}

func TestTheRulesOfTheExampleSayWhatTheyShould(t *testing.T) {
	t.Parallel()
	tried := offline(t, "policy", "test", "--config", "../../examples/oncall.yaml", "../../examples/oncall-cases.yaml")
	require.Equal(t, exitDone, tried.code, tried.out+tried.errors)
	require.Contains(t, tried.out, "right  at night only break-glass access is allowed")
}

func TestAStoredDecisionIsExplained(t *testing.T) {
	t.Parallel()
	asked := time.Date(2026, 3, 2, 12, 0, 0, 0, time.UTC)
	terms := contract.Terms{Digest: "d", MaxDuration: contract.Duration{Duration: time.Hour}, Rules: contract.Rules{
		Approvals: []contract.ApprovalRule{{Name: "peers", Count: 1, From: []string{"grace"}}},
		Constraints: []contract.Constraint{
			{Name: "short", Message: "m", Condition: `request.duration <= duration("1h")`},
		},
	}}
	explained, err := policy.Explain(policy.Facts{
		Request: contract.Request{
			ID:        "r1",
			Template:  "debug",
			Requester: "ada",
			Subject:   "ada",
			Duration:  contract.Duration{Duration: time.Hour},
			AskedAt:   asked,
			Terms:     terms,
		},
		Present: &terms, Now: asked, People: map[string]policy.Person{"ada": {}, "grace": {}},
	}).Packed()
	require.NoError(t, err)
	list := func(explanation json.RawMessage) string {
		text, err := json.Marshal(api.Decisions{Decisions: []ledger.Decision{
			{
				Request:     "r1",
				At:          asked,
				Ruling:      contract.RulingReview,
				Why:         "0 of 1 approvals; grace may review",
				Explanation: explanation,
			},
		}})
		require.NoError(t, err)
		return written(t, "decisions.json", string(text))
	}
	shown := offline(t, "policy", "explain", "--file", list(explained))
	require.Equal(t, exitDone, shown.code, shown.errors)
	require.Contains(t, shown.out, "0 of 1 approvals; grace may review")
	require.Contains(t, shown.out, `holds: request.duration <= duration("1h")`)

	stored, err := policy.Unpack(explained)
	require.NoError(t, err)
	stored.Decision.Ruling = contract.RulingGrant
	other, err := stored.Packed()
	require.NoError(t, err)
	shown = offline(t, "policy", "explain", "--file", list(other))
	require.Equal(t, exitFailed, shown.code)
	require.Contains(t, shown.errors, "this release decides otherwise: review")

	require.Equal(t, exitRefused, offline(t, "policy", "explain").code)
	require.Equal(t, exitRefused, offline(t, "policy", "explain", "r1", "--file", list(other)).code)
	require.Equal(t, exitRefused, offline(t, "policy", "explain", "--file", written(t, "decision.json", "{}")).code)
}
