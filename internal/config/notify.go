package config

import (
	"maps"
	"slices"
	"strings"

	"curfew/internal/outbound"
	"curfew/internal/signing"
)

// Channel is one way to notify people of requests, by its configured name: exactly one of these.
type Channel struct {
	Slack   *Slack   `yaml:"slack"`
	SMTP    *SMTP    `yaml:"smtp"`
	Teams   *Teams   `yaml:"teams"`
	Webhook *Webhook `yaml:"webhook"`
}

// Kind is what the channel is, by the key that it is written with.
func (c Channel) Kind() string {
	switch {
	case c.Slack != nil:
		return "slack"
	case c.SMTP != nil:
		return "smtp"
	case c.Teams != nil:
		return "teams"
	default:
		return "webhook"
	}
}

// Slack is one channel of one workspace.
type Slack struct {
	Token   Secret `yaml:"token"`   // of Curfew's bot
	Channel string `yaml:"channel"` // its id, like C012ABCDEF
	URL     string `yaml:"url"`     // of the Web API; default https://slack.com/api/
}

// SMTP is one mail server.
type SMTP struct {
	Address  string `yaml:"address"` // host and port
	From     string `yaml:"from"`    // an address, or a name and an address
	User     string `yaml:"user"`
	Password Secret `yaml:"password"`
	// TLS is how the way there is kept private: TLSStart (the default), TLSAlways, or TLSNever, for a server on this
	// machine.
	TLS string `yaml:"tls"`
}

// How mail goes to its server.
const (
	TLSStart  = "starttls"
	TLSAlways = "always"
	TLSNever  = "never"
)

// Teams is one channel of Microsoft Teams, behind a workflow of its own that takes what is posted to an address.
type Teams struct {
	URL Secret `yaml:"url"` // whoever knows it can post
}

// Webhook is a receiver of events.
type Webhook struct {
	URL     string   `yaml:"url"`
	Secrets []Secret `yaml:"secrets"` // each signs, so that the receiver can change over from one to the next
	// AllowPrivate lets the receiver be on this machine or in a private network.
	AllowPrivate bool `yaml:"allowPrivate"`
}

// Guard keeps what is sent to the receiver to the addresses that the settings allow. The address has been checked.
func (w Webhook) Guard() outbound.Guard {
	guard := outbound.Guard{PublicOnly: !w.AllowPrivate, InTheClear: strings.HasPrefix(w.URL, "http:")}
	if w.AllowPrivate {
		guard.Allow = outbound.Loopback()
	}
	return guard
}

// Signer signs what is sent to the receiver.
func (w Webhook) Signer() (signing.Signer, error) { return signing.New(revealed(w.Secrets)...) }

// ChannelNames are the names of all channels, in order.
func (c *Config) ChannelNames() []string { return slices.Sorted(maps.Keys(c.Notify)) }

// ChannelsOf are the channels that notify people of requests for a template: all, unless it says which.
func (c *Config) ChannelsOf(template Template) []string {
	if template.Notify == nil {
		return c.ChannelNames()
	}
	return slices.Sorted(slices.Values(template.Notify))
}
