package config

import (
	"cmp"
	"maps"
	"net"
	"net/mail"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"curfew/internal/outbound"
)

const (
	defaultSlack = "https://slack.com/api"
	howToRefer   = "write env:NAME or file:/path"
)

// What Slack's ids look like.
var (
	slackChannel = regexp.MustCompile(`^[CG][A-Z0-9]{2,31}$`)
	slackMember  = regexp.MustCompile(`^[UW][A-Z0-9]{2,31}$`)
)

func (r *reading) channels(c *Config, at path) {
	r.names(at, maps.Keys(c.Notify))
	for _, name := range c.ChannelNames() {
		r.channel(c.Notify[name], at.key(name))
	}
	r.reachable(c, path{"people"})
}

// channel holds that a channel is one thing.
func (r *reading) channel(channel Channel, at path) {
	var kinds []string
	is := func(kind string, there bool) bool {
		if there || r.lost(at.key(kind)) {
			kinds = append(kinds, kind)
		}
		return there
	}
	if is("slack", channel.Slack != nil) {
		r.slack(channel.Slack, at.key("slack"))
	}
	if is("smtp", channel.SMTP != nil) {
		r.smtp(channel.SMTP, at.key("smtp"))
	}
	if is("teams", channel.Teams != nil) {
		r.teams(channel.Teams, at.key("teams"))
	}
	if is("webhook", channel.Webhook != nil) {
		r.webhook(channel.Webhook, at.key("webhook"))
	}
	switch len(kinds) {
	case 0:
		r.wrong(at, "write slack, smtp, teams or webhook", "does not say what it is")
	case 1:
	default:
		r.wrong(at, "give each a channel of its own", "is %s at once", strings.Join(kinds, " and "))
	}
}

func (r *reading) slack(slack *Slack, at path) {
	if slack.Token.IsZero() {
		r.wrong(at.key("token"), howToRefer, "is missing")
	}
	if !slackChannel.MatchString(slack.Channel) {
		r.wrong(at.key("channel"), "copy the id from the channel's details in Slack, like C012ABCDEF", "is no id of a channel")
	}
	slack.URL = r.address(at.key("url"), cmp.Or(slack.URL, defaultSlack))
	r.behindTLS(at.key("url"), slack.URL, "Curfew's token")
}

func (r *reading) smtp(smtp *SMTP, at path) {
	host, port, err := net.SplitHostPort(smtp.Address)
	if number, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || number == 0 || host == "" {
		r.wrong(at.key("address"), "write it like mail.example.com:587", "is no host and port")
	}
	if from, err := mail.ParseAddress(smtp.From); err != nil || !plainText(from.Address) {
		r.wrong(at.key("from"), "write it like Curfew <curfew@example.com>", "is no mail address")
	}
	if missing := smtp.Password.IsZero(); missing != (smtp.User == "") && !r.lost(at.key("password")) {
		r.wrong(at, "write both user and password, or neither", "has one of user and password")
	}
	smtp.TLS = cmp.Or(smtp.TLS, TLSStart)
	r.oneOf(at.key("tls"), smtp.TLS, TLSStart, TLSAlways, TLSNever)
	if smtp.TLS == TLSNever && (smtp.User != "" || err == nil && !outbound.IsLoopback(host)) {
		r.wrong(at.key("tls"), "write starttls or always; only a server on this machine that asks for no password may do without",
			"would send mail and password in the clear")
	}
}

func (r *reading) teams(teams *Teams, at path) {
	if teams.URL.IsZero() {
		r.wrong(at.key("url"), howToRefer+" that holds the address of the workflow", "is missing")
	}
	if !r.revealed() || teams.URL.IsZero() {
		return
	}
	where, err := url.Parse(teams.URL.Reveal())
	if err != nil || where.Hostname() == "" || where.Scheme != "https" && (where.Scheme != "http" || !outbound.IsLoopback(where.Hostname())) {
		r.wrong(at.key("url"), "copy the address from the workflow in Teams again", "holds no https address")
	}
}

func (r *reading) webhook(webhook *Webhook, at path) {
	if webhook.URL == "" {
		r.wrong(at.key("url"), "write it like https://events.example.com/curfew", "is missing")
	} else {
		r.address(at.key("url"), webhook.URL)
	}
	where, err := url.Parse(webhook.URL)
	if err == nil && where.Hostname() != "" {
		r.behindTLS(at.key("url"), webhook.URL, "who gets access")
		if err := webhook.Guard().CheckHost(where.Hostname()); err != nil {
			r.wrong(at.key("url"), "name a public address, or set allowPrivate: true", "%v", err)
		}
	}
	if !r.revealed() || r.lost(at.key("secrets")) || slices.ContainsFunc(webhook.Secrets, Secret.IsZero) {
		return
	}
	if _, err := webhook.Signer(); err != nil {
		r.refused(at, err)
	}
}

// revealed is true when secrets were read; otherwise only where they are is known.
func (r *reading) revealed() bool { return r.secrets == nil }

// reachable holds that what the directory says of people's accounts on channels can be one.
func (r *reading) reachable(c *Config, at path) {
	for _, id := range slices.Sorted(maps.Keys(c.People)) {
		accounts, here := c.People[id].Accounts, at.key(id).key("accounts")
		if member, given := accounts[SystemSlack]; given && !slackMember.MatchString(member) {
			r.wrong(here.key(SystemSlack), "copy the member's id from their profile in Slack, like U012ABCDEF", "is no id of a member")
		}
		if text, given := accounts[SystemMail]; given {
			if address, err := mail.ParseAddress(text); err != nil || address.Address != text || !plainText(text) {
				r.wrong(here.key(SystemMail), "write it like ada@example.com", "is no mail address")
			}
		}
	}
}

// plainText is true for ASCII: mail servers don't agree on how other addresses are written.
func plainText(text string) bool {
	return !strings.ContainsFunc(text, func(r rune) bool { return r > unicode.MaxASCII })
}

// isChannel refuses a channel that is not configured.
func (r *reading) isChannel(c *Config) func(string, path) bool {
	return func(name string, at path) bool {
		_, found := c.Notify[name]
		if !found && !r.lost(path{"notify"}) {
			r.wrong(at, cmp.Or(suggest(name, c.ChannelNames()), "add it to notify"), "there is no channel %q", shorten(name))
		}
		return found
	}
}
