package request_test

import (
	"testing"

	"curfew/workflows/contract"
	"curfew/workflows/replaytest"
	"curfew/workflows/request"
)

func TestSleepingWorkflowsOfEveryReleaseGoOn(t *testing.T) {
	t.Parallel()
	replaytest.Corpus(t, contract.WorkflowRequest, request.Request)
}
