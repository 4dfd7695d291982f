package config_test

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// staffed names people everywhere that a file can.
const staffed = `
roles: {operators: [ada]}
hooks: {ci: {verify: bearer, secrets: [file:long], person: ada}}
people: {ada: {token: file:one, accounts: {db: ada}}, bob: {}}
serviceTokens: {ci: {person: bob, scopes: [ask], expires: "2099-01-31T00:00:00Z", hash: "` + aHash + `"}}
groups: {ops: [ada, bob]}
targets: {db: {kind: postgres, dsn: file:one}}
templates:
  t:
    ticket: none
    entitlements: [{target: db, role: r}]
    duration: {default: 1h, max: 2h}
    approval: {count: 1, from: [bob]}
`

func TestWhoeverHasLeftIsInNothingByWhichTheyMayDoSomething(t *testing.T) {
	t.Parallel()
	c, err := load(t, strings.Replace(staffed, "bob: {}", "bob: {name: Bob, left: true, accounts: {db: bob}}", 1))
	require.NoError(t, err, "the file may still name them everywhere")
	require.NotContains(t, c.People, "bob")
	require.True(t, c.HasLeft("bob"))
	require.False(t, c.HasLeft("ada"))
	require.Empty(t, c.ServiceTokens, "a token stands for a person")
	require.Equal(t, []string{"ada"}, c.Groups["ops"].People)
	require.Equal(t, "Bob", c.Name("bob"), "the story still has a name for them")
	require.Equal(t, "somebody", c.Name("somebody"))
	_, is := c.PersonByAccount("db", "bob")
	require.False(t, is)

	c, err = load(t, strings.Replace(staffed, "ada: {", "ada: {left: true, ", 1))
	require.NoError(t, err)
	require.False(t, c.IsOperator("ada"))
}

func TestWhatNobodyCanDoAnyMoreBecauseSomebodyHasLeftIsNamed(t *testing.T) {
	t.Parallel()
	c, err := load(t, staffed)
	require.NoError(t, err)
	require.Empty(t, c.Vacancies())
	c, err = load(
		t,
		strings.NewReplacer("ada: {", "ada: {left: true, ", "bob: {}", "bob: {left: true}").Replace(staffed),
	)
	require.NoError(t, err, "nobody has to be put in their place first")
	var fields []string
	for _, vacancy := range c.Vacancies() {
		fields = append(fields, vacancy.Field)
		require.NotEmpty(t, vacancy.Fix)
	}
	require.Equal(t, []string{"roles.operators", "hooks.ci.person", "templates.t.approvals[0]"}, fields)
}

func TestAnAccountOfSomebodyWhoHasLeftIsNobodyElses(t *testing.T) {
	t.Parallel()
	require.Contains(
		t,
		mistakes(t, strings.Replace(staffed, "bob: {}", "bob: {left: true, accounts: {db: ada}}", 1)),
		"curfew.yaml:4:88: people.bob.accounts.db: is the account of ada already; give each person one account, and each account one person",
	)
}

func TestTheDelayBeforeMissedPeopleLoseTheirAccessIsBounded(t *testing.T) {
	t.Parallel()
	for after, says := range map[string]string{"10ms": "10ms is too short; write at least 1s", "169h": "169h is too long; write at most 168h"} {
		require.Equal(
			t,
			[]string{"curfew.yaml:1:21: departures.after: " + says},
			mistakes(t, "departures: {after: "+after+"}"+staffed),
		)
	}
	c, err := load(t, staffed)
	require.NoError(t, err)
	require.Equal(t, "15m", c.Departures.After.String())
}
