package config_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/incident/pagerduty"
)

func TestP9_MistakesAboutPagerDutyAreToldWithTheirPlaceAndRemedy(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"nothing": {"incidents:\n  pagerduty: {}", []string{
			"curfew.yaml:2:3: incidents.pagerduty.token: is missing; write env:NAME or file:/path",
			"curfew.yaml:2:3: incidents.pagerduty.from: is missing; write the e-mail address of Curfew's own user at PagerDuty",
		}},
		"an API key in the clear": {
			"incidents: {pagerduty: {url: 'http://pagerduty.example.com', token: file:one, from: curfew@example.com}}", []string{
				"curfew.yaml:1:30: incidents.pagerduty.url: would send the API key in the clear; write it with https://; only a loopback address may do without",
			},
		},
		"an API key in the file": {
			"incidents: {pagerduty: {token: " + canary + ", from: curfew@example.com}}", []string{
				"curfew.yaml:1:32: incidents.pagerduty.token: is no reference to a secret; write env:NAME or file:/path, and keep the secret there",
			},
		},
		"a password in the address": {
			"incidents: {pagerduty: {url: 'https://u:" + canary + "@h', token: file:one, from: curfew@example.com}}", []string{
				"curfew.yaml:1:30: incidents.pagerduty.url: holds a user or password; write it like https://api.pagerduty.com",
			},
		},
		"a name beside the address": {
			"incidents: {pagerduty: {token: file:one, from: 'Curfew <curfew@example.com>'}}", []string{
				"curfew.yaml:1:48: incidents.pagerduty.from: is no e-mail address; write the e-mail address of Curfew's own user at PagerDuty",
			},
		},
		"accounts that are no ids": {
			"incidents: {pagerduty: {token: file:one, from: curfew@example.com}}\n" +
				"people:\n  ada: {accounts: {pagerduty: ada@example.com}}\n  bob: {accounts: {pagerduty: PXPGF42}}\n  cy: {accounts: {pagerduty: ''}}", []string{
				"curfew.yaml:3:31: people.ada.accounts.pagerduty: is no id of a PagerDuty user; copy it from the address of the user's page, like PXPGF42",
				"curfew.yaml:5:30: people.cy.accounts.pagerduty: is empty; write the person's name there, or take the line out",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, test.want, mistakes(t, test.text))
		})
	}
}

func TestPagerDutyIsWhereItIsUnlessSaidOtherwise(t *testing.T) {
	t.Parallel()
	c, err := load(t, "incidents: {pagerduty: {token: file:one, from: curfew@example.com}}")
	require.NoError(t, err)
	require.Equal(t, "https://api.pagerduty.com", c.Incidents["pagerduty"].Settings.(*pagerduty.Settings).URL)

	c, err = load(
		t,
		"incidents: {pagerduty: {url: 'http://127.0.0.1:8080/', token: file:one, from: curfew@example.com}}",
	)
	require.NoError(t, err)
	require.Equal(t, "http://127.0.0.1:8080", c.Incidents["pagerduty"].Settings.(*pagerduty.Settings).URL)
}
