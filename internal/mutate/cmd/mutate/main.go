// Command mutate breaks the product, one line at a time, and prints which test noticed. Its exit code is 0 when every
// mutation was killed by the test that is named for it, 1 when one was not, and 2 when that could not be tried.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"regexp"
	"sync"
	"syscall"
	"text/tabwriter"
	"time"

	"curfew/internal/mutate"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	killed, err := run(ctx)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "mutate:", err)
		os.Exit(2)
	case !killed:
		os.Exit(1)
	}
}

func run(ctx context.Context) (killed bool, err error) {
	only := flag.String("only", "", "try only those whose promise, file or test fits this `expression`")
	limit := flag.Duration("limit", 5*time.Minute, "how long a test may take")
	atOnce := flag.Int("parallel", 2, "how many are tried at the same time")
	flag.Parse()
	fits, err := regexp.Compile(*only)
	if err != nil {
		return false, err
	}
	all, err := mutate.All()
	if err != nil {
		return false, err
	}
	root, err := filepath.Abs(".")
	if err != nil {
		return false, err
	}
	began := time.Now()
	results := tryAll(ctx, root, *limit, *atOnce, chosen(all, fits))
	return report(results, time.Since(began)), ctx.Err()
}

func chosen(all []mutate.Mutation, fits *regexp.Regexp) (some []mutate.Mutation) {
	for _, m := range all {
		if fits.MatchString(m.Promise + " " + m.In + " " + m.Test) {
			some = append(some, m)
		}
	}
	return some
}

func tryAll(ctx context.Context, root string, limit time.Duration, atOnce int, some []mutate.Mutation) []mutate.Result {
	results := make([]mutate.Result, len(some))
	places := make(chan struct{}, max(atOnce, 1))
	var all sync.WaitGroup
	for i, m := range some {
		places <- struct{}{}
		all.Go(func() {
			defer func() { <-places }()
			result, err := m.Try(ctx, root, limit)
			if err != nil {
				result = mutate.Result{Mutation: m, Outcome: mutate.NotTried, Output: err.Error()}
			}
			results[i] = result
			fmt.Fprintf(os.Stderr, "%-14s %4.0f s  %s %s\n", result.Outcome, result.Took.Seconds(), m.Promise, m.Breaks)
		})
	}
	all.Wait()
	return results
}

// report writes the table, and below it what the tests said of those that were not killed.
func report(results []mutate.Result, took time.Duration) (killed bool) {
	table := tabwriter.NewWriter(os.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "promise\tbroken so that\tin\toutcome\tby")
	count := 0
	for _, r := range results {
		fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%s\n", r.Promise, r.Breaks, r.In, r.Outcome, r.Test)
		if r.Outcome == mutate.Killed || r.Outcome == mutate.Died {
			count++
		}
	}
	_ = table.Flush()
	for _, r := range results {
		if r.Outcome == mutate.Survived || r.Outcome == mutate.NotTried {
			fmt.Fprintf(os.Stdout, "\n%s: %s: %s\n%s\n", r.Outcome, r.Promise, r.Breaks, r.Output)
		}
	}
	fmt.Fprintf(os.Stdout, "\n%d of %d mutations were killed in %s\n", count, len(results), took.Round(time.Second))
	return count == len(results)
}
