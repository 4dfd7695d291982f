package grant_test

import (
	"testing"

	"curfew/workflows/contract"
	"curfew/workflows/grant"
	"curfew/workflows/replaytest"
)

func TestSleepingWorkflowsOfEveryReleaseGoOn(t *testing.T) {
	t.Parallel()
	replaytest.Corpus(t, contract.WorkflowGrant, grant.Grant)
}
