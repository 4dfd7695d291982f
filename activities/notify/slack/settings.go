package slack

import (
	"errors"
	"regexp"

	"curfew/activities/notify"
	"curfew/internal/config"
	"curfew/internal/outbound"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// name is what the kind is called in the configuration, and what people's accounts in Slack are called.
const name = "slack"

// What Slack's ids look like.
var (
	channelPattern = regexp.MustCompile(`^[CG][A-Z0-9]{2,31}$`)
	memberPattern  = regexp.MustCompile(`^[UW][A-Z0-9]{2,31}$`)
)

// Kind describes channels of Slack: the kind "slack".
func Kind() notify.Kind {
	return notify.Kind{
		Name:         name,
		Title:        "Slack",
		Accounts:     name,
		Settings:     func() notify.Settings { return new(Settings) },
		CheckAccount: checkAccount,
		Webhooks:     &notify.Webhooks{Verifier: verifier, Read: readPress, Answer: answer},
	}
}

// Settings describe one channel of one workspace, and Curfew's bot there.
type Settings struct {
	Token   config.Secret `yaml:"token" required:"write env:NAME or file:/path" doc:"The token of Curfew's bot, which begins with xoxb-."`
	Channel string        `yaml:"channel" required:"copy the id from the channel's details in Slack, like C012ABCDEF" doc:"The channel's id, like C012ABCDEF."`
	URL     string        `yaml:"url" default:"https://slack.com/api" doc:"The address of the Web API."`
}

// Validate names what is wrong with the settings. It calls nobody.
func (s *Settings) Validate() error {
	missing := strictyaml.Complete(s)
	address, err := outbound.CheckAddress("url", s.URL, "https://slack.com/api", "Curfew's token")
	s.URL = address
	if s.Channel == "" || channelPattern.MatchString(s.Channel) {
		return errors.Join(missing, err)
	}
	return errors.Join(missing, err, contract.Invalid("is no id of a channel").
		At("channel").
		Advise("copy the id from the channel's details in Slack, like C012ABCDEF"))
}

// Open makes a client for the channel.
func (s *Settings) Open(string) (notify.Channel, error) { return New(*s), nil }

func checkAccount(account string) error {
	if memberPattern.MatchString(account) {
		return nil
	}
	return contract.Invalid("is no id of a member").
		Advise("copy the member's id from their profile in Slack, like U012ABCDEF")
}
