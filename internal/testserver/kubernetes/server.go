// Package kubernetes starts a real kube-apiserver on a real etcd for tests: one for each test binary, on loopback only.
// There are no controllers and no nodes, so nothing but the API itself works: the built-in roles that are put together
// by a controller are empty, and a deleted namespace stays.
package kubernetes

import (
	"crypto/rand"
	"net/http"
	"os"
	"path/filepath"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Server is a running API server.
type Server struct {
	address string
	dir     string
	token   string // the administrator's
	client  *http.Client
	etcd    *process
	api     *process
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
		shared.server.stop()
	}
	os.Exit(code)
}

// Start returns the server of this test binary, and starts it for the first test that asks. Where its programs have not
// been built the test fails with what to do about it.
func Start(t testing.TB) *Server {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	require.True(t, shared.inMain, "nothing would end the server: let TestMain call kubernetes.Main")
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = start()
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

func start() (*Server, error) {
	bin, err := binaries()
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "curfew-kubernetes-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, token: rand.Text()}
	if err := s.run(bin); err != nil {
		s.stop()
		return nil, err
	}
	return s, nil
}

func (s *Server) stop() {
	for _, running := range []*process{s.api, s.etcd} {
		if running != nil {
			running.kill()
		}
	}
	_ = os.RemoveAll(s.dir)
}

// Address is where the server listens, as host:port.
func (s *Server) Address() string { return s.address }

// URL leads to the server.
func (s *Server) URL() string { return "https://" + s.address }

// CAFile holds the certificates that vouch for the server.
func (s *Server) CAFile() string { return s.path("certs", "apiserver.crt") }

// AuditLog is the file that the server writes a line of JSON to for each stage of each call.
func (s *Server) AuditLog() string { return s.path("audit.log") }

// Transport trusts the server, and brings no credentials.
func (s *Server) Transport() http.RoundTripper { return s.client.Transport }

func (s *Server) path(elements ...string) string {
	return filepath.Join(append([]string{s.dir}, elements...)...)
}
