package sweep_test

import (
	"testing"

	"curfew/workflows/contract"
	"curfew/workflows/replaytest"
	"curfew/workflows/sweep"
)

func TestSweepsOfEveryReleaseGoOn(t *testing.T) {
	t.Parallel()
	replaytest.Corpus(t, contract.WorkflowSweep, sweep.Sweep)
}
