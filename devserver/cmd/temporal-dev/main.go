// Command temporal-dev runs a Temporal cluster for Curfew in one process, with Temporal's Web UI. When it is ready it
// prints one line of JSON that says where; SIGINT or SIGTERM ends it.
package main

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"

	"curfew/devserver"
	"curfew/workflows/contract"
)

func main() {
	if err := run(options()); err != nil {
		fmt.Fprintln(os.Stderr, "temporal-dev:", err)
		os.Exit(1)
	}
}

func options() devserver.Options {
	o := devserver.Options{Namespace: contract.Namespace}
	flag.StringVar(&o.IP, "ip", "127.0.0.1", "the only `address` to listen on; there is no authentication")
	flag.IntVar(&o.Port, "port", 7233, "Temporal's port; 0 picks a free one")
	flag.IntVar(&o.UIPort, "ui-port", 8233, "the Web UI's port; 0 picks a free one, -1 leaves the UI out")
	flag.StringVar(&o.File, "db", "", "keep everything in this SQLite `file`; in memory without it")
	flag.StringVar((*string)(&o.Sync), "sync", string(devserver.SyncNormal),
		"what a commit to the file outlives: a kill (normal), or a power cut too (full)")
	flag.DurationVar(&o.TimerShift, "timer-shift", 0,
		"how late a short timer may fire; Temporal's 1s when 0, 1ms suits tests")
	flag.DurationVar(&o.Retention, "retention", 72*time.Hour, "how long closed workflows can be looked at")
	flag.StringVar(&o.LogLevel, "log-level", "warn", "debug, info, warn or error, on stderr")
	flag.Parse()
	if flag.NArg() > 0 {
		fmt.Fprintf(os.Stderr, "temporal-dev: %q is not a flag; all is said with flags:\n", flag.Arg(0))
		flag.PrintDefaults()
		os.Exit(2)
	}
	return o
}

// ready is what a program that started this one needs to know.
type ready struct {
	Address   string `json:"address"`
	UI        string `json:"ui"`
	Namespace string `json:"namespace"`
}

func run(o devserver.Options) error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	server, err := devserver.Start(ctx, o)
	if err != nil {
		return err
	}
	line := ready{Address: server.Address(), UI: server.UIAddress(), Namespace: o.Namespace}
	if err := json.NewEncoder(os.Stdout).Encode(line); err != nil {
		return fmt.Errorf("say that the server is ready: %w", err)
	}
	<-ctx.Done()
	stop() // a second signal ends the process at once
	return server.Stop()
}
