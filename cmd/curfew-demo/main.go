// Command curfew-demo plays Curfew's main job on the Temporal server that TEMPORAL_ADDRESS names. The program that
// brings a server of its own is curfew-dev.
package main

import (
	"cmp"
	"context"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"

	"curfew/cmd/demo"
	"curfew/workflows/contract"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	self, err := os.Executable()
	if err == nil {
		err = demo.Run(ctx, demo.Options{
			Temporal:  cmp.Or(os.Getenv("TEMPORAL_ADDRESS"), "127.0.0.1:7233"),
			Namespace: cmp.Or(os.Getenv("TEMPORAL_NAMESPACE"), contract.Namespace),
			Curfew:    filepath.Join(filepath.Dir(self), "curfew"),
			Out:       os.Stdout,
			Stay:      os.Getenv("DEMO_EXIT") == "",
		})
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "curfew-demo:", err)
		os.Exit(1) //nolint:gocritic // stop only undoes the signal handling
	}
}
