package zephyr

import (
	"curfew/activities/ticket"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// Kind describes Zephyr, the test management of a Jira site: the kind "zephyr".
func Kind() ticket.ReferencesKind {
	return ticket.ReferencesKind{
		Name:     "zephyr",
		Title:    "Zephyr",
		Tracker:  "jira",
		Settings: func() ticket.ReferencesSettings { return new(Settings) },
	}
}

// Settings describe the Zephyr of one Jira site.
type Settings struct {
	URL   string        `yaml:"url" default:"https://api.zephyrscale.smartbear.com/v2" doc:"The address of Zephyr's REST API; sites whose data is kept in the EU have another one."`
	Token config.Secret `yaml:"token" required:"write env:NAME or file:/path" doc:"A user's API key."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() (err error) {
	s.URL, err = outbound.CheckAddress("url", s.URL, "https://api.zephyrscale.smartbear.com/v2", "the token")
	return err
}

// OpenBeside makes a client beside the Jira that Zephyr is in; it calls nobody.
func (s *Settings) OpenBeside(tracker ticket.System) (ticket.References, error) {
	issues, ok := tracker.(Issues)
	if !ok {
		return nil, contract.Invalid("has no Jira beside it").
			At("tickets.zephyr").
			Advise("set tickets.jira to the site that Zephyr is in")
	}
	return New(*s, issues)
}
