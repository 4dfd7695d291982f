package main

import (
	"context"
	"errors"
	"sync"

	"github.com/spf13/cobra"

	"curfew/activities/kinds"
	"curfew/cmd/compose"
	"curfew/internal/config"
	"curfew/internal/reload"
)

const defaultConfig = "curfew.yaml"

func (p *program) serverCommand() *cobra.Command {
	var file, metrics string
	c := &cobra.Command{
		Use:     "server",
		Short:   "Run the server: API, pages and webhooks",
		Example: "  curfew server --config /etc/curfew/curfew.yaml",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			return p.withApp(
				c.Context(),
				config.Source{File: file, Serves: config.Nothing, Directories: true},
				metricsAt(&metrics, func(configured config.Metrics) string { return configured.Server }),
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
	metricsFlag(c, &metrics)
	return c
}

// metricsFlag takes an address for the metrics of one process: several on one host can't share that of the
// configuration.
func metricsFlag(c *cobra.Command, address *string) {
	c.Flags().StringVar(address, "metrics", "",
		"`address` of this process's metrics and health, or none (default: from the configuration)")
}

// metricsAt chooses where metrics are served: where the command says, or where the configuration does.
func metricsAt(flag *string, of func(config.Metrics) string) func(*config.Config) (string, error) {
	return func(configured *config.Config) (string, error) {
		if *flag == "" {
			return of(configured.Metrics), nil
		}
		if fault := config.CheckMetricsAddress(*flag); fault != nil {
			return "", fault.At("metrics")
		}
		return *flag, nil
	}
}

func (p *program) workerCommand() *cobra.Command {
	var file, identity, metrics string
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
				metricsAt(&metrics, func(configured config.Metrics) string { return configured.Worker }),
				func(app *compose.App) error {
					app.BoundMemory()
					return app.Work(c.Context(), identity, targets...)
				},
			)
		},
	}
	c.Flags().StringSliceVar(&targets, "targets", nil, "`names` of the only targets to serve, separated by commas")
	c.Flags().StringVar(&file, "config", defaultConfig, "the configuration `file`")
	metricsFlag(c, &metrics)
	c.Flags().
		StringVar(&identity, "identity", "", "`name` of this worker in Temporal's Web UI (default: process id and host)")
	return c
}

// withApp runs what needs Temporal, the ledger and some of the targets.
func (p *program) withApp(
	ctx context.Context,
	source config.Source,
	metrics func(*config.Config) (string, error),
	run func(*compose.App) error,
) (err error) {
	source.Kinds = kinds.ForConfig()
	configured, err := reload.Open(source)
	if err != nil {
		return err
	}
	address, err := metrics(configured.Current())
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
	beside.Go(func() { app.Measure(ctx, address) })
	defer beside.Wait()
	defer stop()
	return run(app)
}
