package smtp_test

import (
	"bytes"
	"crypto/tls"
	"io"
	"mime"
	"mime/multipart"
	"mime/quotedprintable"
	"net"
	netmail "net/mail"
	"regexp"
	"strings"
	"testing"

	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"

	"curfew/activities/notify"
	"curfew/activities/notify/notifytest"
	"curfew/activities/notify/smtp"
	"curfew/activities/story"
	"curfew/internal/config"
	"curfew/workflows/contract"
)

var (
	ann = notify.Recipient{Person: "ann", Name: "Ann", Account: "ann@example.com"}
	bob = notify.Recipient{Person: "bob", Name: "Bob Ross", Account: "bob@example.com"}
)

// open is a channel to a server as the settings that are kept simple in tests have it.
func open(t *testing.T, s *server, change func(*smtp.Settings)) *smtp.Channel {
	t.Helper()
	settings := smtp.Settings{
		Address:  s.address,
		From:     "Curfew <curfew@example.com>",
		TLS:      smtp.TLSStart,
		User:     "curfew",
		Password: config.SecretOf(password),
	}
	if change != nil {
		change(&settings)
	}
	channel, err := smtp.New(settings)
	require.NoError(t, err)
	return channel
}

// letter is a mail as people's programs show it.
type letter struct {
	netmail.Header
	plain, html string
}

func read(t *testing.T, mail taken) letter {
	t.Helper()
	parsed, err := netmail.ReadMessage(bytes.NewReader(mail.text))
	require.NoError(t, err)
	media, parameters, err := mime.ParseMediaType(parsed.Header.Get("Content-Type"))
	require.NoError(t, err)
	require.Equal(t, "multipart/alternative", media)
	l, parts := letter{Header: parsed.Header}, multipart.NewReader(parsed.Body, parameters["boundary"])
	for _, part := range []struct {
		media string
		into  *string
	}{{"text/plain; charset=UTF-8", &l.plain}, {"text/html; charset=UTF-8", &l.html}} {
		next, err := parts.NextRawPart()
		require.NoError(t, err)
		require.Equal(t, part.media, next.Header.Get("Content-Type"))
		require.Equal(t, "quoted-printable", next.Header.Get("Content-Transfer-Encoding"))
		text, err := io.ReadAll(quotedprintable.NewReader(next))
		require.NoError(t, err)
		*part.into = strings.ReplaceAll(string(text), "\r\n", "\n")
	}
	_, err = parts.NextRawPart()
	require.ErrorIs(t, err, io.EOF)
	return l
}

func requireProblem(t *testing.T, err error, kind contract.Kind, parts ...string) {
	t.Helper()
	problem, found := contract.ProblemOf(err)
	require.True(t, found, "not a problem: %v", err)
	require.Equal(t, kind, problem.Kind, problem.Error())
	require.NotContains(t, problem.Error(), "canary")
	for _, part := range parts {
		require.Contains(t, problem.Error(), part)
	}
}

func TestEverybodyGetsAMailOfTheirOwn(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	m := notifytest.Message(2, contract.EventReviewAsked, nil, ann, bob)
	sent, err := open(t, s, nil).Send(t.Context(), m)
	require.NoError(t, err)
	require.Empty(t, sent.Thread)
	require.Len(t, s.mails(), 2)
	mail := s.mails()[1]
	require.Equal(
		t,
		taken{
			from:   "curfew@example.com",
			user:   "curfew",
			to:     []string{"bob@example.com"},
			secure: true,
			text:   mail.text,
		},
		mail,
	)
	l := read(t, mail)
	require.Equal(t, `"Curfew" <curfew@example.com>`, l.Get("From"))
	require.Equal(t, `"Bob Ross" <bob@example.com>`, l.Get("To"))
	require.Equal(t, "Reviewers were asked: debug-prod for ann", l.Get("Subject"))
	require.Equal(t, "auto-generated", l.Get("Auto-Submitted"))
	for _, text := range []string{l.plain, l.html} {
		for _, part := range []string{
			"Reviewers were asked", "Please approve or deny it.", notifytest.Page, "orders-db as ann_db", "OPS-7", "PABC123",
			"1 of 2 approvals, approve by carol", "look at the orders",
		} {
			require.Contains(t, text, part)
		}
		for _, address := range regexp.MustCompile(`https?://[^\s"<]+`).FindAllString(text, -1) {
			require.Equal(t, notifytest.Page, address, "nothing is done by following a link")
		}
	}
}

