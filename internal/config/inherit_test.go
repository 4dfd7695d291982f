package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/config"
	"curfew/workflows/contract"
)

const inheriting = `
groups: {ops: [ada, grace]}
defaults:
  duration: {min: 10m, default: 1h, max: 2h}
  ticket: {use: none}
  approval: {count: 1, from: [ada, grace]}
  incident: {open: true}
  constraints:
    - {name: short, message: ask for an hour, condition: 'request.duration <= duration("1h")'}
    - {name: awake, message: sleep first, condition: now.getHours() > 6}
templates:
  plain:
    entitlements: [{target: db, role: r}]
  own:
    entitlements: [{target: db, role: s}]
    duration: {max: 8h}
    incident: {onCall: 2}
    approvals: [{name: ops, groups: [ops], approve: 2, deny: 2, after: 15m, then: {people: [ada]}}]
    constraints: [{name: short, message: ask for a day, condition: 'request.duration <= duration("24h")'}]
`

func TestATemplateInheritsWhatItDoesNotSay(t *testing.T) {
	t.Parallel()
	c, err := load(t, inheriting+world)
	require.NoError(t, err)
	plain, own := c.Templates["plain"].Rules(), c.Templates["own"].Rules()

	require.Equal(t, lasting(2*time.Hour), c.Templates["plain"].Duration.Max)
	require.Equal(
		t,
		config.Durations{Min: lasting(10 * time.Minute), Default: lasting(time.Hour), Max: lasting(8 * time.Hour)},
		c.Templates["own"].Duration,
	)
	require.Equal(
		t,
		[]contract.ApprovalRule{{Name: contract.DefaultRuleName, Count: 1, From: []string{"ada", "grace"}}},
		plain.Approvals,
	)
	require.Equal(t, []contract.ApprovalRule{
		{
			Name:   "ops",
			Count:  2,
			Groups: []string{"ops"},
			Deny:   2,
			After:  lasting(15 * time.Minute),
			Then:   contract.People{People: []string{"ada"}},
		},
	}, own.Approvals, "one way of writing rules takes the place of the other")
	require.Equal(t, contract.IncidentRule{Required: true, Open: true}, plain.Incident)
	require.Equal(t, contract.IncidentRule{Required: true, Open: true, OnCall: 2}, own.Incident)
	require.Len(t, plain.Constraints, 2)
	require.Equal(
		t,
		[]string{"ask for a day", "sleep first"},
		[]string{own.Constraints[0].Message, own.Constraints[1].Message},
		"constraints add up; one of the same name takes the other's place",
	)
	require.NotEqual(t, c.Templates["plain"].Digest, c.Templates["own"].Digest)
}

func TestEveryRuleIsAPartOfTheDigest(t *testing.T) {
	t.Parallel()
	seen := map[string]string{}
	for _, rule := range []string{
		"description: d", "onBehalf: true", "onBehalf: [ops]", "requesters: {people: [ada]}", "requesters: {groups: [ops]}", "startWithin: 24h",
		"extension: {most: 0}", "extension: {most: 1}", "extension: {total: 1h}", "extension: {review: true}", "reminders: [5m]",
		"incident: {}", "incident: {open: true}", "incident: {onCall: 1}", "endWith: [ticket]", "endWith: [incident]",
		"constraints: [{name: a, message: m, condition: 'true'}]", "constraints: [{name: a, message: m, condition: 'false'}]",
		"automatic: [{name: a, condition: 'true'}]", "breakGlass: {groups: [ops], maxDuration: 1h, reviewWithin: 1h}",
	} {
		sum := digest(t, "groups: {ops: [ada]}\ntemplates:\n  t: {"+rule+", "+role+", "+short+", "+approved+"}\n"+world)
		require.NotContains(t, seen, sum, "%s is like %s", rule, seen[sum])
		seen[sum] = rule
	}
}

func TestRulesAreReadWithoutSecrets(t *testing.T) {
	t.Parallel()
	text := "people: {ada: {token: env:CURFEW_TEST_IS_NOT_SET}, bob: {token: env:CURFEW_TEST_NOR_THIS}}\n" +
		"targets: {db: {kind: postgres, dsn: file:nowhere}}\n" +
		"templates:\n  t: {" + role + ", " + short + ", ticket: none, approval: {count: 1, from: [bob]}}\n"
	c, err := config.LoadRules(folder(t, text)+"/curfew.yaml", kinds)
	require.NoError(t, err)
	require.Len(t, c.Templates["t"].Rules().Approvals, 1)
}
