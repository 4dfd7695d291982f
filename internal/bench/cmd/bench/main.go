// Command bench measures a whole Curfew and prints a table. Its exit code is 0 when it could measure, and 2 when not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"curfew/internal/bench"
	"curfew/internal/bench/floor"
)

// bare is the argument that makes this program the worker of the floor.
const bare = "floor"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	err := run(ctx)
	stop()
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(2)
	}
}

func run(ctx context.Context) error {
	if len(os.Args) == 5 && os.Args[1] == bare {
		return floor.Run(ctx, floor.Options{Temporal: os.Args[2], Database: os.Args[3], Role: os.Args[4]})
	}
	only := flag.String("only", "", "measure only the parts whose names fit this `expression`")
	lives := flag.Int("lives", 300, "how many whole lives there are")
	bursts := flag.String("bursts", "50,500", "how many ask at the same moment")
	samples := flag.Int("burst-samples", 250, "bursts are repeated until there are so many asks")
	life := flag.Duration("life", 50*time.Second, "how long the access lasts whose actions are counted")
	dir := flag.String("dir", filepath.Join("bin", "bench"), "where runs are kept, each in a `folder` of its own")
	curfew := flag.String("curfew", filepath.Join("bin", "curfew"), "the `program` that is measured")
	out := flag.String("json", "", "write the figures to this `file`")
	flag.Parse()
	fits, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	sizes := bench.Sizes{Lives: *lives, BurstSamples: *samples, Life: *life}
	if sizes.Bursts, err = numbers(*bursts); err != nil {
		return err
	}
	folder, err := folderFor(*dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	found, err := bench.Run(ctx, bench.Options{
		Only: fits, Sizes: sizes, Dir: folder, Curfew: *curfew, Bare: []string{self, bare}, Out: os.Stderr,
	})
	if err != nil {
		return fmt.Errorf("%w; logs are in %s", err, folder)
	}
	if !found.Machine.Quiet() {
		fmt.Fprintf(os.Stderr, "the machine was busy before: its load average was %.2f\n", found.Machine.LoadAt)
	}
	if err := found.Table(os.Stdout); err != nil || *out == "" {
		return err
	}
	text, err := found.Encode()
	if err != nil {
		return err
	}
	return os.WriteFile(*out, text, 0o600)
}

// numbers reads a list.
func numbers(list string) (found []int, err error) {
	for _, text := range strings.Split(list, ",") {
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			return nil, errors.New("bursts are numbers, separated by commas")
		}
		found = append(found, n)
	}
	return found, nil
}

// folderFor makes a new folder for a run.
func folderFor(dir string) (string, error) {
	folder, err := filepath.Abs(filepath.Join(dir, time.Now().UTC().Format("20060102-150405")))
	if err != nil {
		return "", err
	}
	return folder, os.MkdirAll(folder, 0o700)
}
