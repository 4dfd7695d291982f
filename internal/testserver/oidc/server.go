// Package oidc runs a real OpenID Connect provider for tests: the example server of zitadel/oidc, with people, clients
// and signing keys of our own, and with a claim that tells groups.
package oidc

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/zitadel/oidc/v3/example/server/exampleop"
	"github.com/zitadel/oidc/v3/pkg/op"
)

// The clients that the provider knows.
const (
	WebClient     = "curfew"
	WebSecret     = "web-secret"
	CLIClient     = "curfew-cli"
	Machine       = "ci"
	MachineSecret = "machine-secret"
	// Resource is the audience of the machine's tokens.
	Resource = "https://curfew.example.com"
)

// Password is everybody's.
const Password = "correct-horse"

// Person is somebody who can sign in. The subject is the name they type.
type Person struct {
	Subject  string
	Email    string
	Verified bool     // the e-mail address
	Groups   []string // nil: their tokens have no claim groups
}

// Options of a Server.
type Options struct {
	People   []Person
	Redirect string // where browsers come back to
	// Wrap, if any, stands between the provider and those who ask it.
	Wrap func(http.Handler) http.Handler
}

// Server is a provider on a loopback address.
type Server struct {
	Issuer string
	http   *httptest.Server
	store  *store
}

// Start starts a provider that ends with the test.
func Start(t testing.TB, o Options) *Server {
	t.Helper()
	s := &Server{http: httptest.NewUnstartedServer(nil)}
	s.Issuer = "http://" + s.http.Listener.Addr().String()
	s.store = newStore(t, o)
	var handler http.Handler = exampleop.SetupServer(s.Issuer, s.store, slog.New(slog.DiscardHandler), false,
		op.WithLogger(slog.New(slog.DiscardHandler)))
	handler = impatient(handler)
	if o.Wrap != nil {
		handler = o.Wrap(handler)
	}
	s.http.Config.Handler = handler
	s.http.Start()
	t.Cleanup(s.http.Close)
	return s
}

// Stop makes the provider unreachable.
func (s *Server) Stop() { s.http.Close() }
