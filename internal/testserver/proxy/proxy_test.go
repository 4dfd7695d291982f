package proxy_test

import (
	"bufio"
	"io"
	"net"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/proxy"
)

const patience = 30 * time.Second

// echo answers every line with itself, behind a proxy.
func echo(t *testing.T) *proxy.Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	go func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			go func() { _, _ = io.Copy(conn, conn) }()
		}
	}()
	p, err := proxy.Start(listener.Addr().String())
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

func dial(t *testing.T, p *proxy.Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

func say(t *testing.T, conn net.Conn) {
	t.Helper()
	_, err := conn.Write([]byte("hello\n"))
	require.NoError(t, err)
}

// hears reads a line, for a while.
func hears(t *testing.T, conn net.Conn, within time.Duration) bool {
	t.Helper()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(within)))
	line, err := bufio.NewReader(conn).ReadString('\n')
	return err == nil && line == "hello\n"
}

func TestASilenceHoldsUpOldAndNewConnectionsAndLosesNothing(t *testing.T) {
	t.Parallel()
	p := echo(t)
	old := dial(t, p)
	say(t, old)
	require.True(t, hears(t, old, patience))
	p.Silence()
	fresh := dial(t, p)
	say(t, old)
	say(t, fresh)
	require.False(t, hears(t, old, 200*time.Millisecond))
	require.False(t, hears(t, fresh, 200*time.Millisecond))
	p.Speak()
	require.True(t, hears(t, old, patience))
	require.True(t, hears(t, fresh, patience))
}

func TestAForgottenConnectionSwallowsWhatIsSentAndNewOnesPass(t *testing.T) {
	t.Parallel()
	p := echo(t)
	old := dial(t, p)
	say(t, old)
	require.True(t, hears(t, old, patience))
	p.Forget()
	require.Equal(t, 1, p.Forgotten())
	say(t, old)
	require.False(t, hears(t, old, 200*time.Millisecond))
	fresh := dial(t, p)
	say(t, fresh)
	require.True(t, hears(t, fresh, patience))

	p.Reset()
	require.NoError(t, old.SetReadDeadline(time.Now().Add(patience)))
	_, err := old.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
	require.Eventually(t, func() bool { return p.Forgotten() == 0 }, patience, 10*time.Millisecond)
	say(t, fresh)
	require.True(t, hears(t, fresh, patience), "others are left alone")
}

func TestACutIsHeardAtOnce(t *testing.T) {
	t.Parallel()
	p := echo(t)
	conn := dial(t, p)
	say(t, conn)
	require.True(t, hears(t, conn, patience))
	p.Cut()
	require.NoError(t, conn.SetReadDeadline(time.Now().Add(patience)))
	_, err := conn.Read(make([]byte, 1))
	require.ErrorIs(t, err, io.EOF)
}
