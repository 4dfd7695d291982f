package pagerduty

import (
	"errors"
	"net/mail"
	"strings"

	"curfew/activities/incident"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// name is what the kind is called in the configuration, and what people's accounts at PagerDuty are called.
const name = "pagerduty"

// Kind describes PagerDuty: the kind "pagerduty".
func Kind() incident.Kind {
	return incident.Kind{
		Name:         name,
		Title:        "PagerDuty",
		Settings:     func() incident.Settings { return new(Settings) },
		CheckAccount: checkAccount,
		Webhooks: &incident.Webhooks{
			IncidentEvents: config.IncidentEvents{
				Usual: []string{
					"incident.triggered", "incident.acknowledged", "incident.reassigned", "incident.priority_updated",
				},
				Resolved:  eventResolved,
				Starts:    func(event string) bool { return strings.HasPrefix(event, "incident.") && event != eventResolved },
				Urgencies: []string{"high", "low"},
			},
			Verifier: verifier, Read: readWebhook, Lenient: true,
		},
	}
}

// Settings describe one PagerDuty account, and Curfew's own user there.
type Settings struct {
	URL   string        `yaml:"url" default:"https://api.pagerduty.com" doc:"The address of the REST API; accounts in the EU have another one."`
	Token config.Secret `yaml:"token" required:"write env:NAME or file:/path" doc:"A REST API key."`
	From  string        `yaml:"from" required:"write the e-mail address of Curfew's own user at PagerDuty" doc:"The e-mail address of the PagerDuty user in whose name Curfew writes notes."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	address, err := outbound.CheckAddress("url", s.URL, "https://api.pagerduty.com", "the API key")
	s.URL = address
	return errors.Join(err, s.checkFrom())
}

func (s *Settings) checkFrom() error {
	if address, err := mail.ParseAddress(s.From); s.From == "" || err == nil && address.Address == s.From {
		return nil // what is missing is said already
	}
	return contract.Invalid("is no e-mail address").
		At("from").
		Advise("write the e-mail address of Curfew's own user at PagerDuty")
}

// Open makes a client for the account; it calls nobody.
func (s *Settings) Open() (incident.System, error) { return New(*s) }

// checkAccount takes ids alone: with a name or an address, a person would just never be recognized.
func checkAccount(account string) error {
	if idPattern.MatchString(account) {
		return nil
	}
	return contract.Invalid("is no id of a PagerDuty user").
		Advise("copy it from the address of the user's page, like PXPGF42")
}
