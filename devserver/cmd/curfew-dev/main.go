// Command curfew-dev runs all of Curfew in one process: an embedded Temporal with its Web UI, the API and a worker.
// With the word demo it plays the main job on stand-ins instead, and needs no configuration.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"curfew/activities/kinds"
	"curfew/cmd/compose"
	"curfew/cmd/demo"
	"curfew/devserver"
	"curfew/internal/config"
	"curfew/internal/reload"
	"curfew/workflows/contract"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if len(os.Args) == 2 && os.Args[1] == "demo" {
		err = play(ctx)
	} else {
		err = everything(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "curfew-dev:", err)
		os.Exit(1) //nolint:gocritic // stop only undoes the signal handling
	}
}

// play runs the demonstration on a server in memory.
func play(ctx context.Context) (err error) {
	server, err := devserver.Start(ctx, devserver.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	self, err := os.Executable()
	if err != nil {
		return err
	}
	return demo.Run(ctx, demo.Options{
		Temporal: server.Address(), Namespace: contract.Namespace, WebUI: server.UIAddress(),
		Curfew: filepath.Join(filepath.Dir(self), "curfew"), Out: os.Stdout, Stay: os.Getenv("DEMO_EXIT") == "",
	})
}

// everything runs what a configuration names, on a server in a file beside it.
func everything(ctx context.Context) (err error) {
	file := flag.String("config", "curfew.yaml", "the configuration `file`")
	database := flag.String("db", "", "where Temporal keeps its state (default: temporal.db beside the configuration)")
	port := flag.Int("port", 7233, "Temporal's port; 0 picks a free one")
	webUI := flag.Int("ui-port", 8233, "the port of Temporal's Web UI; 0 picks a free one, -1 leaves it out")
	flag.Parse()
	if flag.NArg() > 0 {
		return fmt.Errorf(
			"%q is not a flag; curfew-dev alone runs everything, curfew-dev demo plays the demonstration",
			flag.Arg(0),
		)
	}
	configured, err := config.Load(*file, kinds.ForConfig())
	if err != nil {
		return err
	}
	if *database == "" {
		*database = filepath.Join(filepath.Dir(*file), "temporal.db")
	}
	server, err := devserver.Start(
		ctx,
		devserver.Options{File: *database, Port: *port, UIPort: *webUI, Namespace: configured.Temporal.Namespace},
	)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, server.Stop()) }()
	live, err := reload.Open(config.Source{
		File: *file, Kinds: kinds.ForConfig(), Adjust: func(c *config.Config) { c.Temporal.Address = server.Address() },
	})
	if err != nil {
		return err
	}
	return run(ctx, live, server.UIAddress())
}

func run(ctx context.Context, live *reload.Live, webUI string) (err error) {
	app, err := compose.Open(ctx, live, compose.Log(os.Stderr))
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, app.Close()) }()
	listener, err := app.Listen(ctx)
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "Curfew             %s\nTemporal's Web UI  %s\n", live.Current().Server.URL, webUI)
	// When one of them fails the other stops as well.
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	parts := []func() error{
		func() error { return app.Work(ctx, "") },
		func() error { return app.Serve(ctx, listener) },
		func() error { app.Follow(ctx); return nil },
	}
	if apart := app.TaskQueued(); len(apart) > 0 {
		parts = append(parts, func() error { return app.Work(ctx, "", apart...) })
	}
	ended := make(chan error, len(parts))
	for _, part := range parts {
		go func() { ended <- part() }()
	}
	for range parts {
		err = errors.Join(err, <-ended)
		stop()
	}
	return err
}
