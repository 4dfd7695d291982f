// Package postgres starts a real PostgreSQL server for tests: one for each test binary, with a data folder of its own,
// on loopback only.
package postgres

import (
	"context"
	"crypto/rand"
	"net"
	"net/url"
	"os"
	"sync"
	"syscall"
	"testing"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"
)

// Superuser is the name of the server's administrator, and of its maintenance database.
const Superuser = "postgres"

// Server is a running PostgreSQL.
type Server struct {
	address  string
	password string
	admin    *pgxpool.Pool
	process  *process
}

// shared is the server of this test binary: nil until a test asks for it.
var shared struct {
	sync.Mutex
	server *Server
	err    error
	inMain bool
}

// Main runs a package's tests, ends the server that they may have started, and exits. TestMain calls it.
func Main(m *testing.M) {
	shared.inMain = true
	code := m.Run()
	if shared.server != nil {
		shared.server.Stop()
	}
	os.Exit(code)
}

// Start returns the server of this test binary, and starts it for the first test that asks. Where PostgreSQL isn't
// installed the test fails with what to do about it.
func Start(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	require.True(t, shared.inMain, "nothing would end the server: let TestMain call postgres.Main")
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = Launch(context.WithoutCancel(t.Context()), "")
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// StartApart starts a server for one test alone, with settings like max_connections=10.
func StartApart(t testing.TB, settings ...string) *Server {
	t.Helper()
	server, err := Launch(context.WithoutCancel(t.Context()), "", settings...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(server.Stop)
	return server
}

// Launch is StartApart for a program that is no test, with the data in a new folder below another one, or below that of
// temporary files: whoever calls it stops the server.
func Launch(ctx context.Context, below string, settings ...string) (*Server, error) {
	password := rand.Text()
	running, err := launch(password, below, settings...)
	if err != nil {
		return nil, err
	}
	server := &Server{address: running.address, password: password, process: running}
	server.admin, err = pgxpool.New(ctx, server.URL(Superuser, Superuser))
	if err != nil {
		running.stop()
		return nil, err
	}
	return server, nil
}

// Stop ends a server that was launched, and removes its data.
func (s *Server) Stop() {
	s.admin.Close()
	s.process.stop()
}

// Crash ends the server at once, as if its host had failed. It keeps its data and its address.
func (s *Server) Crash() { s.process.shut(syscall.SIGQUIT) }

// Running is false when the server has ended, by itself too.
func (s *Server) Running() bool {
	select {
	case <-s.process.exited:
		return false
	default:
		return true
	}
}

// Relaunch starts a server that has crashed, and returns when it accepts connections.
func (s *Server) Relaunch() error { return s.process.run() }

// Address is where the server listens, as host:port.
func (s *Server) Address() string { return s.address }

// Password is the superuser's, and the one that URL assumes of every other role. It is different for each server, so
// that it can be searched for where it must not appear.
func (s *Server) Password() string { return s.password }

// URL leads to a database as a role whose password is Password.
func (s *Server) URL(user, database string) string { return s.Via(s.address, user, database) }

// Via is URL by way of another address, where something forwards to the server.
func (s *Server) Via(address, user, database string) string {
	return (&url.URL{
		Scheme: "postgres", User: url.UserPassword(user, s.password), Host: address,
		Path: "/" + database, RawQuery: "sslmode=disable",
	}).String()
}

// Admin is connected as the superuser to the maintenance database. It belongs to the server: don't close it.
func (s *Server) Admin() *pgxpool.Pool { return s.admin }

// Connect connects to a database as a role whose password is Password, until the test ends.
func (s *Server) Connect(t testing.TB, user, database string) *pgx.Conn {
	t.Helper()
	conn, err := pgx.Connect(t.Context(), s.URL(user, database))
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close(context.WithoutCancel(t.Context())) })
	return conn
}

// NewDatabase makes an empty database that is dropped when the test ends, and returns its name.
func (s *Server) NewDatabase(t testing.TB) string {
	t.Helper()
	name := "test_" + rand.Text()
	quoted := pgx.Identifier{name}.Sanitize()
	_, err := s.admin.Exec(t.Context(), "CREATE DATABASE "+quoted)
	require.NoError(t, err)
	t.Cleanup(func() {
		_, err := s.admin.Exec(context.WithoutCancel(t.Context()), "DROP DATABASE "+quoted+" WITH (FORCE)")
		require.NoError(t, err)
	})
	return name
}

// freeAddress is a loopback address that nothing listened on a moment ago.
func freeAddress() (string, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	return listener.Addr().String(), listener.Close()
}
