package config_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// hooksWorld is what sources of webhooks are about; the secrets are long enough.
const hooksWorld = `
templates:
  t: {` + short + ", " + role + ", " + approved + `}
  ticketed: {` + short + ", " + role + `, ticket: required, approval: {count: 1, from: [ada]}}
tickets: {jira: {url: 'https://jira.example.com', deployment: datacenter, token: file:one}}
incidents: {pagerduty: {token: file:one, from: curfew@example.com}}
` + world

func TestP9_MistakesAboutSourcesAreToldWithTheirPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	hook := func(text string) string { return "hooks:\n  h: {" + text + "}\n" }
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"nothing": {hook(""), []string{
			"curfew.yaml:2:3: hooks.h.verify: is missing; write the kind of system that sends, or standard-webhooks or bearer for a program",
			"curfew.yaml:2:3: hooks.h.secrets: is missing; list at least one reference like env:NAME; without a secret everybody could send",
		}},
		"a name that is no part of an address": {
			"hooks: {a/b: {verify: slack, secrets: [file:long]}}\n", []string{
				"curfew.yaml:1:9: hooks.a/b: is no id; use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit",
			},
		},
		"secrets": {hook("verify: slack, secrets: [file:short, file:long, file:long, file:long, file:long]"), []string{
			"curfew.yaml:2:22: hooks.h.secrets: has 5; keep 4 at most",
			"curfew.yaml:2:32: hooks.h.secrets[0]: is shorter than 16 bytes; make one with `openssl rand -hex 32`",
		}},
		"a secret of Standard Webhooks": {hook("verify: standard-webhooks, secrets: [file:long], person: ada"), []string{
			"curfew.yaml:2:44: hooks.h.secrets[0]: is not whsec_ and base64; refer to a text like whsec_..., which `printf whsec_; openssl rand -base64 32` makes",
		}},
		"in nobody's name": {hook("verify: bearer, secrets: [file:long]"), []string{
			"curfew.yaml:2:3: hooks.h.person: is missing; write in whose name it asks, or mayName: true",
		}},
		"in a stranger's name": {hook("verify: bearer, secrets: [file:long], person: adda"), []string{
			`curfew.yaml:2:53: hooks.h.person: there is no person "adda"; did you mean ada?`,
		}},
		"names where nobody asks": {hook("verify: slack, secrets: [file:long], person: ada"), []string{
			"curfew.yaml:2:52: hooks.h.person: is for bearer and standard-webhooks only; take it out",
		}},
		"what means nothing to a source": {
			hook("verify: slack, secrets: [file:long], mayName: true, routes: [{template: t}], decisions: {approve: Yes}"), []string{
				"curfew.yaml:2:53: hooks.h.mayName: is for bearer and standard-webhooks only; take it out",
				"curfew.yaml:2:68: hooks.h.routes[0]: starts nothing: routes are for jira and pagerduty; take it out",
				"curfew.yaml:2:84: hooks.h.decisions: is for jira only; take it out",
			},
		},
		"routes of incidents": {
			hook("verify: pagerduty, secrets: [file:long], routes: [{template: u, project: OPS, urgency: hi, on: [incident.resolved, x]}, {template: ticketed, duration: 3h}]"), []string{
				`curfew.yaml:2:68: hooks.h.routes[0].template: there is no template "u"; known here: t, ticketed`,
				"curfew.yaml:2:80: hooks.h.routes[0].project: means nothing of an incident; take it out",
				`curfew.yaml:2:94: hooks.h.routes[0].urgency: "hi" is no choice here; known here: high, low`,
				`curfew.yaml:2:103: hooks.h.routes[0].on[0]: "incident.resolved" starts nothing; choose from PagerDuty's, like incident.triggered, incident.acknowledged, incident.reassigned, incident.priority_updated`,
				`curfew.yaml:2:122: hooks.h.routes[0].on[1]: "x" starts nothing; choose from PagerDuty's, like incident.triggered, incident.acknowledged, incident.reassigned, incident.priority_updated`,
				"curfew.yaml:2:138: hooks.h.routes[1].template: ticketed asks for a ticket, which an incident does not have; choose one whose ticket is optional or none",
				"curfew.yaml:2:158: hooks.h.routes[1].duration: 3h is longer than ticketed allows; lower it to at most 2h",
			},
		},
		"routes of tickets": {
			hook("verify: jira, secrets: [file:long], routes: [{template: t, service: S, on: [x]}], decisions: {approve: Yes, deny: 'yes'}"), []string{
				"curfew.yaml:2:52: hooks.h.routes[0].project: is missing: every new ticket of the site would ask for access; write its key, like OPS",
				"curfew.yaml:2:63: hooks.h.routes[0].template: t takes no ticket; choose one whose ticket is required or optional",
				"curfew.yaml:2:75: hooks.h.routes[0].service: means nothing of a ticket; take it out",
				"curfew.yaml:2:78: hooks.h.routes[0].on: means nothing of a ticket: it starts a request when it is created; take it out",
				"curfew.yaml:2:89: hooks.h.decisions: says the same for yes and no; name two statuses",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, mistakes(t, test.text+hooksWorld))
		})
	}
}

func TestP9_ASourceWhoseHintsCanNotBeReadAgainIsAMistake(t *testing.T) {
	t.Parallel()
	require.Equal(t, []string{
		"curfew.yaml:1:28: hooks.a.verify: needs PagerDuty: each incident is read again before anything is done; configure incidents.pagerduty",
		"curfew.yaml:1:74: hooks.b.verify: needs Jira: each ticket is read again before anything is done; configure tickets.jira",
	}, mistakes(t, "hooks: {a: {verify:        pagerduty, secrets: [file:long]}, b: {verify: jira, secrets: [file:long]}}"+world))
}

func TestSourcesAreReadAndTheirDefaultsAreKept(t *testing.T) {
	t.Parallel()
	c, err := load(t, `
hooks:
  pd: {verify: pagerduty, secrets: [file:long], routes: [{template: t, duration: 30m, urgency: high}, {template: t, on: [incident.escalated]}]}
  cron: {verify: standard-webhooks, secrets: [file:standard], mayName: true}
  chat: {verify: slack, secrets: [file:long]}
people:
  ada: {token: file:one, accounts: {db: ada, slack: U0ADA}}
  grace: {}
incidents: {pagerduty: {token: file:one, from: curfew@example.com}}
templates:
  t: {`+short+", "+role+", "+approved+"}\n"+systems)
	require.NoError(t, err)
	pd := c.Hooks["pd"]
	require.Equal(
		t,
		[]string{"incident.triggered", "incident.acknowledged", "incident.reassigned", "incident.priority_updated"},
		pd.Routes[0].On,
	)
	require.Equal(t, 30*time.Minute, pd.Routes[0].Duration.Duration)
	require.Equal(t, []string{"incident.escalated"}, pd.Routes[1].On)
	_, err = c.Hooks["cron"].Signer()
	require.NoError(t, err)
	person, found := c.PersonByAccount("slack", "U0ADA")
	require.True(t, found, "whoever may press a button has an account there")
	require.Equal(t, "ada", person)
}