func TestAMailThatIsRepeatedIsKnownToBeTheSame(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	channel := open(t, s, nil)
	for _, m := range []notify.Message{
		notifytest.Message(2, contract.EventReviewAsked, nil, bob),
		notifytest.Message(2, contract.EventReviewAsked, nil, bob, ann),
		notifytest.Message(3, contract.EventReminded, nil, bob),
	} {
		_, err := channel.Send(t.Context(), m)
		require.NoError(t, err)
	}
	var ids, threads []string
	for _, mail := range s.mails() {
		l := read(t, mail)
		require.Regexp(t, `^<[0-9a-f]{32}@example\.com>$`, l.Get("Message-Id"))
		ids, threads = append(ids, l.Get("Message-Id")), append(threads, l.Get("References"))
		require.Equal(t, l.Get("References"), l.Get("In-Reply-To"))
	}
	require.Len(t, ids, 4)
	require.Equal(t, ids[0], ids[1])
	require.NotEqual(t, ids[1], ids[2], "to somebody else")
	require.NotEqual(t, ids[0], ids[3], "another event")
	require.Equal(t, []string{threads[0], threads[0], threads[0], threads[0]}, threads)
}

func TestNobodyIsToldWhatConcernsNobody(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	_, err := open(t, s, nil).Send(t.Context(), notifytest.Message(1, contract.EventRequested, nil))
	require.NoError(t, err)
	require.Zero(t, s.visits)
}

func TestHostileTextIsNeitherHeaderNorMarkup(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	channel := open(t, s, nil)
	for _, hostile := range notifytest.Hostile {
		m := notifytest.Message(4, contract.EventDenied, func(s *contract.Status, e *contract.Event) {
			s.Reason, s.Ticket, s.Incident, s.Template, s.Subject, e.Said, e.Actor = hostile, hostile, hostile, hostile, hostile, hostile, hostile
			e.Detail = notify.Line(hostile) // Curfew's words with somebody else's in them
		}, notify.Recipient{Person: "ann", Name: hostile, Account: "ann@example.com"})
		_, err := channel.Send(t.Context(), m)
		require.NoError(t, err)
		mail := s.mails()[len(s.mails())-1]
		require.Equal(t, []string{"ann@example.com"}, mail.to)
		l := read(t, mail)
		require.ElementsMatch(t, []string{
			"From",
			"To",
			"Subject",
			"Date",
			"Message-Id",
			"In-Reply-To",
			"References",
			"Auto-Submitted",
			"Mime-Version",
			"Content-Type",
		}, keys(l.Header))
		to, err := l.AddressList("To")
		require.NoError(t, err)
		require.Len(t, to, 1)
		require.Equal(t, "ann@example.com", to[0].Address)
		require.Equal(t, strings.TrimSpace(notify.Line(hostile)), strings.TrimSpace(to[0].Name))
		for _, markup := range []string{"<script", "<h1", "<a href='", "<at", "</pre", "\u202e", "\x1b"} {
			require.NotContains(t, l.html, markup)
		}
		require.Equal(t, 1, strings.Count(l.html, "<a "))
		require.NotContains(t, l.plain, "\u202e")
		said := false
		for line := range strings.Lines(l.plain) {
			said = said || strings.HasPrefix(line, "> ")
			require.NotRegexp(t, `^(Approved by bob|Bcc:|<h1>|QUIT|\.)`, line)
		}
		require.True(t, said)
	}
}

func keys(header netmail.Header) []string {
	var names []string
	for name, values := range header {
		for range values {
			names = append(names, name)
		}
	}
	return names
}

func TestTheWayToTheServerIsKeptPrivate(t *testing.T) {
	t.Parallel()
	m := notifytest.Message(2, contract.EventReviewAsked, nil, bob)
	for name, tc := range map[string]struct {
		certificate *tls.Certificate
		always      bool
		tls         string
		fails       bool
	}{
		"after STARTTLS":                {&certificate, false, smtp.TLSStart, false},
		"from the beginning":            {&certificate, true, smtp.TLSAlways, false},
		"a server without TLS":          {nil, false, smtp.TLSStart, true},
		"TLS that does not begin":       {&certificate, false, smtp.TLSAlways, true},
		"a stranger after STARTTLS":     {&stranger, false, smtp.TLSStart, true},
		"a stranger from the beginning": {&stranger, true, smtp.TLSAlways, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := start(t, tc.certificate, tc.always)
			channel := open(t, s, func(settings *smtp.Settings) { settings.TLS = tc.tls })
			_, err := channel.Send(t.Context(), m)
			checked := channel.Check(t.Context())
			if tc.fails {
				requireProblem(t, err, contract.KindUnavailable, "does not let Curfew in")
				requireProblem(t, checked, contract.KindUnavailable)
				trusting := open(t, s, func(settings *smtp.Settings) { settings.TLS, settings.User = tc.tls, "" })
				_, err = trusting.Send(t.Context(), m)
				requireProblem(t, err, contract.KindUnavailable)
				require.Empty(t, s.mails())
				return
			}
			require.NoError(t, err)
			require.NoError(t, checked)
			require.Len(t, s.mails(), 1, "a check tells nobody")
			require.True(t, s.mails()[0].secure)
		})
	}
}

