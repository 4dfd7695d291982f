package ledger_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"curfew/activities/ledger"
)

func TestStampsOnlyHoldTimesThatSort(t *testing.T) {
	t.Parallel()
	for _, year := range []int{-1, 10_000} {
		_, err := ledger.Stamp{Time: time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)}.Value()
		require.ErrorContains(t, err, "the ledger can't keep a time in the year")
	}
	var stamp ledger.Stamp
	require.Error(t, stamp.Scan("yesterday"))
	require.Error(t, stamp.Scan(int64(7)))
}
