package worker

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestAWorkerHoldsReadyWhatItsMemoryHasRoomFor(t *testing.T) {
	t.Parallel()
	before := 0
	for _, mib := range []int{128, 256, 512, 4096} {
		held := ready(mib)
		require.Greater(t, held, before, "more memory holds more")
		require.LessOrEqual(t, base+held*each, mib<<20, "%d MiB", mib)
		before = held
	}
	require.Positive(t, ready(1), "the SDK needs room for some")
}
