package proxy_test

import (
	"io"
	"net"
	"os"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/testserver/proxy"
)

const (
	patience = 30 * time.Second
	shortly  = 200 * time.Millisecond
)

func TestForgottenConnectionsStayOpenAndCarryNothing(t *testing.T) {
	t.Parallel()
	p := proxy.Start(t, echo(t))
	before := dial(t, p)
	require.NoError(t, answers(before, patience))

	p.Forget()
	require.ErrorIs(t, answers(before, shortly), os.ErrDeadlineExceeded, "neither end is told")
	require.NoError(t, answers(dial(t, p), patience), "new connections work")

	p.Cut()
	require.ErrorIs(t, answers(dial(t, p), shortly), os.ErrDeadlineExceeded)
	p.Mend()
	require.NoError(t, answers(dial(t, p), patience))
	require.Equal(t, 4, p.Opened())
}

func TestASilenceHoldsUpOldAndNewConnectionsAndLosesNothing(t *testing.T) {
	t.Parallel()
	p := proxy.Start(t, echo(t))
	old := dial(t, p)
	require.NoError(t, answers(old, patience))
	p.Silence()
	fresh := dial(t, p)
	require.ErrorIs(t, answers(old, shortly), os.ErrDeadlineExceeded)
	require.ErrorIs(t, answers(fresh, shortly), os.ErrDeadlineExceeded)
	p.Speak()
	require.NoError(t, hears(old, patience), "what was sent meanwhile arrives")
	require.NoError(t, hears(fresh, patience))
}

func TestAResetIsHeardOnForgottenConnectionsAlone(t *testing.T) {
	t.Parallel()
	p := proxy.Start(t, echo(t))
	old := dial(t, p)
	require.NoError(t, answers(old, patience))
	p.Forget()
	fresh := dial(t, p)
	require.NoError(t, answers(fresh, patience))
	p.Reset()
	require.ErrorIs(t, hears(old, patience), io.EOF)
	require.NoError(t, answers(fresh, patience))
}

// echo is a server that sends back what it is sent.
func echo(t *testing.T) string {
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
			go func() {
				defer conn.Close()
				_, _ = io.Copy(conn, conn)
			}()
		}
	}()
	return listener.Addr().String()
}

func dial(t *testing.T, p *proxy.Proxy) net.Conn {
	t.Helper()
	conn, err := net.Dial("tcp", p.Address())
	require.NoError(t, err)
	t.Cleanup(func() { _ = conn.Close() })
	return conn
}

// answers sends something and waits for the answer.
func answers(conn net.Conn, within time.Duration) error {
	if _, err := conn.Write([]byte("x")); err != nil {
		return err
	}
	return hears(conn, within)
}

// hears waits for an answer.
func hears(conn net.Conn, within time.Duration) error {
	if err := conn.SetReadDeadline(time.Now().Add(within)); err != nil {
		return err
	}
	_, err := io.ReadFull(conn, make([]byte, 1))
	return err
}

func TestAServerThatIsDownClosesWhatThereIsAndWhatComes(t *testing.T) {
	t.Parallel()
	p := proxy.Start(t, echo(t))
	before := dial(t, p)
	require.NoError(t, answers(before, patience))
	p.Down()
	require.ErrorIs(t, answers(before, patience), io.EOF)
	require.Error(t, answers(dial(t, p), patience))
	p.Up()
	require.NoError(t, answers(dial(t, p), patience))
}
