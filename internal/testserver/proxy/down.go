package proxy

// Down closes every connection, and each new one at once, as a server does that was stopped; until Up.
func (p *Proxy) Down() {
	p.mu.Lock()
	p.down = true
	p.mu.Unlock()
	for _, l := range p.those(func(*line) bool { return true }) {
		l.close()
	}
}

// Up lets new connections work again.
func (p *Proxy) Up() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.down = false
}

func (p *Proxy) isDown() bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.down
}
