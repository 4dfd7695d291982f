package teams

import (
	"net/url"

	"curfew/activities/notify"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/workflows/contract"
)

// Kind describes channels of Microsoft Teams: the kind "teams".
func Kind() notify.Kind {
	return notify.Kind{
		Name:     "teams",
		Title:    "Microsoft Teams",
		Settings: func() notify.Settings { return new(Settings) },
	}
}

// Settings describe one channel, behind a workflow of its own that takes what is posted to an address.
type Settings struct {
	URL config.Secret `yaml:"url" required:"write env:NAME or file:/path that holds the address of the workflow" doc:"The address of the channel's workflow: whoever knows it can post."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	if s.URL.IsZero() {
		return nil // that it is missing is said already
	}
	where, err := url.Parse(s.URL.Reveal())
	if err != nil || where.Hostname() == "" ||
		where.Scheme != "https" && (where.Scheme != "http" || !outbound.IsLoopback(where.Hostname())) {
		return contract.Invalid("holds no https address").
			At("url").
			Advise("copy the address from the workflow in Teams again")
	}
	return nil
}

// Open makes a client for the workflow.
func (s *Settings) Open(string) (notify.Channel, error) { return New(*s), nil }
