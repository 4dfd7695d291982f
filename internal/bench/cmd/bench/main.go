// Command bench measures a whole Curfew, prints a table, and says what got worse since the figures that are committed.
// Its exit code is 0 when it could measure, whatever it found, and 2 when it could not.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io/fs"
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
	"curfew/internal/bench/report"
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
	only := flag.String(
		"only",
		"",
		"measure only the parts whose names fit this `expression`: "+strings.Join(bench.Names(), ", "),
	)
	dir := flag.String("dir", filepath.Join("bin", "bench"), "where runs are kept, each in a `folder` of its own")
	curfew := flag.String("curfew", filepath.Join("bin", "curfew"), "the `program` that is measured")
	before := flag.String("before", committed, "compare with the figures of this `file`")
	keep := flag.Bool("keep", false, "write the figures to "+committed+" and "+page)
	sizes := sizesFrom()
	flag.Parse()
	fits, err := regexp.Compile(*only)
	if err != nil {
		return err
	}
	if *keep && *only != "" {
		return errors.New("only a run of all parts is kept: leave -only out")
	}
	folder, err := folderFor(*dir)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	found := bench.Run(ctx, bench.Options{
		Only: fits, Sizes: *sizes, Dir: folder, Curfew: *curfew, Bare: []string{self, bare}, Out: os.Stderr,
	})
	if err := show(found, *before, *only == ""); err != nil {
		return err
	}
	figures := filepath.Join(folder, "figures.json")
	if err := found.Write(figures); err != nil {
		return err
	}
	fmt.Fprintln(os.Stderr, "\nthe figures and all logs are in", folder)
	if len(found.Failed) > 0 {
		return fmt.Errorf("%d parts could not measure", len(found.Failed))
	}
	if *keep {
		return keepAs(found)
	}
	return nil
}

// What a run that is kept changes.
const (
	committed = "docs/bench.json"
	page      = "docs/performance.md"
)

// show prints the figures, and what got worse since others.
func show(found *report.Report, before string, all bool) error {
	if err := found.Table(os.Stdout); err != nil {
		return err
	}
	former, err := report.Read(before)
	if errors.Is(err, fs.ErrNotExist) {
		former, err = nil, nil
	}
	if err != nil {
		return err
	}
	fmt.Fprintf(os.Stdout, "\n%s", found.Remarks(former, all))
	return nil
}

// keepAs makes a run the one that later ones are compared with.
func keepAs(found *report.Report) error {
	text, err := os.ReadFile(page)
	if err != nil {
		return err
	}
	changed, err := report.Page(string(text), found)
	if err != nil {
		return err
	}
	if err := found.Write(committed); err != nil {
		return err
	}
	return os.WriteFile(page, []byte(changed), 0o644) //nolint:gosec // everybody may read it
}

// sizesFrom makes flags of the sizes.
func sizesFrom() *bench.Sizes {
	s := &bench.Sizes{Bursts: []int{50, 500}, Ends: []int{1000, 3000}}
	flag.IntVar(&s.Starts, "starts", 10, "how often everything is started")
	flag.DurationVar(&s.Life, "life", 50*time.Second, "how long the access lasts whose actions are counted")
	flag.IntVar(&s.Lives, "lives", 300, "how many whole lives there are")
	flag.Var((*numbers)(&s.Bursts), "bursts", "how many people ask at the same moment: `numbers`, separated by commas")
	flag.IntVar(&s.BurstSamples, "burst-samples", 250, "a burst is repeated until so many have asked")
	flag.IntVar(&s.Singles, "singles", 30, "how many approvals and webhooks there are, one after the other")
	flag.Var(
		(*numbers)(&s.Ends),
		"ends",
		"how many deadlines there are within one second: `numbers`, separated by commas",
	)
	flag.IntVar(&s.Asleep, "asleep", 10_000, "how many grants sleep")
	flag.IntVar(&s.AsleepEnds, "asleep-ends", 1000, "how many deadlines there are within one second meanwhile")
	flag.IntVar(&s.FloodEnds, "flood-ends", 200, "how many deadlines there are within one second of a flood")
	flag.DurationVar(
		&s.Ask,
		"ask",
		150*time.Millisecond,
		"how long it takes to ask for one access, where many are asked for before a common deadline",
	)
	return s
}

// numbers is a flag with several of them.
type numbers []int

// String is how the flag is written.
func (n *numbers) String() string {
	return strings.Trim(strings.ReplaceAll(fmt.Sprint(*n), " ", ","), "[]")
}

// Set reads the flag.
func (n *numbers) Set(list string) error {
	*n = nil
	for _, text := range strings.Split(list, ",") {
		one, err := strconv.Atoi(text)
		if err != nil || one < 1 {
			return errors.New("write numbers above zero, separated by commas")
		}
		*n = append(*n, one)
	}
	return nil
}

// folderFor makes a new folder for a run.
func folderFor(dir string) (string, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", err
	}
	folder, err := os.MkdirTemp(dir, time.Now().UTC().Format("20060102-150405-"))
	if err != nil {
		return "", err
	}
	return filepath.Abs(folder)
}
