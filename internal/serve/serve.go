// Package serve runs Curfew's HTTP servers until their process stops.
package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"
)

// What all servers share. Whoever calls sets how long a body and an answer may take.
const (
	headerWithin = 5 * time.Second
	idleFor      = 2 * time.Minute
	longestHead  = 16 << 10 // bytes
)

// Until serves on a listener, which it closes, until the context ends. Calls that are being handled may then go on for a
// while. what names the server in errors.
func Until(ctx context.Context, listener net.Listener, server *http.Server, while time.Duration, what string) error {
	server.ReadHeaderTimeout, server.IdleTimeout, server.MaxHeaderBytes = headerWithin, idleFor, longestHead
	failed := make(chan error, 1)
	go func() { failed <- server.Serve(listener) }()
	select {
	case err := <-failed:
		return fmt.Errorf("serve the %s: %w", what, err)
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), while)
	defer cancel()
	if err := server.Shutdown(drain); err != nil {
		return errors.Join(fmt.Errorf("stop serving the %s: %w", what, err), server.Close())
	}
	return nil
}
