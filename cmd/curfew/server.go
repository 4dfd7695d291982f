package main

import (
	"context"
	"errors"
	"net"

	"github.com/spf13/cobra"
	"go.uber.org/zap"

	"curfew/starter"
	"curfew/starter/api"
)

const defaultConfig = "curfew.yaml"

func (p *program) serverCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "server",
		Short:   "Run the server: the API that people and programs ask",
		Example: "  curfew server --config /etc/curfew/curfew.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			s, err := p.serverSide(c.Context(), file)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.close()) }()
			return s.serve(c.Context())
		},
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	return c
}

func (s *serverSide) serve(ctx context.Context) error {
	requests, err := starter.New(starter.Options{Temporal: s.temporal, Config: s.config, Events: s.ledger, Tickets: s.tickets})
	if err != nil {
		return err
	}
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", s.config.Server.Listen)
	if err != nil {
		return usageError("server.listen", "choose an address of this machine that is free", "%v", err)
	}
	s.log.Info("serving", zap.Stringer("address", listener.Addr()), zap.String("version", version()))
	return api.Serve(ctx, listener, api.New(api.Options{Starter: requests, Config: s.config, Log: s.log}), s.log)
}
