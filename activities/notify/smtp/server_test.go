package smtp_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/emersion/go-sasl"
	gosmtp "github.com/emersion/go-smtp"
	"github.com/stretchr/testify/require"
)

const password = "canary-password"

// certificate is the server's, which this process trusts; stranger is one that it does not.
var certificate, stranger tls.Certificate

// TestMain makes the certificates before the system's are read.
func TestMain(m *testing.M) {
	folder, err := os.MkdirTemp("", "curfew-smtp")
	if err == nil {
		err = trust(folder)
	}
	code := 1
	if err == nil {
		code = m.Run()
	} else {
		fmt.Fprintln(os.Stderr, err)
	}
	_ = os.RemoveAll(folder)
	os.Exit(code)
}

func trust(folder string) (err error) {
	var text []byte
	if certificate, text, err = newCertificate(); err != nil {
		return err
	}
	if stranger, _, err = newCertificate(); err != nil {
		return err
	}
	file := filepath.Join(folder, "roots.pem")
	if err := os.WriteFile(file, text, 0o600); err != nil {
		return err
	}
	return os.Setenv("SSL_CERT_FILE", file)
}

func newCertificate() (tls.Certificate, []byte, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(
			1,
		),
		Subject:               pkix.Name{CommonName: "mail"},
		IPAddresses:           []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore:             time.Now().Add(-time.Hour),
		NotAfter:              time.Now().Add(time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, nil, err
	}
	return tls.Certificate{
			Certificate: [][]byte{der},
			PrivateKey:  key,
		}, pem.EncodeToMemory(
			&pem.Block{Type: "CERTIFICATE", Bytes: der},
		), nil
}

// server is a mail server that keeps what it takes.
type server struct {
	address string

	mu       sync.Mutex
	refusals map[string]*gosmtp.SMTPError // by address
	texts    map[string]*gosmtp.SMTPError // by a part of the text
	taken    []taken
	visits   int
}

// taken is a mail as it came.
type taken struct {
	from, user string
	to         []string
	secure     bool
	text       []byte
}

// start starts a server that speaks TLS from the beginning, after STARTTLS, or never.
func start(t *testing.T, certificate *tls.Certificate, always bool) *server {
	t.Helper()
	s := &server{refusals: map[string]*gosmtp.SMTPError{}, texts: map[string]*gosmtp.SMTPError{}}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	s.address = listener.Addr().String()
	serving := gosmtp.NewServer(gosmtp.BackendFunc(func(c *gosmtp.Conn) (gosmtp.Session, error) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.visits++
		return &session{server: s, connection: c}, nil
	}))
	serving.Domain, serving.ErrorLog = "mail.example.com", silent{}
	if certificate != nil {
		serving.TLSConfig = &tls.Config{Certificates: []tls.Certificate{*certificate}, MinVersion: tls.VersionTLS12}
	}
	if always {
		listener = tls.NewListener(listener, serving.TLSConfig)
	}
	done := make(chan error, 1)
	go func() { done <- serving.Serve(listener) }()
	t.Cleanup(func() {
		_ = listener.Close() // a server that has not begun to serve does not know it
		_ = serving.Close()
		<-done
	})
	return s
}

type silent struct{}

func (silent) Printf(string, ...any) {}
func (silent) Println(...any)        {}

func (s *server) refuse(address string, code int, enhanced gosmtp.EnhancedCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refusals[address] = &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "no such mailbox: " + address}
}

func (s *server) refuseText(part string, code int, enhanced gosmtp.EnhancedCode) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.texts[part] = &gosmtp.SMTPError{Code: code, EnhancedCode: enhanced, Message: "the text is refused"}
}

func (s *server) mails() []taken {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.taken)
}

// session is one connection.
type session struct {
	server     *server
	connection *gosmtp.Conn
	user       string
	mail       taken
}

func (s *session) AuthMechanisms() []string { return []string{sasl.Plain} }

func (s *session) Auth(string) (sasl.Server, error) {
	return sasl.NewPlainServer(func(_, user, given string) error {
		if user != "curfew" || given != password {
			return gosmtp.ErrAuthFailed
		}
		s.user = user
		return nil
	}), nil
}

func (s *session) Mail(from string, _ *gosmtp.MailOptions) error {
	_, secure := s.connection.TLSConnectionState()
	s.mail = taken{from: from, user: s.user, secure: secure}
	return nil
}

func (s *session) Rcpt(to string, _ *gosmtp.RcptOptions) error {
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	if refusal, refused := s.server.refusals[to]; refused {
		return refusal
	}
	s.mail.to = append(s.mail.to, to)
	return nil
}

func (s *session) Data(r io.Reader) error {
	text, err := io.ReadAll(r)
	if err != nil {
		return err
	}
	s.mail.text = bytes.Clone(text)
	s.server.mu.Lock()
	defer s.server.mu.Unlock()
	for part, refusal := range s.server.texts {
		if bytes.Contains(text, []byte(part)) {
			return refusal
		}
	}
	s.server.taken = append(s.server.taken, s.mail)
	return nil
}

func (s *session) Reset()        {}
func (s *session) Logout() error { return nil }
