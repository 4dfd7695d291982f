// Package smtp notifies people by mail: each gets a mail of their own, in plain text and HTML, with a link to the
// request's page. Following a link decides nothing: programs follow links before people do.
package smtp

import (
	"context"
	"errors"
	"net"
	netmail "net/mail"
	"strconv"
	"strings"
	"time"

	"github.com/wneessen/go-mail"
	"github.com/wneessen/go-mail/smtp"

	"curfew/activities/notify"
	"curfew/activities/story"
	"curfew/workflows/contract"
)

// patience bounds the way to the server, and then each mail.
const patience = 15 * time.Second

// Channel is one mail server. It is safe for concurrent use.
type Channel struct {
	host    string
	port    int
	from    *netmail.Address
	options []mail.Option
}

var _ notify.Channel = (*Channel)(nil)

// New returns the channel that settings describe, as Validate has checked them. It calls nobody. Errors are
// *contract.Problem that name the setting.
func New(settings Settings) (*Channel, error) {
	host, text, err := net.SplitHostPort(settings.Address)
	port, portErr := strconv.ParseUint(text, 10, 16)
	if err != nil || portErr != nil {
		return nil, contract.Invalid("is no host and port").At("address").Advise("write it like mail.example.com:587")
	}
	from, err := netmail.ParseAddress(settings.From)
	if err != nil {
		return nil, contract.Invalid("is no mail address").
			At("from").
			Advise("write it like Curfew <curfew@example.com>")
	}
	c := &Channel{host: host, port: int(port), from: from, options: []mail.Option{
		mail.WithPort(int(port)), mail.WithTimeout(patience), mail.WithoutNoop(),
	}}
	switch settings.TLS {
	case TLSAlways:
		c.options = append(c.options, mail.WithSSL())
	case TLSNever:
		c.options = append(c.options, mail.WithTLSPolicy(mail.NoTLS))
	default:
		c.options = append(c.options, mail.WithTLSPolicy(mail.TLSMandatory))
	}
	if settings.User != "" {
		c.options = append(
			c.options,
			mail.WithUsername(settings.User),
			mail.WithPassword(settings.Password.Reveal()),
			mail.WithOpportunisticSMTPAuth(
				mail.SMTPAuthSCRAMSHA256PLUS,
				mail.SMTPAuthSCRAMSHA256,
				mail.SMTPAuthPlain,
				mail.SMTPAuthLogin,
			),
		)
	}
	return c, nil
}

// System implements notify.Channel.
func (c *Channel) System() string { return accounts }

// Check implements notify.Channel: the server lets us in.
func (c *Channel) Check(ctx context.Context) error {
	client, session, err := c.dial(ctx)
	if err != nil {
		return err
	}
	_ = client.CloseWithSMTPClient(session) // it was nothing but a visit
	return nil
}

// Send implements notify.Channel. Mail needs no thread. Whom the server puts off or refuses keeps the mail from nobody
// else.
func (c *Channel) Send(ctx context.Context, m notify.Message) (notify.Sent, error) {
	if len(m.To) == 0 {
		return notify.Sent{}, nil
	}
	client, session, err := c.dial(ctx)
	if err != nil {
		return notify.Sent{}, err
	}
	defer func() { _ = client.CloseWithSMTPClient(session) }() // what was taken is taken
	sent := notify.Sent{Late: map[string]string{}, Refused: map[string]string{}}
	var refusedText error
	for _, person := range m.To {
		letter, err := c.letter(m, person)
		if err != nil {
			sent.Refused[person.Person] = "no mail to " + person.Person + " can be written: see that their address in the directory is right"
			continue
		}
		err = client.SendWithSMTPClient(session, letter)
		switch why, answer := refusal(person, err); {
		case err == nil || letter.IsDelivered():
			sent.Reached = append(sent.Reached, person.Person)
		case answer == late:
			sent.Late[person.Person] = why
		case answer == refused:
			sent.Refused[person.Person] = why
		case answer == textRefused:
			refusedText = &story.NotTaken{Problem: contract.Denied("%s", why).Advise("see what the mail server logs")}
		default:
			return sent, contract.Unavailable("%s", why).Advise("see what the mail server logs")
		}
	}
	return sent, refusedText
}

// dial makes a client of its own, because the library's remembers what a server could do.
func (c *Channel) dial(ctx context.Context) (*mail.Client, *smtp.Client, error) {
	client, err := mail.NewClient(c.host, c.options...)
	if err != nil {
		return nil, nil, contract.Invalid("no client can be made for the mail server: %v", err).At("address")
	}
	session, err := client.DialToSMTPClientWithContext(ctx)
	if err != nil {
		return nil, nil, contract.Unavailable("%s does not let Curfew in: %s", net.JoinHostPort(c.host, strconv.Itoa(c.port)), story.OneLine(err.Error(), 200)).
			Advise("see that the mail server runs, and check address, tls, user and password of the channel")
	}
	return client, session, nil
}

// answer is what the server has said to the mail to one person.
type answer string

const (
	unanswered  answer = "unanswered"   // it can't be reached any more
	late        answer = "late"         // it puts the person's mail off
	refused     answer = "refused"      // it will never take mail to the person
	textRefused answer = "text refused" // it will not take this mail to the person
)

// shuttingDown is what a server answers that closes the connection.
const shuttingDown = 421

// refusal says why somebody's mail was not taken. It names the person, not the address.
func refusal(person notify.Recipient, err error) (why string, is answer) {
	var failed *mail.SendError
	if !errors.As(err, &failed) || failed.ErrorCode() == 0 || failed.ErrorCode() == shuttingDown {
		return "the mail to " + person.Person + " did not get through", unanswered
	}
	code := strings.TrimSpace(strconv.Itoa(failed.ErrorCode()) + " " + failed.EnhancedStatusCode())
	why = "the mail server refused the mail to " + person.Person + " with " + code
	switch {
	case failed.ErrorCode() < 500:
		return why, late
	case failed.Reason == mail.ErrSMTPData || failed.Reason == mail.ErrSMTPDataClose:
		return why, textRefused
	}
	return why + "; see that their address in the directory, and the channel's from, are right", refused
}
