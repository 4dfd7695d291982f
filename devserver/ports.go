package devserver

import (
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
)

const loopback = "127.0.0.1"

// ports holds on to addresses until their server listens: a port that was found free and let go at once is soon found
// by somebody else, and the server can't be handed the listener itself.
type ports struct{ held []net.Listener }

// take reserves a port, a free one when it is 0.
func (p *ports) take(ctx context.Context, ip string, port int) (int, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", net.JoinHostPort(ip, strconv.Itoa(port)))
	if err != nil {
		return 0, fmt.Errorf("port %d can't be used (0 picks a free one): %w", port, err)
	}
	p.held = append(p.held, listener)
	return listener.Addr().(*net.TCPAddr).Port, nil
}

// release lets go of all ports; again is harmless.
func (p *ports) release() error {
	var faults []error
	for _, listener := range p.held {
		faults = append(faults, listener.Close())
	}
	p.held = nil
	return errors.Join(faults...)
}

// reachable is an address that a client on this machine can dial: one can listen on a wildcard, but not call it.
func reachable(ip string, port int) string {
	if net.ParseIP(ip).IsUnspecified() {
		ip = loopback
	}
	return net.JoinHostPort(ip, strconv.Itoa(port))
}
