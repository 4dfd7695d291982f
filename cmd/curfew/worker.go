package main

import (
	"errors"

	"github.com/spf13/cobra"

	"curfew/activities/target/kinds"
	"curfew/worker"
)

func (p *program) workerCommand() *cobra.Command {
	var file, identity string
	c := &cobra.Command{
		Use:     "worker",
		Short:   "Run a worker: what decides, grants and revokes",
		Example: "  curfew worker --config /etc/curfew/curfew.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) (err error) {
			s, err := p.serverSide(c.Context(), file)
			if err != nil {
				return err
			}
			defer func() { err = errors.Join(err, s.close()) }()
			targets, err := kinds.Open(s.config.Targets)
			if err != nil {
				return err
			}
			return worker.Run(c.Context(), worker.Options{
				Config: s.config, Temporal: s.temporal, Log: s.log, Events: s.ledger, Holdings: s.ledger,
				Tickets: s.tickets, Targets: targets, Identity: identity,
			})
		},
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	c.Flags().StringVar(&identity, "identity", "", "`name` of this worker in Temporal's Web UI (default: process and host)")
	return c
}