func TestAServerOnThisMachineMayDoWithoutTLS(t *testing.T) {
	t.Parallel()
	s := start(t, nil, false)
	channel := open(t, s, func(settings *smtp.Settings) { settings.TLS, settings.User = smtp.TLSNever, "" })
	_, err := channel.Send(t.Context(), notifytest.Message(2, contract.EventReviewAsked, nil, bob))
	require.NoError(t, err)
	require.False(t, s.mails()[0].secure)
}

func TestAWrongPasswordAndAServerThatIsDownAreTriedAgain(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	wrong := open(t, s, func(settings *smtp.Settings) { settings.Password = config.SecretOf("canary-2") })
	requireProblem(t, wrong.Check(t.Context()), contract.KindUnavailable, "535")

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	require.NoError(t, listener.Close())
	down := open(t, s, func(settings *smtp.Settings) { settings.Address = listener.Addr().String() })
	_, err = down.Send(t.Context(), notifytest.Message(2, contract.EventReviewAsked, nil, bob))
	requireProblem(t, err, contract.KindUnavailable, "does not let Curfew in")
}

func TestWhoCanNotBeReachedKeepsTheMailFromNobodyElse(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	channel := open(t, s, nil)
	s.refuse(ann.Account, 550, gosmtp.EnhancedCode{5, 1, 1})
	m := notifytest.Message(2, contract.EventReviewAsked, nil, ann, bob)
	sent, err := channel.Send(t.Context(), m)
	require.NoError(t, err)
	require.Contains(t, sent.Refused["ann"], "refused the mail to ann with 550 5.1.1")
	require.NotContains(t, sent.Refused["ann"], ann.Account)
	require.Equal(t, []string{"bob"}, sent.Reached)
	require.Len(t, s.mails(), 1)
	require.Equal(t, []string{bob.Account}, s.mails()[0].to)

	s.refuse(ann.Account, 452, gosmtp.EnhancedCode{4, 2, 2})
	sent, err = channel.Send(t.Context(), m)
	require.NoError(t, err)
	require.Contains(t, sent.Late["ann"], "ann with 452")
	require.Equal(t, []string{"bob"}, sent.Reached)

	m.To[0].Account = "no address"
	sent, err = channel.Send(t.Context(), m)
	require.NoError(t, err)
	require.NotEmpty(t, sent.Refused["ann"])
	require.Equal(t, []string{"bob"}, sent.Reached)
}

func TestWhoeverHasAMailIsRememberedWhenTheServerGoesAway(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	channel := open(t, s, nil)
	s.refuse(bob.Account, 421, gosmtp.EnhancedCode{4, 3, 2})
	sent, err := channel.Send(t.Context(), notifytest.Message(2, contract.EventReviewAsked, nil, ann, bob))
	requireProblem(t, err, contract.KindUnavailable, "bob did not get through")
	require.Equal(t, []string{"ann"}, sent.Reached)
	require.Empty(t, sent.Late, "all who are left are tried again")
}

func TestATextThatTheServerRefusesIsNotThePersonsFault(t *testing.T) {
	t.Parallel()
	s := start(t, &certificate, false)
	s.refuseText("look at the orders", 554, gosmtp.EnhancedCode{5, 6, 0})
	sent, err := open(t, s, nil).Send(t.Context(), notifytest.Message(2, contract.EventReviewAsked, nil, ann, bob))
	requireProblem(t, err, contract.KindDenied, "554 5.6.0")
	var entry *story.NotTaken
	require.ErrorAs(t, err, &entry, "a plainer text may be taken")
	require.Empty(t, sent.Refused)
	require.Empty(t, sent.Reached)
}
