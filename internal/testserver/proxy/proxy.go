// Package proxy is a bad network between two programs of a test: a forwarder of TCP connections that can fall silent, and
// forget connections that its two ends still believe in.
package proxy

import (
	"net"
	"sync"
)

// Proxy forwards connections to one address. It is safe for concurrent use.
type Proxy struct {
	listener net.Listener
	to       string

	mu     sync.Mutex
	silent chan struct{} // closed when the silence is over; nil while everything passes
	lines  map[*line]bool
	closed bool
}

// line is a connection and the one that it is forwarded by.
type line struct {
	ends      [2]net.Conn
	forgotten bool
}

// Start listens on a free loopback port and forwards to an address.
func Start(to string) (*Proxy, error) {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, err
	}
	p := &Proxy{listener: listener, to: to, lines: map[*line]bool{}}
	go p.accept()
	return p, nil
}

// Address is where to connect, as host:port.
func (p *Proxy) Address() string { return p.listener.Addr().String() }

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

// Forget loses the connections that there are, and tells neither end: what is sent on them goes nowhere. New ones pass.
func (p *Proxy) Forget() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		l.forgotten = true
	}
}

// Forgotten is how many connections are forgotten that an end still believes in.
func (p *Proxy) Forgotten() (number int) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for l := range p.lines {
		if l.forgotten {
			number++
		}
	}
	return number
}

// Reset tells both ends of forgotten connections.
func (p *Proxy) Reset() {
	for _, l := range p.those(func(l *line) bool { return l.forgotten }) {
		l.close()
	}
}

// Cut closes all connections that there are.
func (p *Proxy) Cut() {
	for _, l := range p.those(func(*line) bool { return true }) {
		l.close()
	}
}

// Close ends everything.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	_ = p.listener.Close()
	p.Speak()
	p.Cut()
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
	for _, end := range l.ends {
		_ = end.Close()
	}
}

func (p *Proxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		go p.connect(near)
	}
}

// connect forwards a connection until either end closes it. Nobody is connected through a silence.
func (p *Proxy) connect(near net.Conn) {
	p.speaks()
	far, err := net.Dial("tcp", p.to)
	if err != nil {
		_ = near.Close()
		return
	}
	l := &line{ends: [2]net.Conn{near, far}}
	if !p.add(l) {
		l.close()
		return
	}
	var both sync.WaitGroup
	both.Go(func() { p.forward(l, near, far) })
	both.Go(func() { p.forward(l, far, near) })
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
	p.lines[l] = true
	return true
}

// speaks returns when there is no silence.
func (p *Proxy) speaks() {
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

// forward passes on what comes from one end. An end that goes away is no secret to the other one, except on a connection
// that is forgotten: the one that still believes in it hears nothing.
func (p *Proxy) forward(l *line, from, to net.Conn) {
	buffer := make([]byte, 32<<10)
	for {
		n, err := from.Read(buffer)
		p.speaks()
		forgotten := p.forgotten(l)
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

func (p *Proxy) forgotten(l *line) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return l.forgotten
}
