package main

import (
	"context"
	"errors"

	"github.com/spf13/cobra"

	"curfew/activities/target/kinds"
	"curfew/cmd/compose"
	"curfew/internal/config"
)

const defaultConfig = "curfew.yaml"

func (p *program) serverCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "server",
		Short:   "Run the server: the API that people and programs ask",
		Example: "  curfew server --config /etc/curfew/curfew.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), file, func(house *compose.House) error {
				listener, err := house.Listen(c.Context())
				if err != nil {
					return err
				}
				return house.Serve(c.Context(), listener)
			})
		},
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	return c
}

func (p *program) workerCommand() *cobra.Command {
	var file, identity string
	c := &cobra.Command{
		Use:     "worker",
		Short:   "Run a worker: what decides, grants and revokes",
		Example: "  curfew worker --config /etc/curfew/curfew.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.inHouse(c.Context(), file, func(house *compose.House) error { return house.Work(c.Context(), identity) })
		},
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	c.Flags().StringVar(&identity, "identity", "", "`name` of this worker in Temporal's Web UI (default: process and host)")
	return c
}

// inHouse runs what needs all that the configuration names.
func (p *program) inHouse(ctx context.Context, file string, run func(*compose.House) error) (err error) {
	configured, err := config.Load(file, kinds.ForConfig())
	if err != nil {
		return err
	}
	house, err := compose.Open(ctx, configured, compose.Log(p.stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, house.Close()) }()
	return run(house)
}
