package main

import (
	"context"
	"errors"
	"sync"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/cmd/compose"
	"curfew/internal/config"
)

const defaultConfig = "curfew.yaml"

func (p *program) serverCommand() *cobra.Command {
	var file string
	c := &cobra.Command{
		Use:     "server",
		Short:   "Run the server: API, pages and webhooks",
		Example: "  curfew server --config /etc/curfew/curfew.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withApp(
				c.Context(),
				config.Source{File: file, Serves: config.Nothing, Directories: true},
				func(app *compose.App) error {
					listener, err := app.Listen(c.Context())
					if err != nil {
						return err
					}
					return app.Serve(c.Context(), listener)
				},
			)
		},
	}
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	return c
}

func (p *program) workerCommand() *cobra.Command {
	var file, identity string
	var targets []string
	c := &cobra.Command{
		Use:   "worker",
		Short: "Run a worker, which decides, grants and revokes",
		Long: `Run a worker, which decides, grants and revokes.

With --targets, the worker serves only these targets, each of which has a taskQueue in the configuration, and needs only their
credentials: run it where it can reach them. Without --targets, it serves everything that has no taskQueue.`,
		Example: "  curfew worker --config /etc/curfew/curfew.yaml\n  curfew worker --targets orders-db",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withApp(
				c.Context(),
				config.Source{File: file, Serves: compose.Serves(targets), Directories: len(targets) == 0},
				func(app *compose.App) error {
					return app.Work(c.Context(), identity, targets...)
				},
			)
		},
	}
	c.Flags().StringSliceVar(&targets, "targets", nil, "`names` of the only targets to serve, separated by commas")
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	c.Flags().
		StringVar(&identity, "identity", "", "`name` of this worker in Temporal's Web UI (default: process id and host)")
	return c
}

// withApp runs what needs Temporal, the ledger and some of the targets.
func (p *program) withApp(
	ctx context.Context, source config.Source, run func(*compose.App) error,
) (err error) {
	source.Kinds = kinds.ForConfig()
	configured, err := config.Open(source)
	if err != nil {
		return err
	}
	app, err := compose.Open(ctx, configured, compose.Log(p.stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	ctx, stop := context.WithCancel(ctx)
	var beside sync.WaitGroup
	beside.Go(func() { app.Follow(ctx) })
	defer beside.Wait()
	defer stop()
	return run(app)
}
