package ldap_test

import (
	"context"
	"io"
	"net"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	ber "github.com/go-asn1-ber/asn1-ber"
	goldap "github.com/go-ldap/ldap/v3"
	"github.com/stretchr/testify/require"

	"curfew/activities/target"
	"curfew/activities/target/ldap"
	"curfew/internal/config"
	"curfew/internal/testserver/pace"
	"curfew/workflows/contract"
)

func TestConnectionsAreEncryptedAsConfigured(t *testing.T) {
	t.Parallel()
	server := shared(t, "Groups", "People by DN")
	w := newWorld(t, server)
	trusted := config.SecretOf(server.authority(t))
	stranger := config.SecretOf(shared(t, "Groups", "People by login").authority(t))
	for name, tc := range map[string]struct {
		url      string
		startTLS bool
		rootCA   config.Secret
		works    bool
	}{
		"ldaps":                            {server.tlsURL, false, trusted, true},
		"StartTLS":                         {server.url, true, trusted, true},
		"ldaps, another authority":         {server.tlsURL, false, stranger, false},
		"StartTLS, another authority":      {server.url, true, stranger, false},
		"ldaps, the system's authorities":  {server.tlsURL, false, config.Secret{}, false},
		"ldaps, another name":              {strings.Replace(server.tlsURL, "127.0.0.1", "localhost", 1), false, trusted, false},
		"ldaps where nothing is encrypted": {strings.Replace(server.url, "ldap:", "ldaps:", 1), false, trusted, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			settings := w.settings()
			settings.URL, settings.StartTLS, settings.RootCA = tc.url, tc.startTLS, tc.rootCA
			connector := open(t, &settings)
			access := accessOf(w.membership(t, "member"), w.person(t, w.login(t)+"x"))
			if tc.works {
				grant(t, connector, access)
				revoke(t, connector, access)
				return
			}
			_, err := connector.Inspect(t.Context(), access)
			requireProblem(t, err, contract.KindUnavailable, "rootCA")
		})
	}
}

// Somebody in between may say that the server can't encrypt.
func TestNothingIsToldToAServerThatRefusesToEncrypt(t *testing.T) {
	t.Parallel()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	heard := make(chan []byte, 1)
	go func() {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		defer conn.Close()
		asked, err := ber.ReadPacket(conn)
		if err != nil {
			return
		}
		_, _ = conn.Write(refusalOf(asked).Bytes())
		rest, _ := io.ReadAll(conn)
		heard <- rest
	}()
	settings := ldap.Settings{Server: ldap.Server{
		URL: "ldap://" + listener.Addr().
			String(),
		StartTLS: true,
		BindDN:   broker,
		Password: config.SecretOf(brokerPassword),
	}}
	_, err = open(
		t,
		&settings,
	).Inspect(t.Context(), accessOf(normalized(t, ldap.Kind(), "group", "cn=a,"+suffix), broker))
	requireProblem(t, err, contract.KindUnavailable)
	require.Empty(t, <-heard)
}

func refusalOf(asked *ber.Packet) *ber.Packet {
	refusal := ber.NewSequence("message")
	refusal.AppendChild(
		ber.NewInteger(ber.ClassUniversal, ber.TypePrimitive, ber.TagInteger, asked.Children[0].Value, "id"),
	)
	answer := ber.Encode(ber.ClassApplication, ber.TypeConstructed, goldap.ApplicationExtendedResponse, nil, "answer")
	answer.AppendChild(
		ber.NewInteger(
			ber.ClassUniversal,
			ber.TypePrimitive,
			ber.TagEnumerated,
			goldap.LDAPResultProtocolError,
			"code",
		),
	)
	answer.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "", "matched"))
	answer.AppendChild(ber.NewString(ber.ClassUniversal, ber.TypePrimitive, ber.TagOctetString, "unsupported", "said"))
	refusal.AppendChild(answer)
	return refusal
}

func TestConnectionsAreFewAndUsedAgain(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "People by DN"))
	counter := newCounter(t, w.server.address())
	settings := w.settings()
	settings.URL, settings.MaxConnections = counter.url(), 2
	connector := open(t, &settings)
	access := accessOf(w.membership(t, "member"), w.person(t, "ada"))
	inspect := func() error {
		_, err := connector.Inspect(t.Context(), access)
		return err
	}
	for range 5 {
		require.NoError(t, inspect())
	}
	require.EqualValues(t, 1, counter.opened.Load())

	results := make(chan error)
	for range 20 {
		go func() { results <- inspect() }()
	}
	for range 20 {
		require.NoError(t, <-results)
	}
	require.LessOrEqual(t, counter.opened.Load(), int64(2))
}

func TestALinkThatTheServerCutIsNotUsedForLong(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "People by DN"))
	line := newUnreliableLine(t, w.server.address())
	settings := w.settings()
	settings.URL = line.url()
	connector := open(t, &settings)
	access := accessOf(w.membership(t, "member"), w.person(t, "ada"))
	line.loseReply()
	_, err := connector.Grant(t.Context(), access)
	requireProblem(t, err, contract.KindUnavailable, "can't be reached")
	granted, err := connector.Grant(t.Context(), access)
	require.NoError(t, err)
	require.Equal(t, target.AlreadyThere, granted)
}

func TestACallIsGivenUpWhenAServerFallsSilent(t *testing.T) {
	t.Parallel()
	w := newWorld(t, shared(t, "Groups", "People by DN"))
	line := newUnreliableLine(t, w.server.address())
	settings := w.settings()
	settings.URL = line.url()
	connector := open(t, &settings)
	access := accessOf(w.membership(t, "member"), w.person(t, "ada"))
	grant(t, connector, access)
	line.mute()
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	start := time.Now()
	_, err := connector.Inspect(ctx, access)
	requireProblem(t, err, contract.KindUnavailable, "did not answer")
	pace.OnTime(t, "the answer", time.Since(start), 5*time.Second)
}

// counter counts the connections that are made through it.
type counter struct {
	*unreliableLine
	opened atomic.Int64
}

func newCounter(t *testing.T, server string) *counter {
	t.Helper()
	outer, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = outer.Close() })
	made := &counter{unreliableLine: &unreliableLine{listener: outer, server: server}}
	made.listener = counting{outer, &made.opened}
	go made.accept()
	return made
}

type counting struct {
	net.Listener
	opened *atomic.Int64
}

func (c counting) Accept() (net.Conn, error) {
	conn, err := c.Listener.Accept()
	if err == nil {
		c.opened.Add(1)
	}
	return conn, err
}
