// Package proxy stands between a client and a server, and fails as networks do: it forgets connections without telling
// either end, swallows new ones, and falls silent for a while.
package proxy

import (
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/require"
)

// Proxy forwards to one server, on loopback only. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	server   string
	opened   atomic.Int64

	mu     sync.Mutex
	lines  map[*line]bool
	cut    bool          // new connections are forgotten at once
	down   bool          // new connections are closed at once
	silent chan struct{} // closed when the silence is over; nil while everything passes
	closed bool
}

// line is a connection and the one that it is forwarded by.
type line struct {
	client, server net.Conn
	forgotten      atomic.Bool
}

// Start forwards to a server at host:port until the test ends.
func Start(t testing.TB, server string) *Proxy {
	t.Helper()
	p, err := Launch(server)
	require.NoError(t, err)
	t.Cleanup(p.Close)
	return p
}

// Launch is Start for a program that is no test: whoever calls it closes the proxy.
func Launch(server string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, server: server, lines: map[*line]bool{}}
	go p.accept()
	return p, nil
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
	for l := range p.lines {
		l.forgotten.Store(true)
	}
}

// Reset tells both ends of the connections that are forgotten.
func (p *Proxy) Reset() {
	for _, l := range p.those(func(l *line) bool { return l.forgotten.Load() }) {
		l.close()
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

// Silence lets nothing pass, in either direction, until Speak. Connections are accepted, and nobody answers on them.
func (p *Proxy) Silence() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent == nil {
		p.silent = make(chan struct{})
	}
}

// Speak ends a silence. What was sent meanwhile arrives late, as on a network that sends again.
func (p *Proxy) Speak() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.silent != nil {
		close(p.silent)
		p.silent = nil
	}
}

// Close ends everything.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Speak()
	for _, l := range p.those(func(*line) bool { return true }) {
		l.close()
	}
}

func (p *Proxy) those(fit func(*line) bool) (found []*line) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		if fit(l) {
			found = append(found, l)
		}
	}
	return found
}

func (l *line) close() {
	_ = l.client.Close()
	_ = l.server.Close()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.opened.Add(1)
		if p.isDown() {
			_ = client.Close()
			continue
		}
		go p.connect(client)
	}
}

// connect forwards a connection until both ends are closed. Nobody is connected through a silence.
func (p *Proxy) connect(client net.Conn) {
	p.awaitSpeech()
	server, err := net.Dial("tcp", p.server)
	if err != nil {
		_ = client.Close()
		return
	}
	l := &line{client: client, server: server}
	if !p.add(l) {
		l.close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.forward(l, client, server) })
	both.Go(func() { p.forward(l, server, client) })
	both.Wait()
	p.mu.Lock()
	delete(p.lines, l)
	p.mu.Unlock()
}

func (p *Proxy) add(l *line) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	l.forgotten.Store(p.cut)
	p.lines[l] = true
	return true
}

// awaitSpeech returns when there is no silence.
func (p *Proxy) awaitSpeech() {
	for {
		p.mu.Lock()
		silent := p.silent
		p.mu.Unlock()
		if silent == nil {
			return
		}
		<-silent
	}
}

// forward passes on what comes until one end is closed. Of a forgotten connection not even that is passed on.
func (p *Proxy) forward(l *line, from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.awaitSpeech()
		forgotten := l.forgotten.Load()
		if n > 0 && !forgotten {
			if _, failed := to.Write(buffer[:n]); failed != nil {
				err = failed
			}
		}
		if err != nil {
			_ = from.Close()
			if !forgotten {
				_ = to.Close()
			}
			return
		}
	}
}
