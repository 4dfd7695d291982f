package report_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/internal/bench/report"
)

func TestPercentilesAreValuesThatWereMeasured(t *testing.T) {
	t.Parallel()
	var hundred []float64
	for n := 100; n > 0; n-- {
		hundred = append(hundred, float64(n))
	}
	require.Equal(t, report.Measure{N: 100, P50: 50, P99: 99, Most: 100}, report.Percentiles(hundred))
	require.Equal(
		t,
		report.Measure{N: 3, P50: 2, P99: 3, Most: 3},
		report.Percentiles([]float64{3, 1, 2}),
		"rounded up",
	)
	require.Equal(t, report.Measure{N: 1, P50: 7, P99: 7, Most: 7}, report.Percentiles([]float64{7}))
	require.Zero(t, report.Percentiles(nil))
	require.InDelta(t, 100.0, hundred[0], 0, "what was given stays in its order")
}

func TestLengthsAreInMilliseconds(t *testing.T) {
	t.Parallel()
	measure := report.Lengths([]time.Duration{1500 * time.Microsecond, 2 * time.Second})
	require.Equal(t, report.Measure{N: 2, P50: 1.5, P99: 2000, Most: 2000}, measure)
}
