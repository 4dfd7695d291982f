package config

import (
	"cmp"
	"maps"
	"net/mail"
	"regexp"
	"slices"

	"curfew/workflows/contract"
)

// Incidents says which systems hold incidents.
type Incidents struct {
	PagerDuty  *PagerDuty  `yaml:"pagerduty"`
	ServiceNow *ServiceNow `yaml:"servicenow"`
}

// PagerDuty is one PagerDuty account.
type PagerDuty struct {
	URL   string `yaml:"url"`   // of the REST API; default https://api.pagerduty.com
	Token Secret `yaml:"token"` // a REST API key
	From  string `yaml:"from"`  // the e-mail address of the PagerDuty user in whose name notes are written
}

// ServiceNow is one ServiceNow instance.
type ServiceNow struct {
	URL string `yaml:"url"` // of the instance, like https://example.service-now.com
	// Curfew's own account: OAuth client credentials, or a user with a password.
	ClientID     string `yaml:"clientId"`
	ClientSecret Secret `yaml:"clientSecret"`
	User         string `yaml:"user"`
	Password     Secret `yaml:"password"`
}

const defaultPagerDuty = "https://api.pagerduty.com"

// pagerDutyID is the id of a user, and of everything else at PagerDuty.
var pagerDutyID = regexp.MustCompile(`^[A-Z0-9]{6,14}$`)

func (r *reading) pagerDuty(c *Config, at path) {
	settings := c.Incidents.PagerDuty
	settings.URL = r.address(at.key("url"), cmp.Or(settings.URL, defaultPagerDuty))
	r.behindTLS(at.key("url"), settings.URL, "the API key")
	if settings.Token.IsZero() {
		r.wrong(at.key("token"), contract.Invalid("is missing").Advise("write env:NAME or file:/path"))
	}
	const whose = "write the e-mail address of Curfew's own user at PagerDuty"
	if settings.From == "" {
		r.wrong(at.key("from"), contract.Invalid("is missing").Advise(whose))
	} else if address, err := mail.ParseAddress(settings.From); err != nil || address.Address != settings.From {
		r.wrong(at.key("from"), contract.Invalid("is no e-mail address").Advise(whose))
	}
	r.accountIDs(
		c,
		SystemPagerDuty,
		pagerDutyID,
		contract.Invalid("is no id of a PagerDuty user").
			Advise("copy it from the address of the user's page, like PXPGF42"),
	)
}

// accountIDs holds that accounts on a system are ids: with a name or an address, people would just never be recognized.
func (r *reading) accountIDs(c *Config, system string, form *regexp.Regexp, problem *contract.Problem) {
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		account, told := c.People[id].Accounts[system]
		if told && account != "" && !form.MatchString(account) {
			r.wrong(path{"people", id, "accounts", system}, problem)
		}
	}
}
