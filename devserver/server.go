package devserver

import (
	"context"
	"errors"
	"fmt"

	"go.temporal.io/server/common/authorization"
	"go.temporal.io/server/common/config"
	"go.temporal.io/server/temporal"
)

// Server is a running cluster.
type Server struct {
	cluster temporal.Server
	log     *logger
	stopUI  func()
	address string
	ui      string
}

// Address is where clients dial, as host:port.
func (s *Server) Address() string { return s.address }

// UIAddress is the URL of the Web UI; empty when there is none.
func (s *Server) UIAddress() string { return s.ui }

// Start returns when the cluster answers with its namespace in place. The context bounds the start, not the server's
// life: that ends with Stop.
func Start(ctx context.Context, options Options) (*Server, error) {
	o, err := options.complete()
	if err != nil {
		return nil, fmt.Errorf("options: %w", err)
	}
	l, err := lay(ctx, o)
	if err != nil {
		return nil, err
	}
	defer l.release()
	s, err := openStore(ctx, o)
	if err != nil {
		return nil, err
	}
	log, err := newLogger(o.LogLevel)
	if err != nil {
		return nil, err
	}
	cluster, err := newCluster(o, l, s, log)
	if err != nil {
		return nil, err
	}
	if err := cluster.Start(); err != nil {
		return nil, fmt.Errorf("start the cluster: %w", err)
	}
	server := &Server{cluster: cluster, log: log, stopUI: func() {}, address: l.frontend}
	if err := server.complete(ctx, o, l); err != nil {
		return nil, errors.Join(err, server.Stop())
	}
	log.speak()
	return server, nil
}

// newCluster puts the cluster together; it listens from here on, but answers only once it is started.
func newCluster(o Options, l *layout, s *store, log *logger) (temporal.Server, error) {
	if err := l.clusterPorts.release(); err != nil {
		return nil, fmt.Errorf("hand the ports to the cluster: %w", err)
	}
	cluster, err := temporal.NewServer(
		temporal.WithConfig(l.config(s)),
		temporal.ForServices(temporal.DefaultServices),
		temporal.WithStaticHosts(l.hosts()),
		temporal.WithDynamicConfigClient(knobs(o)),
		temporal.WithLogger(log),
		temporal.WithAuthorizer(authorization.NewNoopAuthorizer()),
		temporal.WithClaimMapper(func(*config.Config) authorization.ClaimMapper {
			return authorization.NewNoopClaimMapper()
		}),
	)
	if err != nil {
		return nil, fmt.Errorf("put the cluster together: %w", err)
	}
	return cluster, nil
}

// complete adds to the bare cluster what Curfew needs of it, and the Web UI.
func (s *Server) complete(ctx context.Context, o Options, l *layout) error {
	if err := settle(ctx, l.frontend, o); err != nil {
		return err
	}
	if l.ui == 0 {
		return nil
	}
	if err := l.uiPort.release(); err != nil {
		return fmt.Errorf("hand the port to the Web UI: %w", err)
	}
	address := reachable(o.IP, l.ui)
	s.ui, s.stopUI = "http://"+address, startUI(o, l)
	return awaitUI(ctx, address)
}

// Stop ends the server, within about a second: the frontend gives open calls that long to finish.
func (s *Server) Stop() error {
	s.log.hush()
	s.stopUI()
	if err := s.cluster.Stop(); err != nil {
		return fmt.Errorf("stop the cluster: %w", err)
	}
	return nil
}
