package webhook

import (
	"errors"
	"net/url"
	"strings"

	"curfew/activities/notify"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/internal/signing"
	"curfew/workflows/contract"
)

// Kind describes receivers of events: the kind "webhook".
func Kind() notify.Kind {
	return notify.Kind{
		Name:     "webhook",
		Title:    "a webhook",
		Settings: func() notify.Settings { return new(Settings) },
	}
}

// Settings describe one receiver.
type Settings struct {
	URL          string          `yaml:"url" required:"write it like https://events.example.com/curfew" doc:"The address that events are posted to."`
	Secrets      []config.Secret `yaml:"secrets" doc:"One to four secrets, whsec_ and base64. Each signs, so that the receiver can change over from one to the next."`
	AllowPrivate bool            `yaml:"allowPrivate" doc:"Whether the receiver may be on this machine or in a private network."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	return errors.Join(s.checkURL(), s.checkHost(), s.checkSecrets())
}

func (s *Settings) checkURL() error {
	if s.URL == "" {
		return nil // that it is missing is said already
	}
	_, err := outbound.CheckAddress("url", s.URL, "https://events.example.com/curfew", "who gets access")
	return err
}

func (s *Settings) checkHost() error {
	where, err := url.Parse(s.URL)
	if err != nil || where.Hostname() == "" {
		return nil //nolint:nilerr // checkURL says it
	}
	if err := s.guard().CheckHost(where.Hostname()); err != nil && !outbound.InTheClear(s.URL) {
		return contract.Invalid("%v", err).At("url").Advise("name a public address, or set allowPrivate: true")
	}
	return nil
}

func (s *Settings) checkSecrets() error {
	_, err := s.signer()
	return err
}

// guard keeps what is sent to the receiver to the addresses that the settings allow.
func (s *Settings) guard() outbound.Guard {
	guard := outbound.Guard{PublicOnly: !s.AllowPrivate, InTheClear: strings.HasPrefix(s.URL, "http:")}
	if s.AllowPrivate {
		guard.Allow = outbound.Loopback()
	}
	return guard
}

// signer signs what is sent to the receiver.
func (s *Settings) signer() (signing.Signer, error) { return signing.New(config.Reveal(s.Secrets)...) }

// Open makes a client for the receiver; server is the source of its events.
func (s *Settings) Open(server string) (notify.Channel, error) { return New(*s, server) }
