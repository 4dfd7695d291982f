// Package proxy stands between a client and a server in tests, and fails as networks do: it forgets connections without
// telling either end, and swallows new ones.
package proxy

import (
	"io"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Proxy forwards to one server, on loopback only, until the test ends.
type Proxy struct {
	listener net.Listener
	server   string
	opened   atomic.Int64

	mu    sync.Mutex
	conns map[net.Conn]*atomic.Bool // both ends of each connection, and whether it is forgotten
	cut   bool
}

// Start forwards to a server at host:port.
func Start(t testing.TB, server string) *Proxy {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	require.NoError(t, err)
	p := &Proxy{listener: listener, server: server, conns: map[net.Conn]*atomic.Bool{}}
	t.Cleanup(p.stop)
	go p.accept()
	return p
}

// Address is where the proxy listens, as host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

// Opened is how many connections were made through the proxy.
func (p *Proxy) Opened() int { return int(p.opened.Load()) }

// Forget drops from now on whatever is sent over the connections that there are, and closes none of them: neither end
// learns of it. New connections work.
func (p *Proxy) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, forgotten := range p.conns {
		forgotten.Store(true)
	}
}

// Cut is Forget, and new connections are forgotten too, until Mend.
func (p *Proxy) Cut() {
	p.setCut(true)
	p.Forget()
}

// Mend lets new connections work again. What was forgotten stays so.
func (p *Proxy) Mend() { p.setCut(false) }

func (p *Proxy) setCut(cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.cut = cut
}

func (p *Proxy) stop() {
	_ = p.listener.Close()
	p.mu.Lock()
	defer p.mu.Unlock()
	for conn := range p.conns {
		_ = conn.Close()
	}
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.opened.Add(1)
		server, err := net.Dial("tcp", p.server)
		if err != nil {
			_ = client.Close()
			continue
		}
		forgotten := p.keep(client, server)
		go p.forward(client, server, forgotten)
		go p.forward(server, client, forgotten)
	}
}

func (p *Proxy) keep(client, server net.Conn) *atomic.Bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	forgotten := new(atomic.Bool)
	forgotten.Store(p.cut)
	p.conns[client], p.conns[server] = forgotten, forgotten
	return forgotten
}

// forward passes on what comes until one end is closed. Of a forgotten connection not even that is passed on.
func (p *Proxy) forward(from, to net.Conn, forgotten *atomic.Bool) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		if n > 0 && !forgotten.Load() {
			if _, writeErr := to.Write(buffer[:n]); writeErr != nil {
				err = io.ErrClosedPipe
			}
		}
		if err != nil {
			p.close(from)
			if !forgotten.Load() {
				p.close(to)
			}
			return
		}
	}
}

func (p *Proxy) close(conn net.Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.conns, conn)
	_ = conn.Close()
}
