package config_test

import (
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/notify/slack"
	"curfew/activities/notify/smtp"
	"curfew/internal/config"
)

const signingKey = "whsec_" // and a key

// told loads a configuration beside which the secrets of channels are.
func told(t *testing.T, text string) (*config.Config, error) {
	t.Helper()
	dir := folder(t, text)
	for name, secret := range map[string]string{
		"key":   signingKey + base64.StdEncoding.EncodeToString([]byte(strings.Repeat(canary, 4))),
		"teams": "https://prod-1.westeurope.logic.azure.com/workflows/" + canary + "?sig=" + canary,
	} {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(secret), 0o600))
	}
	return config.Load(filepath.Join(dir, "curfew.yaml"), kinds)
}

const channels = `
people:
  ada: {accounts: {slack: U012ABCDEF, mail: ada@example.com}}
  grace: {}
notify:
  chat: {slack: {token: file:one, channel: C012ABCDEF}}
  mail: {smtp: {address: 'mail.example.com:587', from: Curfew <curfew@example.com>, user: curfew, password: file:one}}
  local: {smtp: {address: 'localhost:25', from: curfew@example.com, tls: never}}
  team: {teams: {url: file:teams}}
  events: {webhook: {url: https://events.example.com/curfew, secrets: [file:key]}}
  inner: {webhook: {url: 'http://127.0.0.1:8080/curfew', secrets: [file:key, file:key], allowPrivate: true}}
` + systems

func TestChannelsAreReadWithWhatTheyMeanWhenTheyDoNotSay(t *testing.T) {
	t.Parallel()
	c, err := told(t, channels)
	require.NoError(t, err)
	require.Equal(t, []string{"chat", "events", "inner", "local", "mail", "team"}, c.ChannelNames())
	require.Equal(t, "https://slack.com/api", c.Notify["chat"].Settings.(*slack.Settings).URL)
	require.Equal(t, smtp.TLSStart, c.Notify["mail"].Settings.(*smtp.Settings).TLS)
	account, found := c.Account("ada", "mail")
	require.True(t, found)
	require.Equal(t, "ada@example.com", account)
}

func TestARequestPinsTheChannelsOfItsTemplate(t *testing.T) {
	t.Parallel()
	c, err := told(t, "templates:\n  all: {"+role+", "+short+", "+approved+"}\n"+
		"  some: {"+role+", "+short+", "+approved+", notify: [team, chat]}\n"+
		"  none: {"+role+", "+short+", "+approved+", notify: []}\n"+
		"  other: {"+role+", "+short+", "+approved+", notify: [chat, team]}\n"+channels)
	require.NoError(t, err)
	for template, want := range map[string][]string{
		"all": {"chat", "events", "inner", "local", "mail", "team"}, "some": {"chat", "team"}, "other": {"chat", "team"}, "none": nil,
	} {
		terms, _ := c.Terms(c.Templates[template], "ada")
		require.Equal(t, want, terms.Channels, template)
	}
	require.Equal(t, c.Templates["some"].Digest, c.Templates["other"].Digest, "the order means nothing")
	require.NotEqual(t, c.Templates["all"].Digest, c.Templates["none"].Digest)
	require.NotEqual(t, c.Templates["all"].Digest, c.Templates["some"].Digest)
	require.NotEqual(t, c.Templates["some"].Digest, c.Templates["none"].Digest)
}

func TestTheRulesAreReadWithoutTheSecretsOfChannels(t *testing.T) {
	t.Parallel()
	_, err := config.LoadRules(filepath.Join(folder(t, channels), "curfew.yaml"), kinds)
	require.NoError(t, err)
}

