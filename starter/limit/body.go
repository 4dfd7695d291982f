package limit

import (
	"io"
	"net/http"
	"sync"
	"time"

	"curfew/workflows/contract"
)

const (
	// bytesInFlight is how much of bodies may be in memory of which nobody knows yet who has sent them, and
	// bytesOfAnAddress how much of that one address may have.
	bytesInFlight    = 8 << 20
	bytesOfAnAddress = 2 << 20
	// bodyWithin bounds how long somebody may take to send such a body.
	bodyWithin = 10 * time.Second
	fullFor    = 2 * time.Second
)

// Body bounds the reading of a body whose sender is not known yet: how long it takes, and how much of all such bodies
// is in memory. Reading fails with a *contract.Problem when there is too much of it. Whoever calls it calls done when
// the body is not needed any more.
func (l *Limits) Body(w http.ResponseWriter, r *http.Request) (done func()) {
	control := http.NewResponseController(w)
	_ = control.SetReadDeadline(time.Now().Add(bodyWithin)) // without deadlines there is none to set
	m := &metered{ReadCloser: r.Body, bodies: l.bodies, from: l.Address(r), control: control}
	r.Body = m
	return m.release
}

// metered counts what is read of a body.
type metered struct {
	io.ReadCloser
	bodies  *bodies
	from    string
	held    int
	control *http.ResponseController
}

// Read reads on. At the end it lifts the deadline, because one that passes cancels a handler that has read its body.
func (m *metered) Read(p []byte) (int, error) {
	n, err := m.ReadCloser.Read(p)
	if n > 0 && !m.bodies.take(m.from, n) {
		full := contract.Unavailable("too much is on its way at the moment").At("body").Advise("send it again")
		full.RetryAfter.Duration = fullFor
		return 0, full
	}
	m.held += n
	if err != nil {
		_ = m.control.SetReadDeadline(time.Time{}) // as above
	}
	return n, err
}

func (m *metered) release() {
	m.bodies.give(m.from, m.held)
	m.held = 0
}

// bodies counts the bytes that are in memory.
type bodies struct {
	mu  sync.Mutex
	all int
	by  map[string]int // address
}

func newBodies() *bodies { return &bodies{by: map[string]int{}} }

func (b *bodies) take(from string, n int) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.all+n > bytesInFlight || b.by[from]+n > bytesOfAnAddress {
		return false
	}
	b.all += n
	b.by[from] += n
	return true
}

func (b *bodies) give(from string, n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.all -= n
	if b.by[from] -= n; b.by[from] <= 0 {
		delete(b.by, from)
	}
}
