package temporal

import (
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

// Starting a server costs more than most tests: a package's tests share one unless they look at what others did too.
var shared struct {
	once   sync.Once
	server *Server
	err    error
	ending bool // somebody will end it
}

// Main runs the tests of a package and then ends the server that they shared: os.Exit(temporal.Main(m)) in TestMain.
func Main(m *testing.M) int {
	shared.ending = true
	code := m.Run()
	if shared.server != nil {
		shared.server.Kill()
	}
	return code
}

// Shared is the one server of the package's tests; the first who asks starts it. It must not be killed or restarted.
func Shared(t testing.TB) *Server {
	t.Helper()
	require.True(t, shared.ending, "the package's TestMain must be os.Exit(temporal.Main(m))")
	shared.once.Do(func() { shared.server, shared.err = Launch() })
	require.NoError(t, shared.err)
	return shared.server
}
