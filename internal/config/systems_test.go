package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident/servicenow"
	"curfew/activities/ticket/zephyr"
	"curfew/workflows/contract"
)

const (
	jiraSite = "tickets: {jira: {url: https://j.example.com, token: file:one, deployment: datacenter}}\n"
	glass    = "breakGlass: {groups: [ops], maxDuration: 1h, reviewWithin: 1h, "
)

func TestP9_EveryMistakeAboutOtherSystemsIsToldWithItsPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	behind := func(ticket string) string {
		return "groups: {ops: [ada]}\ntemplates:\n  t: {" + short + ", " + role + ", " + approved + ", " + glass + ticket + "}}\n" + world
	}
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"nothing of ServiceNow": {"incidents: {servicenow: {}}", []string{
			"curfew.yaml:1:13: incidents.servicenow: does not say how to sign in; write the clientId and clientSecret of an OAuth client, or a user and password",
			"curfew.yaml:1:13: incidents.servicenow.url: is missing; write it like https://example.service-now.com",
		}},
		"ServiceNow in two ways": {
			"incidents: {servicenow: {url: https://s.example.com, clientId: c, clientSecret: file:one, user: u, password: file:two}}", []string{
				"curfew.yaml:1:13: incidents.servicenow: signs in in two ways; keep clientId and clientSecret, or user and password",
			},
		},
		"halves of ServiceNow's credentials": {"incidents: {servicenow: {url: https://s.example.com, clientId: c}}", []string{
			"curfew.yaml:1:13: incidents.servicenow.clientSecret: is missing; write env:NAME or file:/path",
		}},
		"the other half": {"incidents: {servicenow: {url: https://s.example.com, password: file:one}}", []string{
			"curfew.yaml:1:13: incidents.servicenow.user: is missing; write whose secret it is",
		}},
		"ServiceNow's secret is not there": {
			"incidents: {servicenow: {url: https://s.example.com, clientId: c, clientSecret: file:missing}}", []string{
				"curfew.yaml:1:81: incidents.servicenow.clientSecret: the file missing can't be read: no such file or directory; write the path of a file that Curfew may read",
			},
		},
		"ServiceNow in the clear": {"incidents: {servicenow: {url: http://s.example.com, user: u, password: file:one}}", []string{
			"curfew.yaml:1:31: incidents.servicenow.url: would send credentials and incidents in the clear; write it with https://; only a loopback address may do without",
		}},
		"an account at ServiceNow that is no sys_id": {
			"incidents: {servicenow: {url: https://s.example.com, user: u, password: file:one}}\n" +
				"people: {ada: {accounts: {servicenow: ada}}, bob: {accounts: {servicenow: 0123456789abcdef0123456789abcdef}}}", []string{
				"curfew.yaml:2:39: people.ada.accounts.servicenow: is no sys_id of a ServiceNow user; copy the sys_id of the user's record, which has 32 of 0-9 a-f",
			},
		},
		"Zephyr alone": {"tickets: {zephyr: {url: http://z.example.com}}", []string{
			"curfew.yaml:1:11: tickets.zephyr: has no Jira beside it; set tickets.jira to the site that it is in",
			"curfew.yaml:1:11: tickets.zephyr.token: is missing; write env:NAME or file:/path",
			"curfew.yaml:1:25: tickets.zephyr.url: would send the token in the clear; write it with https://; only a loopback address may do without",
		}},
		"a ticket to open without a tracker": {behind("ticket: {project: OPS, type: Task}"), []string{
			"curfew.yaml:3:192: templates.t.breakGlass.ticket: can't be opened: there is no tracker; set tickets.jira, or take it out",
		}},
		"a ticket to open of nothing": {jiraSite + behind("ticket: {project: ops}"), []string{
			"curfew.yaml:4:192: templates.t.breakGlass.ticket.type: is missing; write the name of an issue type of the project, like Task",
			"curfew.yaml:4:210: templates.t.breakGlass.ticket.project: is no project; write what its tickets' keys begin with, like OPS",
		}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.ElementsMatch(t, test.want, mistakes(t, test.text))
		})
	}
}

func TestOtherSystemsAreRead(t *testing.T) {
	t.Parallel()
	c, err := load(t, `
tickets:
  jira: {url: "https://j.example.com", token: file:one, deployment: datacenter}
  zephyr: {token: file:two}
incidents:
  servicenow: {url: "http://127.0.0.1:8080/", user: curfew, password: file:one}
groups: {ops: [ada]}
templates:
  t: {`+short+", "+role+", "+approved+", "+glass+`ticket: {project: OPS, type: Task}}}
`+world)
	require.NoError(t, err)
	require.Equal(t, "https://api.zephyrscale.smartbear.com/v2", c.Tickets.References.Settings.(*zephyr.Settings).URL)
	require.Equal(t, "http://127.0.0.1:8080", c.Incidents["servicenow"].Settings.(*servicenow.Settings).URL)
	require.Contains(t, c.Systems(), "servicenow")
	rule := c.Templates["t"].Rules().BreakGlass
	require.Equal(t, contract.TicketPlace{Project: "OPS", Type: "Task"}, rule.Ticket)

	without, err := load(
		t,
		"groups: {ops: [ada]}\n"+jiraSite+"templates:\n  t: {"+short+", "+role+", "+approved+", "+glass[:len(glass)-2]+"}}\n"+world,
	)
	require.NoError(t, err)
	require.NotEqual(t, without.Templates["t"].Digest, c.Templates["t"].Digest, "requests that sleep see the change")
}
