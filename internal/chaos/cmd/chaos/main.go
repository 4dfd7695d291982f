// Command chaos makes everything around a whole Curfew fail and judges whether it kept its promises. Its exit code is 0
// when it did, 1 when it did not, and 2 when that could not be tried.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"curfew/internal/chaos"
	"curfew/internal/chaos/plan"
	"curfew/internal/chaos/standin"
	"curfew/internal/chaos/world"
)

// standIns is the argument that makes this program the stand-ins.
const standIns = "stand-ins"

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	kept, err := run(ctx)
	stop()
	switch {
	case err != nil:
		fmt.Fprintln(os.Stderr, "chaos:", err)
		os.Exit(2)
	case !kept:
		os.Exit(1)
	}
}

func run(ctx context.Context) (kept bool, err error) {
	if len(os.Args) == 2 && os.Args[1] == standIns {
		return true, standin.Run(ctx, os.Stdin, os.Stdout)
	}
	seed := flag.Uint64("seed", 1, "what the plan is drawn from")
	minutes := flag.Int("minutes", 8, "how long the plan is")
	requests := flag.Int("requests", 0, "how many requests there are; 16 a minute when 0")
	ledger := flag.String("ledger", world.SQLite, "where the ledger is: sqlite or postgres")
	faults := flag.String("faults", "", "play only these `faults`, separated by commas; all when empty")
	dir := flag.String("dir", filepath.Join("bin", "chaos"), "where runs are kept, each in a `folder` of its own")
	curfew := flag.String("curfew", filepath.Join("bin", "curfew"), "the `program` that is tried")
	again := flag.String("judge", "", "judge what is kept in this `folder` once more, and play nothing")
	flag.Parse()
	if *again != "" {
		return chaos.Again(*again, os.Stdout)
	}
	if *ledger != world.SQLite && *ledger != world.Postgres {
		return false, fmt.Errorf("there is no ledger %q: choose %s or %s", *ledger, world.SQLite, world.Postgres)
	}
	if *minutes < 1 || *minutes > 60 || *requests < 0 || *requests > 1000 {
		return false, errors.New("a plan has 1 to 60 minutes, and at most 1000 requests")
	}
	only, err := faultsIn(*faults)
	if err != nil {
		return false, err
	}
	if *requests == 0 {
		*requests = 16 * *minutes
	}
	folder, err := folderFor(*dir, *ledger, *seed)
	if err != nil {
		return false, err
	}
	self, err := os.Executable()
	if err != nil {
		return false, err
	}
	return chaos.Run(ctx, chaos.Options{
		Seed:     *seed,
		Length:   time.Duration(*minutes) * time.Minute,
		Requests: *requests,
		Ledger:   *ledger,
		Dir:      folder,
		Faults:   only,
		Curfew:   *curfew,
		StandIns: []string{self, standIns},
		Commit:   commit(ctx),
		Out:      os.Stdout,
	})
}

// faultsIn reads a list of faults; all when it is empty.
func faultsIn(list string) ([]plan.FaultKind, error) {
	if list == "" {
		return plan.All(), nil
	}
	var found []plan.FaultKind
	for _, name := range strings.Split(list, ",") {
		fault := plan.FaultKind(name)
		if !slices.Contains(plan.All(), fault) {
			return nil, fmt.Errorf("there is no fault %q: choose from %v", name, plan.All())
		}
		found = append(found, fault)
	}
	return found, nil
}

// folderFor makes a new folder for a run.
func folderFor(dir, ledger string, seed uint64) (string, error) {
	folder, err := filepath.Abs(
		filepath.Join(dir, fmt.Sprintf("%s-%s-%d", time.Now().UTC().Format("20060102-150405"), ledger, seed)),
	)
	if err != nil {
		return "", err
	}
	return folder, os.MkdirAll(folder, 0o700)
}

// commit is what is checked out here, as far as git knows.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
