package ldap

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/netip"
	"net/url"
	"time"

	"github.com/go-ldap/ldap/v3"

	"curfew/internal/keepalive"
	"curfew/internal/strictyaml"
	"curfew/workflows/contract"
)

// dialer makes connections to one server.
type dialer struct {
	address  string      // host:port
	tls      *tls.Config // nil where nothing is encrypted
	startTLS bool
	bindDN   string
	password strictyaml.Secret
}

func (s Server) dialer() (*dialer, error) {
	address, encrypted, err := s.address()
	if err != nil {
		return nil, err
	}
	if _, err := parseDN("bindDN", s.BindDN); err != nil {
		return nil, err
	}
	d := &dialer{address: address, startTLS: s.StartTLS, bindDN: s.BindDN, password: s.Password}
	if !encrypted {
		return d, nil
	}
	host, _, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	d.tls = &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}
	if !s.RootCA.IsZero() {
		d.tls.RootCAs = x509.NewCertPool()
		if !d.tls.RootCAs.AppendCertsFromPEM([]byte(s.RootCA.Reveal())) {
			return nil, contract.Invalid("holds no certificate in PEM").
				At("rootCA").
				Advise("refer to a file that begins with -----BEGIN CERTIFICATE-----")
		}
	}
	return d, nil
}

// address is the server's host and port, and whether what is sent there is encrypted.
func (s Server) address() (address string, encrypted bool, err error) {
	const like = "write it like ldaps://ldap.example.com"
	where, err := url.Parse(s.URL)
	ports := map[string]string{"ldap": ldap.DefaultLdapPort, "ldaps": ldap.DefaultLdapsPort}
	switch {
	case err != nil || where.Hostname() == "" || where.User != nil || where.Path != "" && where.Path != "/" || where.RawQuery != "" || where.Fragment != "":
		return "", false, contract.Invalid("is not the address of a server").At("url").Advise(like)
	case ports[where.Scheme] == "":
		return "", false, contract.Invalid("begins neither with ldaps:// nor with ldap://").At("url").Advise(like)
	case where.Scheme == "ldaps" && s.StartTLS:
		return "", false, contract.Invalid("does not go with ldaps://").
			At("startTLS").
			Advise("leave it out: ldaps:// is encrypted from the start")
	case where.Scheme == "ldap" && !s.StartTLS && !loopback(where.Hostname()):
		return "", false, contract.Invalid("would send the password in the clear").
			At("url").
			Advise("use ldaps://, or set startTLS: true")
	}
	port := where.Port()
	if port == "" {
		port = ports[where.Scheme]
	}
	return net.JoinHostPort(where.Hostname(), port), where.Scheme == "ldaps" || s.StartTLS, nil
}

func loopback(host string) bool {
	address, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && address.IsLoopback()
}

// link is one connection, on which we have said who we are.
type link struct {
	*ldap.Conn
	socket net.Conn
	bindDN string // of ourselves
	made   time.Time
	// contexts are the directory's naming contexts, once they have been read.
	contexts []string
	// nameless is true when entries can't be found by their UUIDs.
	nameless bool
	// idle cuts the link when nobody uses it, since an instant.
	idle  *time.Timer
	since time.Time
}

// answers is true when the directory answers over the link within a second, whatever it answers.
func (l *link) answers() bool {
	bound := time.AfterFunc(linkPatience, l.cut)
	defer bound.Stop()
	_, err := l.Search(
		ldap.NewSearchRequest(
			"",
			ldap.ScopeBaseObject,
			ldap.NeverDerefAliases,
			1,
			0,
			false,
			anything,
			[]string{"1.1"},
			nil,
		),
	)
	var answer *ldap.Error
	return err == nil || errors.As(err, &answer) && answer.ResultCode < ldap.ErrorNetwork
}

// cut ends the link at once, whatever goes on there, and takes back what the system has not sent yet. The directory
// gives up what it was asked and has not begun.
func (l *link) cut() {
	if tcp, ok := l.socket.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0)
	}
	_ = l.socket.Close()
}

// dial makes a link. The context bounds this, and not the link's life.
func (d *dialer) dial(ctx context.Context) (*link, error) {
	ctx, cancel := context.WithTimeout(ctx, keepalive.ConnectTimeout)
	defer cancel()
	socket, err := keepalive.Dialer().DialContext(ctx, "tcp", d.address)
	if err != nil {
		return nil, err
	}
	made := &link{socket: socket, bindDN: d.bindDN, made: time.Now()}
	stop := context.AfterFunc(ctx, made.cut)
	defer stop()
	if err := d.greet(ctx, made); err != nil {
		made.cut()
		return nil, err
	}
	return made, nil
}

// greet encrypts the connection where that is asked for, and says who we are.
func (d *dialer) greet(ctx context.Context, made *link) error {
	stream := made.socket
	if d.tls != nil && !d.startTLS {
		secured := tls.Client(stream, d.tls)
		if err := secured.HandshakeContext(ctx); err != nil {
			return err
		}
		stream = secured
	}
	made.Conn = ldap.NewConn(stream, stream != made.socket)
	made.Start()
	if d.startTLS {
		if err := made.StartTLS(d.tls); err != nil {
			return err
		}
	}
	return made.Bind(d.bindDN, d.password.Reveal())
}
