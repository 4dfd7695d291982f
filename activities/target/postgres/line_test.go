package postgres_test

import (
	"bytes"
	"net"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// unreliableLine forwards to a server, and can lose the answer to a change.
type unreliableLine struct {
	listener net.Listener
	server   string
	armed    atomic.Bool
}

func newUnreliableLine(t *testing.T, server string) *unreliableLine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	t.Cleanup(func() { _ = listener.Close() })
	line := &unreliableLine{listener: listener, server: server}
	go line.accept()
	return line
}

func (l *unreliableLine) address() string { return l.listener.Addr().String() }

// loseReply has the next change answered by a closed connection.
func (l *unreliableLine) loseReply() { l.armed.Store(true) }

func (l *unreliableLine) accept() {
	for {
		client, err := l.listener.Accept()
		if err != nil {
			return
		}
		server, err := net.Dial("tcp", l.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		var losing atomic.Bool
		go forward(client, server, func(sent []byte) bool {
			if (bytes.Contains(sent, []byte("GRANT ")) || bytes.Contains(sent, []byte("REVOKE "))) &&
				l.armed.CompareAndSwap(true, false) {
				losing.Store(true)
			}
			return true
		})
		var lost []byte
		go forward(server, client, func(answer []byte) bool {
			if !losing.Load() {
				return true
			}
			lost = append(lost, answer...)
			if committed(lost) {
				_ = client.Close()
			}
			return false
		})
	}
}

// committed is true for an answer that ends with ReadyForQuery, outside any transaction.
func committed(answer []byte) bool { return bytes.HasSuffix(answer, []byte("Z\x00\x00\x00\x05I")) }

// forward passes on what pass allows, until either end is closed.
func forward(from, to net.Conn, pass func([]byte) bool) {
	defer from.Close()
	defer to.Close()
	buffer := make([]byte, 64<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && pass(buffer[:n]) {
			if _, err := to.Write(buffer[:n]); err != nil {
				return
			}
		}
		if err != nil {
			return
		}
	}
}