func TestP9_EveryMistakeInAChannelIsTold(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		text string
		want []string
	}{
		"kinds": {
			"notify:\n  a: {}\n  b: {slack: {token: file:one, channel: C012ABCDEF}, teams: {url: file:one}}\n  c: {slak: {}}\n  D: {teams: 7}", []string{
				"curfew.yaml:2:3: notify.a: does not say what it is; write slack, smtp, teams or webhook",
				"curfew.yaml:3:3: notify.b: is slack and teams at once; give each a channel of its own",
				"curfew.yaml:3:67: notify.b.teams.url: holds no https address; copy the address from the workflow in Teams again",
				"curfew.yaml:4:7: notify.c.slak: is no key that is known here; did you mean slack?",
				"curfew.yaml:5:3: notify.D: is no id; use up to 63 of a-z 0-9 . _ -, and begin with a letter or digit",
				"curfew.yaml:5:14: notify.D.teams: holds no keys and values; write key: value lines below it",
			},
		},
		"slack": {
			"notify:\n  a: {slack: {channel: '#ops'}}\n  b: {slack: {token: file:one, channel: C012ABCDEF, url: 'http://slack.example.com'}}", []string{
				"curfew.yaml:2:7: notify.a.slack.token: is missing; write env:NAME or file:/path",
				"curfew.yaml:2:24: notify.a.slack.channel: is no id of a channel; copy the id from the channel's details in Slack, like C012ABCDEF",
				"curfew.yaml:3:58: notify.b.slack.url: would send Curfew's token in the clear; write it with https://; only a loopback address may do without",
			},
		},
		"smtp": {
			"notify:\n  a: {smtp: {}}\n  b: {smtp: {address: mail.example.com, from: nobody, user: curfew, tls: always}}\n" +
				"  c: {smtp: {address: 'mail.example.com:25', from: c@example.com, tls: never}}\n" +
				"  d: {smtp: {address: 'localhost:25', from: c@example.com, tls: never, user: curfew, password: file:one}}\n" +
				"  e: {smtp: {address: ':0', from: ä@example.com, tls: sometimes}}", []string{
				"curfew.yaml:2:7: notify.a.smtp.address: is missing; write it like mail.example.com:587",
				"curfew.yaml:2:7: notify.a.smtp.from: is missing; write it like Curfew <curfew@example.com>",
				"curfew.yaml:3:7: notify.b.smtp: has one of user and password; write both user and password, or neither",
				"curfew.yaml:3:23: notify.b.smtp.address: is no host and port; write it like mail.example.com:587",
				"curfew.yaml:3:47: notify.b.smtp.from: is no mail address; write it like Curfew <curfew@example.com>",
				"curfew.yaml:4:72: notify.c.smtp.tls: would send mail and password in the clear; write starttls or always; only a server on this machine that asks for no password may do without",
				"curfew.yaml:5:65: notify.d.smtp.tls: would send mail and password in the clear; write starttls or always; only a server on this machine that asks for no password may do without",
				"curfew.yaml:6:23: notify.e.smtp.address: is no host and port; write it like mail.example.com:587",
				"curfew.yaml:6:35: notify.e.smtp.from: is no mail address; write it like Curfew <curfew@example.com>",
				`curfew.yaml:6:55: notify.e.smtp.tls: "sometimes" is no choice here; known here: always, never, starttls`,
			},
		},
		"teams": {"notify:\n  a: {teams: {}}", []string{
			"curfew.yaml:2:7: notify.a.teams.url: is missing; write env:NAME or file:/path that holds the address of the workflow",
		}},
		"webhook": {
			"notify:\n  a: {webhook: {}}\n  b: {webhook: {url: 'http://events.example.com', secrets: [file:one]}}\n" +
				"  c: {webhook: {url: 'https://10.0.0.1/?a=b', secrets: [file:key, file:one]}}\n" +
				"  d: {webhook: {url: 'https://169.254.169.254', secrets: [file:key], allowPrivate: true}}", []string{
				"curfew.yaml:2:7: notify.a.webhook.url: is missing; write it like https://events.example.com/curfew",
				"curfew.yaml:2:7: notify.a.webhook.secrets: has 0; list 1 to 4",
				"curfew.yaml:3:22: notify.b.webhook.url: would send who gets access in the clear; write it with https://; only a loopback address may do without",
				"curfew.yaml:3:61: notify.b.webhook.secrets[0]: is not whsec_ and base64; refer to a text like whsec_..., which `printf whsec_; openssl rand -base64 32` makes",
				"curfew.yaml:4:22: notify.c.webhook.url: holds more than a host and path; write it like https://events.example.com/curfew",
				"curfew.yaml:4:22: notify.c.webhook.url: 10.0.0.1 is in a private network, which the settings do not allow; name a public address, or set allowPrivate: true",
				"curfew.yaml:4:67: notify.c.webhook.secrets[1]: is not whsec_ and base64; refer to a text like whsec_..., which `printf whsec_; openssl rand -base64 32` makes",
				"curfew.yaml:5:22: notify.d.webhook.url: 169.254.169.254 is a loopback, link-local or metadata address that the settings do not allow; name a public address, or set allowPrivate: true",
			},
		},
		"accounts": {
			"people:\n  ada: {accounts: {slack: ada, mail: 'Ada <ada@example.com>'}}\n  bob: {accounts: {mail: \"bob@example.com\\r\\nBcc: eve@example.com\"}}\n" +
				"notify:\n  a: {slack: {token: file:one, channel: C012ABCDEF}}\n  b: {smtp: {address: 'a:25', from: c@example.com}}", []string{
				"curfew.yaml:2:27: people.ada.accounts.slack: is no id of a member; copy the member's id from their profile in Slack, like U012ABCDEF",
				"curfew.yaml:2:38: people.ada.accounts.mail: is no mail address; write it like ada@example.com",
				"curfew.yaml:3:26: people.bob.accounts.mail: is no mail address; write it like ada@example.com",
			},
		},
		"templates": {
			"notify: {chat: {slack: {token: file:one, channel: C012ABCDEF}}}\ntemplates:\n  t: {" + role + ", " + short + ", " + approved + ", notify: [chatt, chat, chat]}\n" + world, []string{
				`curfew.yaml:3:138: templates.t.notify[0]: there is no channel "chatt"; did you mean chat?`,
				"curfew.yaml:3:151: templates.t.notify[2]: chat is there already; take it out",
			},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := told(t, test.text)
			require.Error(t, err)
			var lines []string
			for line := range strings.SplitSeq(err.Error(), "\n") {
				_, mistake, found := strings.Cut(line, "curfew.yaml:")
				require.True(t, found, line)
				lines = append(lines, "curfew.yaml:"+mistake)
			}
			require.Equal(t, test.want, lines)
			require.NotContains(t, err.Error(), canary)
		})
	}
}
