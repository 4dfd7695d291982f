package postgres

import (
	"bytes"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Liar stands before a server. While it lies, the server is told to do nothing in the place of each GRANT and REVOKE of a
// role, and answers that this is done.
type Liar struct {
	listener net.Listener
	server   string
	lying    atomic.Bool
}

// StartLiar starts an honest liar before the server, until the test ends.
func (s *Server) StartLiar(t testing.TB) *Liar {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	l := &Liar{listener: listener, server: s.address}
	go l.accept()
	return l
}

// Address is where it stands.
func (l *Liar) Address() string { return l.listener.Addr().String() }

// Lie has it lie from now on, until it is honest again.
func (l *Liar) Lie() (honest func()) {
	l.lying.Store(true)
	return func() { l.lying.Store(false) }
}

func (l *Liar) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return // the test is over
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		go pass(client, server, l.hollow)
		go pass(server, client, func([]byte) {})
	}
}

// hollow makes a comment of a change, which is a statement that does nothing. It has the same length, so that the message
// around it stays whole.
func (l *Liar) hollow(sent []byte) {
	for _, change := range []string{`GRANT "`, `REVOKE "`} {
		if at := bytes.Index(sent, []byte(change)); at >= 0 && l.lying.Load() {
			copy(sent[at:], "--")
		}
	}
}

// pass hands on what one side says, as the function leaves it, until either side is gone.
func pass(from, to net.Conn, edit func([]byte)) {
	defer func() { _ = from.Close() }()
	defer func() { _ = to.Close() }()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		edit(buffer[:n])
		if _, failed := to.Write(buffer[:n]); failed != nil || err != nil {
			return
		}
	}
}
