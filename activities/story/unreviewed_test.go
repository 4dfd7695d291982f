package story_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"curfew/activities/story"
	"curfew/workflows/contract"
)

func TestARequestThatNeedsNoApprovalDoesNotWaitForNoneOfNone(t *testing.T) {
	t.Parallel()
	status := contract.Status{Template: "quick", State: contract.StatePending}
	require.Equal(
		t,
		"Waiting for a decision: the policy has not decided yet.",
		story.Standing(story.Case{Status: status}),
	)
	status.Needed = 2
	require.Equal(t, "Waiting for a decision: 0 of 2 approvals.", story.Standing(story.Case{Status: status}))
}
