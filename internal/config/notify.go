package config

// Channel is one way in which people are told of requests, by its configured name: exactly one of these.
type Channel struct {
	Slack   *Slack   `yaml:"slack"`
	SMTP    *SMTP    `yaml:"smtp"`
	Teams   *Teams   `yaml:"teams"`
	Webhook *Webhook `yaml:"webhook"`
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
	// TLS is how the way there is kept private: TLSStart (the default), TLSAlways, or TLSNever, for a server on this machine.
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
