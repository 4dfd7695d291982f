// Package pace is what tests know of the speed of the machine that they run on. No test may fail because a machine is
// slow or busy. So waits end by a condition, and give up only after Patience; what must outlast the steps of a test lasts
// as long as Lasts says; and how late something came is printed, and held to its bound by `make bench-bounds` alone.
package pace

import (
	"os"
	"runtime"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

const (
	// Variable names the factor in the place of the one that is measured.
	Variable = "CURFEW_TEST_PACE"
	// Bounds holds what is measured to its bounds, when it is set.
	Bounds = "CURFEW_TEST_BOUNDS"

	slowest = 20
)

// Factor is how many times slower this machine is at the moment than one that has nothing else to do. It is measured
// once, unless it is named.
var Factor = sync.OnceValue(func() int {
	if named, err := strconv.Atoi(os.Getenv(Variable)); err == nil {
		return min(max(named, 1), slowest)
	}
	return factorOf(work())
})

// usual is what the work takes on a machine of 2025 that has nothing else to do.
const usual = 200 * time.Millisecond

// factorOf rounds down, so that small differences make no test slower.
func factorOf(took time.Duration) int { return min(max(int(took/usual), 1), slowest) }

// work keeps all processors busy, and returns how long that took.
func work() time.Duration {
	began := time.Now()
	var all sync.WaitGroup
	sums := make([]uint64, runtime.GOMAXPROCS(0))
	for i := range sums {
		all.Go(func() {
			sum := uint64(i)
			for range 100_000_000 {
				sum = sum*6364136223846793005 + 1442695040888963407
			}
			sums[i] = sum // so that it has to be done
		})
	}
	all.Wait()
	return time.Since(began)
}

// Patience is how long a test waits for what has to come, where a minute would do on a machine with nothing else to do.
func Patience() time.Duration { return time.Duration(Factor()) * time.Minute }

// Lasts is how long something lasts here that outlasts the steps of its test, where this long would do.
func Lasts(usually time.Duration) time.Duration { return time.Duration(Factor()) * usually }

// OnTime prints how long something took. Where bounds are held, it must not have taken as long as most.
func OnTime(t testing.TB, what string, took, most time.Duration) {
	t.Helper()
	t.Logf("%s: %s of at most %s", what, took.Round(time.Millisecond), most)
	if Bounded() {
		require.Less(t, took, most, what)
	}
}

// Bounded is true where bounds are held.
func Bounded() bool { return os.Getenv(Bounds) != "" }
