package webhook_test

import (
	"fmt"
	"net"
	"os"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// proxy is what the environment of these tests names as one. Nobody may ask it.
var proxy *counter

// TestMain sets the environment, which is read once for the whole process.
func TestMain(m *testing.M) {
	var err error
	if proxy, err = newCounter(); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY"} {
		if err := os.Setenv(name, "http://127.0.0.1:"+proxy.port); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
	}
	os.Exit(m.Run())
}

// counter listens on loopback and counts the connections that are made; it says nothing.
type counter struct {
	net.Listener
	port        string
	connections atomic.Int64
}

func newCounter() (*counter, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	c := &counter{Listener: listener}
	if _, c.port, err = net.SplitHostPort(listener.Addr().String()); err != nil {
		return nil, err
	}
	go func() {
		for {
			connection, err := listener.Accept()
			if err != nil {
				return // it was closed
			}
			c.connections.Add(1)
			_ = connection.Close()
		}
	}()
	return c, nil
}

func count(t *testing.T) *counter {
	t.Helper()
	c, err := newCounter()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, c.Close()) })
	return c
}
