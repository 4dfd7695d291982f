package bench

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/internal/bench/report"
	"curfew/internal/bench/world"
)

func TestWhatGoTestPrintsIsRead(t *testing.T) {
	t.Parallel()
	require.Equal(t, map[string]report.Measure{
		"BenchmarkDecideWithTenConditions": report.Value(112.371, 4384),
		"BenchmarkSeal":                    report.Value(0.225, 1141),
	}, operations([]byte(`goos: linux
cpu: Intel(R) Xeon(R) Processor
BenchmarkDecideWithTenConditions-2   	    4384	    112371 ns/op	   12862 B/op	     124 allocs/op
BenchmarkSeal   	    1141	    225 ns/op
PASS
ok  	curfew/internal/seal	0.881s
`)))
}

func TestEveryPartOfTheProgramCanBeNamed(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{}
	for _, name := range Names() {
		require.NotEmpty(t, name)
		require.False(t, seen[name], "%s is there twice", name)
		seen[name] = true
	}
}

func TestAFewFailuresAreShownOfManyThatAreAlike(t *testing.T) {
	t.Parallel()
	done := make([]bool, 20)
	err := atOnce(4, len(done), func(i int) error {
		done[i] = true
		return world.ErrBusy
	})
	require.NotContains(t, done, false, "one that fails stops no other")
	require.ErrorIs(t, err, world.ErrBusy)
	require.LessOrEqual(t, len(err.Error()), mostErrors*len("number 19: the server answers 429 or 503\n"))
	require.NoError(t, atOnce(4, 0, func(int) error { return world.ErrBusy }))
}
