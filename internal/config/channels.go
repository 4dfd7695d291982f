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
	"curfew/workflows/contract"
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
		r.wrong(at, contract.Invalid("does not say what it is").Advise("write slack, smtp, teams or webhook"))
	case 1:
	default:
		r.wrong(
			at,
			contract.Invalid("is %s at once", strings.Join(kinds, " and ")).Advise("give each a channel of its own"),
		)
	}
}

func (r *reading) slack(slack *Slack, at path) {
	if slack.Token.IsZero() {
		r.wrong(at.key("token"), contract.Invalid("is missing").Advise(howToRefer))
	}
	if !slackChannel.MatchString(slack.Channel) {
		r.wrong(
			at.key("channel"),
			contract.Invalid("is no id of a channel").
				Advise("copy the id from the channel's details in Slack, like C012ABCDEF"),
		)
	}
	slack.URL = r.address(at.key("url"), cmp.Or(slack.URL, defaultSlack))
	r.behindTLS(at.key("url"), slack.URL, "Curfew's token")
}

func (r *reading) smtp(smtp *SMTP, at path) {
	host, port, err := net.SplitHostPort(smtp.Address)
	if number, portErr := strconv.ParseUint(port, 10, 16); err != nil || portErr != nil || number == 0 || host == "" {
		r.wrong(at.key("address"), contract.Invalid("is no host and port").Advise("write it like mail.example.com:587"))
	}
	if from, err := mail.ParseAddress(smtp.From); err != nil || !plainText(from.Address) {
		r.wrong(
			at.key("from"),
			contract.Invalid("is no mail address").Advise("write it like Curfew <curfew@example.com>"),
		)
	}
	if missing := smtp.Password.IsZero(); missing != (smtp.User == "") && !r.lost(at.key("password")) {
		r.wrong(at, contract.Invalid("has one of user and password").Advise("write both user and password, or neither"))
	}
	smtp.TLS = cmp.Or(smtp.TLS, TLSStart)
	r.oneOf(at.key("tls"), smtp.TLS, TLSStart, TLSAlways, TLSNever)
	if smtp.TLS == TLSNever && (smtp.User != "" || err == nil && !outbound.IsLoopback(host)) {
		r.wrong(
			at.key("tls"),
			contract.Invalid("would send mail and password in the clear").
				Advise("write starttls or always; only a server on this machine that asks for no password may do without"),
		)
	}
}

func (r *reading) teams(teams *Teams, at path) {
	if teams.URL.IsZero() {
		r.wrong(
			at.key("url"),
			contract.Invalid("is missing").Advise(howToRefer+" that holds the address of the workflow"),
		)
	}
	if !r.revealed() || teams.URL.IsZero() {
		return
	}
	where, err := url.Parse(teams.URL.Reveal())
	if err != nil || where.Hostname() == "" ||
		where.Scheme != "https" && (where.Scheme != "http" || !outbound.IsLoopback(where.Hostname())) {
		r.wrong(
			at.key("url"),
			contract.Invalid("holds no https address").Advise("copy the address from the workflow in Teams again"),
		)
	}
}

func (r *reading) webhook(webhook *Webhook, at path) {
	if webhook.URL == "" {
		r.wrong(at.key("url"), contract.Invalid("is missing").Advise("write it like https://events.example.com/curfew"))
	} else {
		r.address(at.key("url"), webhook.URL)
	}
	where, err := url.Parse(webhook.URL)
	if err == nil && where.Hostname() != "" {
		r.behindTLS(at.key("url"), webhook.URL, "who gets access")
		if err := webhook.Guard().CheckHost(where.Hostname()); err != nil {
			r.wrong(
				at.key("url"),
				contract.Invalid("%v", err).Advise("name a public address, or set allowPrivate: true"),
			)
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
			r.wrong(
				here.key(SystemSlack),
				contract.Invalid("is no id of a member").
					Advise("copy the member's id from their profile in Slack, like U012ABCDEF"),
			)
		}
		if text, given := accounts[SystemMail]; given {
			if address, err := mail.ParseAddress(text); err != nil || address.Address != text || !plainText(text) {
				r.wrong(
					here.key(SystemMail),
					contract.Invalid("is no mail address").Advise("write it like ada@example.com"),
				)
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
			r.wrong(
				at,
				contract.Invalid("there is no channel %q", shorten(name)).
					Advise(cmp.Or(suggest(name, c.ChannelNames()), "add it to notify")),
			)
		}
		return found
	}
}
