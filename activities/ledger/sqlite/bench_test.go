//go:build unix

package sqlite_test

import (
	"fmt"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
	"curfew/workflows/contract"
)

// BenchmarkHolding is what every grant and every end costs here: lock, load, save, unlock.
func BenchmarkHolding(b *testing.B) {
	measure(b, func(b *testing.B) func(n int64) error {
		b.Helper()
		store := open(b, newPath(b))
		return func(n int64) error {
			id := fmt.Sprintf("grant/orders-db/%032x/p-carol", n)
			held, err := store.Lock(b.Context(), id)
			if err != nil {
				return err
			}
			defer held.Unlock()
			return held.Save(b.Context(), ledger.Holding{
				Grant:  id,
				Open:   true,
				Until:  time.Now(),
				Leases: contract.Leases{{Request: request, Until: time.Now()}},
				Access: contract.Access{
					Target:      "orders-db",
					Entitlement: []byte(`{"role":"reader"}`),
					Person:      "p-carol",
					Account:     "c",
				},
			})
		}
	})
}

// BenchmarkAppend is one event and the status after it.
func BenchmarkAppend(b *testing.B) {
	measure(b, func(b *testing.B) func(n int64) error {
		b.Helper()
		store := open(b, newPath(b))
		return func(n int64) error {
			id := fmt.Sprintf("01K%023d", n)
			return store.Append(
				b.Context(),
				[]contract.Event{{Request: id, Seq: 1, Kind: contract.EventApproved, At: time.Now(), Actor: "p-ada"}},
				contract.Status{
					ID:        id,
					Seq:       1,
					Requester: "p-bob",
					Subject:   "p-bob",
					Reviewers: []string{"p-ada", "p-eve", "p-zoe"},
				},
			)
		}
	})
}

// measure runs it one after the other and a thousand at once, and reports the processor's time of both.
func measure(b *testing.B, prepare func(b *testing.B) func(n int64) error) {
	b.Helper()
	b.Run("alone", func(b *testing.B) {
		do := prepare(b)
		before, n := processorTime(b), int64(0)
		for b.Loop() {
			n++
			require.NoError(b, do(n))
		}
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
	})
	b.Run("thousand", func(b *testing.B) {
		do := prepare(b)
		var n atomic.Int64
		b.SetParallelism(500) // for each of GOMAXPROCS
		b.ResetTimer()
		before := processorTime(b)
		b.RunParallel(func(pb *testing.PB) {
			for pb.Next() {
				if err := do(n.Add(1)); err != nil {
					b.Error(err)
				}
			}
		})
		b.ReportMetric(float64((processorTime(b)-before).Microseconds())/float64(b.N), "cpu-us/op")
	})
}

func processorTime(b *testing.B) time.Duration {
	b.Helper()
	var usage syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &usage))
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
