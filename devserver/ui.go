package devserver

import (
	"context"
	"fmt"
	"net"
	"time"

	ui "github.com/temporalio/ui-server/v2/server"
	"github.com/temporalio/ui-server/v2/server/config"
	"github.com/temporalio/ui-server/v2/server/server_options"
)

// startUI serves Temporal's Web UI until the returned function is called.
func startUI(o Options, l *layout) (stop func()) {
	host := o.IP
	if net.ParseIP(host).To4() == nil {
		host = "[" + host + "]" // the UI joins host and port itself, unaware of IPv6
	}
	server := ui.NewServer(server_options.WithConfigProvider(&config.Config{
		TemporalGRPCAddress: l.frontend,
		Host:                host,
		Port:                l.ui,
		DefaultNamespace:    o.Namespace,
		EnableUI:            true,
		DisableNewsFetch:    true,
		HideLogs:            true,
		// Without TLS, a browser drops a cookie with the Secure flag, and every button of the UI fails.
		CORS: config.CORS{CookieInsecure: true},
	}))
	go func() { _ = server.Start() }() // nil after a stop; the UI ends the process on anything else
	return server.Stop
}

// awaitUI returns when somebody listens at the address: the UI doesn't say when it does.
func awaitUI(ctx context.Context, address string) error {
	for {
		conn, err := new(net.Dialer).DialContext(ctx, "tcp", address)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("the Web UI doesn't come up: %w", err)
		case <-time.After(5 * time.Millisecond):
		}
	}
}
